"""Ways between latent points, straight or along the sphere, open or closed.

The latents of a plain generator are normal, so nearly all of them lie close to a sphere of radius
sqrt(z_dim); the straight way between two passes inside it, where the generator was never trained.
The spherical way stays on it (White 2016, arXiv:1609.04468). Styles (N, layers, w_dim) have no such
sphere and are only walked straight.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

Between = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A way from one point (...) to another at the fractions (T,), 0 to 1: points (T, ...)."""

_PARALLEL = 1e-4
"""Sine of the angle below which two directions count as one, or as opposite."""


def linear(a: Tensor, b: Tensor, fractions: Tensor) -> Tensor:
    """Return the points (T, ...) on the straight way from `a` to `b`, each (...)."""
    t = fractions.reshape(-1, *[1] * a.dim()).to(a)
    way: Tensor = (1 - t) * a + t * b
    return way


def spherical(a: Tensor, b: Tensor, fractions: Tensor) -> Tensor:
    """Return the points (T, d) on the arc from `a` to `b`, each (d,), about the origin.

    The direction turns evenly, and the length goes evenly from one to the other. Between opposite
    points, which have no shortest arc, one is taken that depends on `a` alone.
    """
    length_a, length_b = a.norm(), b.norm()
    if not (length_a > 0 and length_b > 0):
        return linear(a, b, fractions)
    unit_a, unit_b = a / length_a, b / length_b
    cosine = unit_a @ unit_b
    # The part of b that is across a; its length is the sine of the angle.
    across = unit_b - cosine * unit_a
    sine = across.norm()
    if sine < _PARALLEL:
        if cosine > 0:
            return linear(a, b, fractions)
        across = torch.zeros_like(a)
        across[unit_a.abs().argmin()] = 1.0
        across = across - (across @ unit_a) * unit_a
    angle = torch.atan2(sine, cosine)
    t = fractions.to(a)[:, None]
    direction = torch.cos(t * angle) * unit_a + torch.sin(t * angle) * (across / across.norm())
    way: Tensor = ((1 - t) * length_a + t * length_b) * direction
    return way


def walk(points: Tensor, steps: int, between: Between = spherical) -> Tensor:
    """Walk through `points` (K, ...), K >= 2: (K - 1, steps, ...), each leg with both its ends.

    Raises ValueError for fewer than two points or steps.
    """
    if len(points) < 2 or steps < 2:
        raise ValueError(f"a walk needs two points and two steps, not {len(points)} and {steps}")
    fractions = torch.linspace(0, 1, steps)
    return torch.stack([between(a, b, fractions) for a, b in pairwise(points)])


def loop(points: Tensor, steps: int, between: Between = spherical) -> Tensor:
    """Walk through `points` (K, ...), K >= 2, and back to the first: (K * steps, ...).

    Each point comes once, so that the last frame leads to the first as every frame to the next.
    Raises ValueError for fewer than two points or one step.
    """
    if len(points) < 2 or steps < 1:
        raise ValueError(f"a loop needs two points and a step, not {len(points)} and {steps}")
    fractions = torch.arange(steps) / steps
    closed = torch.cat([points, points[:1]])
    return torch.cat([between(a, b, fractions) for a, b in pairwise(closed)])
