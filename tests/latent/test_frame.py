"""Where points lie along directions: the same numbers for latents and for styles."""

from __future__ import annotations

import pytest
import torch

from ganterm.errors import ConfigError
from ganterm.latent.frame import Axes, StyleFrame, frame_of
from ganterm.latent.sample import latent_of
from ganterm.latent.space import draw
from ganterm.networks import Generator
from tests.latent.generators import small


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
