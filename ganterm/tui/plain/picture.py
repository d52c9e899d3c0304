"""What a sheet of samples looks like, in words and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ganterm.render.raster import Raster

IMAGES: Final = 64
"""Images of a sheet that are looked at, at most."""


@dataclass(frozen=True)
class Look:
    """What can be measured of some images of one size; shares of the range from black to white.

    Attributes:
        images: how many were looked at, each of `width` x `height` pixels.
        brightness: mean of all pixels.
        ink: share of the pixels that are brighter than half.
        variety: how far the images lie from their mean image: mean absolute difference of a pixel.
        roughness: mean absolute difference of neighbours in a row.
    """

    images: int
    width: int
    height: int
    brightness: float
    ink: float
    variety: float
    roughness: float


def look(sheet: Sequence[Raster]) -> Look:
    """Measure the images of a sheet, at least one and all of one size; grey or RGB."""
    images = _some(sheet)
    first = images[0]
    size = len(first.pixels)
    count = len(images) * size
    bright = sum(len(image.pixels.translate(None, _DARK)) for image in images)
    return Look(
        len(images),
        first.width,
        first.height,
        brightness=sum(sum(image.pixels) for image in images) / (255 * count),
        ink=bright / count,
        variety=_variety([image.pixels for image in images]),
        roughness=_roughness(images),
    )


def moved(earlier: Sequence[Raster], later: Sequence[Raster]) -> float | None:
    """Return how far images of the same latent points went: mean absolute difference of a pixel.

    None where the two sheets are not of as many images of one size.
    """
    pairs = list(zip(_some(earlier), _some(later), strict=False))
    if (
        not pairs
        or len(earlier) != len(later)
        or any(len(a.pixels) != len(b.pixels) for a, b in pairs)
    ):
        return None
    total = sum(_difference(a.pixels, b.pixels) for a, b in pairs)
    return total / (255 * sum(len(a.pixels) for a, _ in pairs))


def described(samples: Look, real: Look | None) -> Iterator[str]:
    """Yield sentences on samples, beside `real` images where those are known."""
    if real is not None and (real.width, real.height) != (samples.width, samples.height):
        real = None
    yield f"{samples.images} images of {samples.width} by {samples.height} pixels."
    yield f"Mean brightness: {_beside(samples.brightness, real.brightness if real else None)}."
    yield f"Bright pixels: {_beside(samples.ink, real.ink if real else None)}."
    if samples.images > 1:
        beside = _beside(samples.variety, real.variety if real else None)
        yield f"Difference of the images: {beside}{_variety_words(samples, real)}."
    beside = _beside(samples.roughness, real.roughness if real else None)
    yield f"Difference of neighbouring pixels: {beside}{_roughness_words(samples, real)}."


_DARK: Final = bytes(range(128))


def _some(sheet: Sequence[Raster]) -> Sequence[Raster]:
    """Return images from all over a sheet, whose rows may be of a class each."""
    count = min(len(sheet), IMAGES)
    return [sheet[index * len(sheet) // count] for index in range(count)]


def _variety(pixels: Sequence[bytes]) -> float:
    count = len(pixels)
    total = 0.0
    for column in zip(*pixels, strict=True):
        mean = sum(column) / count
        total += sum(abs(value - mean) for value in column)
    return total / (255 * count * max(len(pixels[0]), 1))


def _roughness(images: Sequence[Raster]) -> float:
    total = pairs = 0
    for image in images:
        for row in image.rows():
            neighbours = row[image.channels :]
            total += _difference(row, neighbours)
            pairs += len(neighbours)
    return total / (255 * max(pairs, 1))


def _difference(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=False))


def _beside(share: float, real: float | None) -> str:
    of_real = "" if real is None else f", of real images {100 * real:.1f} percent"
    return f"{100 * share:.1f} percent{of_real}"


def _variety_words(samples: Look, real: Look | None) -> str:
    if samples.variety < 0.01:
        return "; all of them are nearly the same image"
    if real is None or not real.variety:
        return ""
    ratio = samples.variety / real.variety
    for bound, words in (
        (0.4, "far less varied than real ones, as when modes collapse"),
        (0.8, "less varied than real ones"),
        (1.2, "about as varied as real ones"),
    ):
        if ratio < bound:
            return f"; {words}"
    return "; more varied than real ones"


def _roughness_words(samples: Look, real: Look | None) -> str:
    if real is None or not real.roughness:
        return ""
    ratio = samples.roughness / real.roughness
    for bound, words in (
        (0.5, "blurred, much smoother than real ones"),
        (0.8, "smoother than real ones"),
        (1.25, "about as sharp as real ones"),
        (2.0, "rougher than real ones"),
    ):
        if ratio < bound:
            return f"; {words}"
    return "; noisy, far rougher than real ones"
