"""Where points lie along directions, those that a first layer makes most of, and their ranking."""

from __future__ import annotations

from collections.abc import Generator as Progress

import pytest
import torch
from torch import nn

from ganterm.components.networks.base import Generator, SequentialGenerator
from ganterm.core.errors import ConfigError
from ganterm.inference.directions import (
    Axes,
    LatentFrame,
    Ranking,
    StyleFrame,
    directions_of,
    factorise,
    first_weight,
    frame_of,
    rank_dimensions,
)
from ganterm.inference.sample import latent_of, latents
from ganterm.inference.space import draw
from ganterm.recipes import names
from tests.inference.generators import of_layers, small


@pytest.fixture(scope="module", params=["dcgan-8x8", "stylegan-8x8"])
def generator(request: pytest.FixtureRequest) -> Generator:
    return small(request.param)


def test_random_points_are_about_one_deviation_from_the_mean(generator: Generator) -> None:
    """Along every direction, so that a slider of three of them reaches nearly all."""
    frame = frame_of(generator)
    axes = Axes(frame, frame.strongest().directions)
    values = torch.stack(
        [axes.values(frame.of(latent_of(seed, generator.z_dim), None)) for seed in range(300)]
    )
    spread = values.std(dim=0)
    assert float(spread.min()) > 0.5
    assert float(spread.max()) < 2.0


def test_a_move_goes_there_along_one_direction_alone(generator: Generator) -> None:
    """Of styles, all layers go with it."""
    frame = frame_of(generator)
    axes = Axes(frame, frame.strongest().directions)
    point = frame.of(latent_of(3, generator.z_dim), None)
    expected = axes.values(point)
    expected[2] = -1.5
    moved = axes.moved(point, 2, -1.5)
    assert moved.shape == point.shape
    torch.testing.assert_close(axes.values(moved), expected, atol=1e-3, rtol=1e-3)


def test_the_point_of_a_latent_draws_its_image(generator: Generator) -> None:
    """Styles are what the generator itself makes of a latent."""
    z = latent_of(3, generator.z_dim)
    point = frame_of(generator).of(z, None)
    torch.testing.assert_close(draw(generator, point[None]), generator(z[None]))


def test_numbers_in_a_row_become_the_point_again() -> None:
    """Styles of every layer, or one for all; others are refused."""
    frame = frame_of(small("stylegan-8x8"))
    assert isinstance(frame, StyleFrame)
    styles = torch.rand(frame.layers, frame.dimensions)
    assert torch.equal(frame.unpacked(styles.flatten()), styles)
    assert torch.equal(frame.unpacked(styles[0]), styles[:1].expand(frame.layers, -1))
    for wrong in (frame_of(small("dcgan-8x8")), frame):
        with pytest.raises(ConfigError, match="found with another"):
            wrong.unpacked(torch.zeros(7))


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


def weighted(weights: list[float]) -> Generator:
    """Give a generator of 2x2 images whose dimension d sets pixel d, `weights[d]` as strongly."""
    layer = nn.Linear(4, 4, bias=False)
    layer.weight.data = torch.diag(torch.tensor(weights))
    return of_layers(layer, nn.Unflatten(1, (1, 2, 2)), z_dim=4, image_size=2)


def ranked(
    ranking: Progress[tuple[int, int], None, Ranking],
) -> tuple[Ranking, list[tuple[int, int]]]:
    told = []
    while True:
        try:
            told.append(next(ranking))
        except StopIteration as end:
            return end.value, told


def test_dimensions_are_ranked_by_their_change() -> None:
    """The strongest first; the unit is that of pixels in [0, 1]."""
    generator = weighted([0.1, 0.0, 0.3, 0.2])
    bases = latents(3, 4, seed=0)
    ranking, told = ranked(rank_dimensions(generator, LatentFrame(generator), bases, span=1.0))
    assert ranking.dimensions == (2, 3, 0, 1)
    # One of four pixels differs by 2 x 0.3 in [-1, 1], so by 0.3 in [0, 1].
    assert ranking.strengths.tolist() == pytest.approx([0.15, 0.1, 0.05, 0.0], abs=1e-6)
    assert torch.equal(ranking.directions[0], torch.eye(4)[2])
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_change_is_that_of_the_images_of_all_bases() -> None:
    """A real generator, checked against the images at both ends."""
    generator, bases = small("dcgan", z_dim=8), latents(2, 8, seed=4)
    ranking, _ = ranked(rank_dimensions(generator, LatentFrame(generator), bases))
    assert ranking.dimensions is not None
    low, high = bases.clone(), bases.clone()
    low[:, 7], high[:, 7] = -3, 3
    with torch.no_grad():
        squared = ((generator(high) - generator(low)) / 2).square().mean()
    change = float(ranking.strengths[ranking.dimensions.index(7)])
    assert change == pytest.approx(float(squared.sqrt()), rel=1e-4)
