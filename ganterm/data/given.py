"""Images of any program: a folder, an array, an IDX file, or a picture of equal tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor

from ganterm.core.dataspec import ImageSize, Size
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded
from ganterm.data.fit import PIECE, check_shape, fit_images, in_pieces, premultiplied
from ganterm.data.formats import open_idx
from ganterm.data.images import ImageSet
from ganterm.data.listing import ARRAYS, folder_at
from ganterm.data.loading import load
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.rows import ArrayFile, as_pictures, image_arrays
from ganterm.render.imagefile import UnreadableImageError, is_image, opened, upright
from ganterm.render.open import MAGIC, as_levels
from ganterm.render.sheet import load_sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ZIP: Final = b"PK\x03\x04"
_IDX: Final = b"\0\0\x08\x03"
_GZIP: Final = b"\x1f\x8b"
_SMALLEST_TILE: Final = 8
_WIDEST_GAP: Final = 8
"""Pixels between the tiles of a sheet at most."""
_OBLONG: Final = 4
"""How many times as long as the other a side of tiles is at most that nobody has told of."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Mean (F,) and covariance (F, F) of the features of images, as they are published for FID."""

    mean: Tensor
    covariance: Tensor
    name: str


def load_given(
    place: str,
    *,
    tile: ImageSize | None = None,
    alpha: bool = False,
    progress: ProgressCallback = silent,
) -> ImageSet | Statistics:
    """Load what lies at `place`: images of one size, or published statistics.

    A folder, an archive or parquet is read as a dataset, all its splits together, with transparency
    for `alpha`; arrays of .npy and .npz as `ganterm.render.open.load_array` says; an IDX file,
    packed or not; a sheet of ganterm by what it says of itself, any other picture as tiles of size
    `tile`, or as it looks. Images in which red, green and blue are the same everywhere are grey. An
    .npz with `mu` and `sigma` holds statistics.

    Raises ConfigError where nothing is there, DataError for what cannot be read as images.
    """
    path = expanded(place)
    if path.is_dir() or (path.suffix.lower() not in ARRAYS and folder_at(place)):
        found = load(
            str(path.absolute()),
            split="all",
            image_size=None,
            channels=4 if alpha else None,
            progress=progress,
        )
        return replace(found, images=_without_colour(found.images))
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except FileNotFoundError:
        raise ConfigError(f"There is no file or folder {place}; check the path.") from None
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}.") from None
    notes: list[str] = []
    if magic == MAGIC or magic.startswith(_ZIP):
        held = ArrayFile(path)
        if {"mu", "sigma"} <= set(held.names):
            return _statistics(held.array("mu"), held.array("sigma"), path)
        images = _from_arrays(held)
    elif magic.startswith((_IDX, _GZIP)):
        with open_idx(path, dims=3) as idx:
            images = torch.cat([torch.from_numpy(each.copy())[:, None] for each in idx.pieces()])
    elif is_image(path):
        images, words = _from_picture(path, tile)
        notes.append(words)
    else:
        raise DataError(
            f"{place} is no .npy, .npz, IDX or image file; give one, or a folder of images."
        )
    shown = premultiplied(_without_colour(images))
    return ImageSet(shown, None, name=path.name, notes=notes)


def in_shape(
    images: ImageSet, *, image_size: ImageSize, channels: int, progress: ProgressCallback = silent
) -> ImageSet:
    """Return images brought to a size and a number of channels, as those of datasets are."""
    check_shape(image_size, channels)
    if images.images.shape[1:] == (channels, *Size.of(image_size)):
        return images
    fitted = fit_images(
        in_pieces(images.images),
        len(images),
        image_size=image_size,
        channels=channels,
        progress=progress,
    )
    return replace(images, images=fitted)


def _without_colour(images: Tensor) -> Tensor:
    """Return (N, C, H, W) without channels that say nothing: alpha of 255, colours all the same."""
    if images.shape[1] == 4 and all(
        bool((piece[:, 3] == 255).all()) for piece in in_pieces(images)
    ):
        images = images[:, :3]
    if images.shape[1] != 3:
        return images
    grey = all(bool((piece == piece[:, :1]).all()) for piece in in_pieces(images))
    return images[:, :1].contiguous() if grey else images


def _from_arrays(held: ArrayFile) -> Tensor:
    """Return the images of all splits together."""
    path = held.path
    arrays = [held.array(images) for images, _ in image_arrays(held).values()]
    images, span = as_pictures(arrays, path)
    shapes = {each.shape[1:] for each in images}
    if len(shapes) > 1:
        raise DataError(f"{path} holds images of different sizes: give one array of it as .npy.")
    ((height, width, channels),) = shapes
    count = sum(map(len, images))
    levels = torch.empty((count, channels, height, width), dtype=torch.uint8)
    done = 0
    for each in images:
        for start in range(0, len(each), PIECE):
            part = as_levels(each[start : start + PIECE], span).transpose(0, 3, 1, 2)
            levels[done : done + len(part)] = torch.from_numpy(part.copy())
            done += len(part)
    return levels


