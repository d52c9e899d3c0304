"""Samples in words: the figures are those of the pixels, and the words fit the figures."""

from __future__ import annotations

import random

import pytest

from ganterm.render.raster import Raster
from ganterm.tui.plain.picture import IMAGES, Look, described, look, moved


def images(*rows: bytes, channels: int = 1) -> list[Raster]:
    return [Raster(len(row) // channels, 1, channels, row) for row in rows]


def test_figures_of_known_pixels() -> None:
    """All of them as shares of the range from black to white."""
    found = look(images(bytes([0, 255]), bytes([255, 255])))
    assert found == Look(2, 2, 1, brightness=0.75, ink=0.75, variety=0.25, roughness=0.5)
    same = look(images(bytes([128, 128]), bytes([128, 128])))
    assert (same.variety, same.roughness, same.ink) == (0.0, 0.0, 1.0)


def test_colours_are_compared_with_their_own() -> None:
    """A red image is smooth, though its channels differ."""
    assert look(images(bytes([255, 0, 0, 255, 0, 0]), channels=3)).roughness == 0.0


def test_a_single_pixel_and_a_large_sheet() -> None:
    """Neither is an exception, and no more than needed is looked at."""
    assert look(images(b"\x07")).roughness == 0.0
    assert look(images(*[b"\x07\x09"] * 500)).images == IMAGES


def test_how_far_samples_moved() -> None:
    """A mean difference; sheets of other sizes cannot be compared."""
    before, after = images(bytes([0, 0])), images(bytes([255, 0]))
    assert moved(before, after) == 0.5
    assert moved(before, before) == 0.0
    assert moved(before, images(bytes(3))) is None
    assert moved([], after) is None


def noise(scale: float, *, mean: int = 127) -> list[Raster]:
    chance = random.Random(7)
    rows = (bytes(mean + int(scale * chance.randint(-80, 80)) for _ in range(64)) for _ in range(9))
    return images(*rows)


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (0.0, "nearly the same image"),
        (0.2, "as when modes collapse"),
        (0.6, "; less varied"),
        (1.0, "about as varied"),
        (1.5, "more varied"),
    ],
)
def test_variety_in_words(scale: float, words: str) -> None:
    """Beside the real images; a collapse is called one."""
    real = look(noise(1.0))
    assert any(words in line for line in described(look(noise(scale)), real))


@pytest.mark.parametrize(
    ("scale", "words"),
    [(0.2, "blurred"), (0.6, "smoother"), (1.0, "about as sharp"), (1.5, "rougher")],
)
def test_roughness_in_words(scale: float, words: str) -> None:
    """Noise is rougher than real images, a blur smoother."""
    assert words in list(described(look(noise(scale)), look(noise(1.0))))[-1]


def test_without_real_images_only_figures_are_told() -> None:
    """Those of another size do not count."""
    samples = look(noise(1.0))
    alone = list(described(samples, None))
    assert alone == list(described(samples, look(images(b"\x01\x02"))))
    assert alone[0] == "9 images of 64 by 1 pixels."
    assert "real" not in "".join(alone)
