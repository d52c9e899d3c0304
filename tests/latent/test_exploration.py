"""Directions are followed from the base point, and ranked by what they really change."""

import pytest
import torch
from torch import nn

from ganterm.latent.exploration import along, changes, rank_dimensions
from ganterm.latent.sample import latents
from ganterm.networks import Generator
from tests.latent.generators import of_layers, small


def test_one_dimension_is_set_and_the_others_stay() -> None:
    """From -3 to 3, whatever the base point has there."""
    base = latents(1, 10, seed=0)[0]
    way = along(base, torch.eye(10)[4], torch.tensor([-3.0, 0.0, 3.0]))
    assert torch.allclose(way[:, 4], torch.tensor([-3.0, 0.0, 3.0]))
    others = [index for index in range(10) if index != 4]
    assert torch.equal(way[:, others], base[others].expand(3, 9))


def test_a_direction_is_set_across_dimensions() -> None:
    """The part along it becomes the value, and nothing across it changes."""
    base = latents(1, 10, seed=0)[0]
    direction = nn.functional.normalize(torch.arange(10.0), dim=0)
    way = along(base, direction, torch.tensor([-2.0, 1.5]))
    assert torch.allclose(way @ direction, torch.tensor([-2.0, 1.5]), atol=1e-5)
    across = base - (base @ direction) * direction
    assert torch.allclose(way[0] + 2 * direction, across, atol=1e-5)


def weighted(weights: list[float]) -> Generator:
    """Give a generator of 2x2 images whose dimension d sets pixel d, `weights[d]` as strongly."""
    layer = nn.Linear(4, 4, bias=False)
    layer.weight.data = torch.diag(torch.tensor(weights))
    return of_layers(layer, nn.Unflatten(1, (1, 2, 2)), z_dim=4, image_size=2)


def test_dimensions_are_ranked_by_their_change() -> None:
    """The strongest first; the unit is that of pixels in [0, 1]."""
    told: list[tuple[int, int]] = []
    ranking = rank_dimensions(
        weighted([0.1, 0.0, 0.3, 0.2]),
        latents(3, 4, seed=0),
        span=1.0,
        progress=lambda done, total: told.append((done, total)),
    )
    assert ranking.dimensions == (2, 3, 0, 1)
    # One of four pixels differs by 2 x 0.3 in [-1, 1], so by 0.3 in [0, 1].
    assert ranking.strengths.tolist() == pytest.approx([0.15, 0.1, 0.05, 0.0], abs=1e-6)
    assert torch.equal(ranking.directions[0], torch.eye(4)[2])
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_changes_are_those_of_the_images_of_all_bases() -> None:
    """A real generator, checked against the images at both ends."""
    generator, bases = small("dcgan"), latents(2, 100, seed=4)
    direction = torch.eye(100)[7]
    (change,) = changes(generator, bases, direction[None])
    low, high = bases.clone(), bases.clone()
    low[:, 7], high[:, 7] = -3, 3
    with torch.no_grad():
        squared = ((generator(high) - generator(low)) / 2).square().mean()
    assert change == pytest.approx(float(squared.sqrt()), rel=1e-4)
