"""Truncation draws towards the mean, and drawing lets gradients through."""

import torch

from ganterm.latent.sample import latents
from ganterm.latent.space import draw, truncated
from tests.latent.generators import small


def test_truncation_draws_towards_the_mean() -> None:
    """1 changes nothing, 0 leaves the origin, and between them lengths shrink in proportion."""
    generator, z = small("mlp-small"), latents(4, 100, seed=0)
    assert truncated(generator, z, 1.0) is z
    assert torch.equal(truncated(generator, z, 0.0), torch.zeros(4, 100))
    assert torch.equal(truncated(generator, z, 0.5), z / 2)


def test_gradients_flow_through_a_drawing() -> None:
    """The image says how to move the point, although the weights are frozen."""
    z = latents(2, 100, seed=0).requires_grad_()
    (slope,) = torch.autograd.grad(draw(small("mlp-small"), z).sum(), [z])
    assert slope.abs().sum(dim=1).min() > 0
