"""Running means of what the steps measure, kept on the device until somebody fetches them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

Row = Mapping[str, torch.Tensor]
"""Scalars of one step by name, each a tensor of no dimensions on the device."""


class RunningMeans:
    """Means by name since the last `take`, without one synchronisation with the host.

    Rows with the same names form a group with a count of its own, because not every quantity is
    measured in every step: a lazy penalty, say.
    """

    def __init__(self, device: torch.device) -> None:
        # MPS has no float64; elsewhere sums over long windows keep their digits.
        self.dtype = torch.float32 if device.type == "mps" else torch.float64
        self.device = device
        self._groups: dict[tuple[str, ...], tuple[torch.Tensor, int]] = {}

    def add(self, names: tuple[str, ...], values: torch.Tensor) -> None:
        """Add one row: `values` is (len(names),)."""
        row = values.to(self.dtype)
        total, count = self._groups.get(names, (None, 0))
        self._groups[names] = (row if total is None else total + row, count + 1)

    def take(self) -> dict[str, torch.Tensor]:
        """Return the means by name, still on the device, and start anew."""
        means = self.peek()
        self._groups = {}
        return means

    def peek(self) -> dict[str, torch.Tensor]:
        """Return the means by name so far, still on the device."""
        return {
            name: value
            for names, (total, count) in self._groups.items()
            for name, value in zip(names, (total / count).unbind(), strict=True)
        }

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, int]]:
        """Return the exact sums and counts, by the group's names joined with commas."""
        keyed = {",".join(names): group for names, group in self._groups.items()}
        sums = {key: total for key, (total, _) in keyed.items()}
        return sums, {key: count for key, (_, count) in keyed.items()}

    def load_state(self, sums: Mapping[str, torch.Tensor], counts: Mapping[str, int]) -> None:
        """Restore what `state` returned."""
        self._groups = {
            tuple(key.split(",")): (total.to(self.device, self.dtype), counts[key])
            for key, total in sums.items()
        }


class FirstNonFinite:
    """Remembers, on the device, the first step at which each quantity was NaN or infinite."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._first: dict[tuple[str, ...], torch.Tensor] = {}

    def watch(self, names: tuple[str, ...], values: torch.Tensor, step: int) -> None:
        """Look at one row of step `step`."""
        broken = torch.where(torch.isfinite(values), math.inf, float(step))
        first = self._first.get(names)
        self._first[names] = broken if first is None else torch.minimum(first, broken)

    def fetch(self) -> tuple[int, str] | None:
        """Return the first broken step and the name of what broke first in it, or `None`."""
        found: list[tuple[int, str]] = []
        for names, first in self._first.items():
            for name, step in zip(names, first.tolist(), strict=True):
                if math.isfinite(step):
                    found.append((int(step), name))
        # Names were watched in the order in which a step computes them, and min is stable.
        return min(found, key=lambda entry: entry[0], default=None)
