"""Closed-form factorisation finds the steps of a latent that the first layer makes most of."""

import pytest
import torch
from torch import nn

from ganterm.errors import ConfigError
from ganterm.latent.factorise import directions_of, factorise, first_weight
from ganterm.latent.sample import latents
from ganterm.networks.base import SequentialGenerator
from ganterm.recipes import names
from tests.latent.generators import of_layers, small


@pytest.mark.parametrize("recipe", names())
def test_every_architecture_is_factorised(recipe: str) -> None:
    """Unit directions at right angles, the strongest first, as long as the latents."""
    generator = small(recipe)
    ranking = factorise(generator)
    count = len(ranking.directions)
    assert ranking.directions.shape[1] == generator.z_dim
    gram = ranking.directions @ ranking.directions.T
    assert torch.allclose(gram, torch.eye(count), atol=1e-4)
    assert torch.equal(ranking.strengths, ranking.strengths.sort(descending=True).values)
    assert ranking.dimensions is None


@pytest.mark.parametrize("recipe", ["dcgan", "dcgan-64", "dcgan-8x8"])
def test_strengths_are_what_the_first_layer_really_does(recipe: str) -> None:
    """A unit step along a direction moves the layer's output by its strength, from anywhere."""
    generator = small(recipe)
    ranking = factorise(generator)
    assert isinstance(generator, SequentialGenerator)
    first = next(i for i, layer in enumerate(generator.layers) if list(layer.parameters()))
    head = generator.layers[: first + 1]
    base = latents(1, generator.z_dim, seed=0)
    for index in (0, 3):
        moved = head(base + ranking.directions[index]) - head(base)
        assert float(moved.norm()) == pytest.approx(float(ranking.strengths[index]), rel=1e-3)


def test_directions_are_the_eigenvectors_of_the_weights() -> None:
    """As published: of A^T A, with the square roots of its eigenvalues; signs are settled."""
    weight = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    ranking = directions_of(weight)
    values, _ = torch.linalg.eigh(weight.T @ weight)
    assert torch.allclose(ranking.strengths, values.flip(0).sqrt(), atol=1e-4)
    for direction, strength in zip(ranking.directions, ranking.strengths, strict=True):
        product = weight.T @ weight @ direction
        assert torch.allclose(product, strength**2 * direction, atol=1e-3)
        assert direction[direction.abs().argmax()] > 0


def test_what_has_no_such_layer_is_refused() -> None:
    """In one sentence."""
    generator = of_layers(nn.Unflatten(1, (1, 2, 2)), nn.Tanh(), z_dim=4, image_size=2)
    with pytest.raises(ConfigError, match="cannot be factorised"):
        first_weight(generator)