def _statistics(mean: NDArray[Any], covariance: NDArray[Any], path: Path) -> Statistics:
    found = Statistics(
        torch.from_numpy(np.array(mean, np.float64)),
        torch.from_numpy(np.array(covariance, np.float64)),
        path.name,
    )
    if (
        found.mean.ndim != 1
        or found.covariance.shape != (len(found.mean),) * 2
        or not bool(found.mean.isfinite().all() and found.covariance.isfinite().all())
    ):
        raise DataError(
            f"{path} holds mu of shape {mean.shape} and sigma of {covariance.shape}; (F,) and "
            "(F, F) of finite numbers are wanted."
        )
    return found


def _from_picture(path: Path, tile: ImageSize | None) -> tuple[Tensor, str]:
    """Return the tiles of a picture, and what they were taken for in a sentence."""
    try:
        sheet = load_sheet(path)
        with opened(path) as image:
            shown = upright(image)
            pixels = np.array(shown.convert("RGBA") if shown.mode == "LA" else shown)
    except UnreadableImageError as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if len(sheet) > 1 and tile is None:
        shape = (sheet[0].height, sheet[0].width, -1)
        tiles = np.stack([np.frombuffer(r.pixels, np.uint8).reshape(shape) for r in sheet])
        words = f"{path.name} is a sheet of ganterm with {len(sheet)} images."
    else:
        cuts = next(_layouts(pixels, None if tile is None else Size.of(tile)), None)
        if cuts is None:
            size = f"{pixels.shape[1]}x{pixels.shape[0]} pixels"
            raise DataError(
                f"{path} ({size}) is no sheet of equal tiles, as far as can be seen; give their "
                "side in pixels with `--tile N`, or `--tile HEIGHTxWIDTH`."
                if tile is None
                else f"{path} ({size}) is no sheet of tiles of {tile} pixels: give another --tile."
            )
        tiles = cuts.take(pixels)
        gap = f", {cuts.gap} pixels apart" if cuts.gap else ""
        words = f"{path.name} is taken for {len(tiles)} tiles of {cuts.size}{gap}."
    return torch.from_numpy(tiles.transpose(0, 3, 1, 2).copy()), words


@dataclass(frozen=True)
class _Layout:
    """Tiles of one size in rows and columns, with as many pixels between, and perhaps around."""

    size: Size
    gap: int
    around: int

    def cut(self, pixels: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the tiles row by row, each a part of the picture."""
        height, width = self.size
        tops, lefts = (
            range(self.around, length - self.around, side + self.gap)
            for length, side in zip(pixels.shape[:2], self.size, strict=True)
        )
        return [pixels[top : top + height, left : left + width] for top in tops for left in lefts]

    def between(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the pixels (n, C) between and around the tiles."""
        outside = np.ones(pixels.shape[:2], dtype=bool)
        for tile in self.cut(outside):
            tile[:] = False
        return pixels[outside]

    def take(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the tiles (N, height, width, C) row by row, without empty ones at the end."""
        tiles = self.cut(pixels)
        empty = self.between(pixels)[:1]
        while len(tiles) > 1 and len(empty) and bool((tiles[-1] == empty[0]).all()):
            tiles.pop()
        return np.stack(tiles)


def _layouts(pixels: NDArray[np.uint8], tile: Size | None) -> Iterator[_Layout]:
    """Yield how a picture may be laid out: the smallest tiles with one level between them first.

    Without a size that was given there must be such a level, for only it shows where tiles end, and
    squares go before other tiles, of which no side is longer than `_OBLONG` times the other.
    """
    # Whether each row is of one level, and each column.
    even = (pixels == pixels[:, :1]).all(axis=(1, 2)), (pixels == pixels[:1]).all(axis=(0, 2))
    spaces = [(gap, around) for gap in range(1, _WIDEST_GAP + 1) for around in (gap, 0)]
    gapped = [
        _Layout(Size(height, width), gap, around)
        for gap, around in spaces
        for height in _sides(even[0], gap, around, tile and tile.height)
        for width in _sides(even[1], gap, around, tile and tile.width)
        if tile or max(height, width) <= _OBLONG * min(height, width)
    ]
    for layout in sorted(gapped, key=lambda each: (not each.size.is_square, each.size)):
        between = layout.between(pixels)
        if len(layout.cut(pixels)) > 1 and bool((between == between[0]).all()):
            yield layout
    if tile is not None:
        if not (pixels.shape[0] % tile.height or pixels.shape[1] % tile.width):
            yield _Layout(tile, 0, 0)
        yield from gapped


def _sides(even: NDArray[np.bool_], gap: int, around: int, given: int | None) -> list[int]:
    """Return the sides with which tiles fill a length, with nothing but even lines between them."""
    length = len(even)
    left = length - 2 * around + gap
    sides = range(_SMALLEST_TILE, left - gap + 1) if given is None else [given]
    places = np.arange(length) - around
    return [
        side
        for side in sides
        if left >= side + gap
        and not left % (side + gap)
        and (
            given
            or even[(places < 0) | (places + gap >= left) | (places % (side + gap) >= side)].all()
        )
    ]
