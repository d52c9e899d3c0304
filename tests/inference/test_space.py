"""Truncation draws towards the mean, drawing lets gradients through, mixing takes whole layers."""

import pytest
import torch

from ganterm.components.networks.stylegan_networks import StyleGenerator
from ganterm.inference.sample import latents
from ganterm.inference.space import draw, mixed, styles_of, truncated
from tests.inference.generators import small


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


def test_a_style_generator_is_truncated_to_the_mean_it_has_kept() -> None:
    """Latents come back as styles; 1 leaves even their kind alone."""
    generator, z = small("stylegan-8x8"), latents(4, 64, seed=0)
    assert isinstance(generator, StyleGenerator)
    generator.w_mean.normal_(generator=torch.Generator().manual_seed(1))
    z = z[:, : generator.z_dim]
    styles = styles_of(generator, z)
    assert truncated(generator, z, 1.0) is z
    mean = generator.w_mean.expand_as(styles)
    torch.testing.assert_close(truncated(generator, z, 0.0), mean)
    torch.testing.assert_close(truncated(generator, styles, 0.5), (styles + mean) / 2)


def test_styles_are_drawn_by_a_style_generator_alone() -> None:
    """As the latents are that they are of."""
    generator = small("stylegan-8x8")
    assert isinstance(generator, StyleGenerator)
    z = latents(2, generator.z_dim, seed=0)
    torch.testing.assert_close(draw(generator, styles_of(generator, z)), generator(z))
    with pytest.raises(ValueError, match="style"):
        draw(small("mlp-small"), torch.zeros(1, 2, 100))


def test_layers_before_the_crossover_are_of_the_one_and_the_rest_of_the_other() -> None:
    """At either end there is one of them alone."""
    coarse, fine = torch.zeros(4, 3), torch.ones(4, 3)
    for crossover in range(5):
        layers = mixed(coarse, fine, crossover)[:, 0]
        assert layers.tolist() == [0.0] * crossover + [1.0] * (4 - crossover)


def test_one_is_mixed_with_many() -> None:
    """What has fewer axes goes with each."""
    assert mixed(torch.zeros(4, 3), torch.ones(5, 4, 3), 2).shape == (5, 4, 3)
