"""Image files, each decoded into one size, and a folder of them as one tensor."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypedDict

import numpy as np
import torch
from PIL import Image

from ganterm.components.datasets import BLACK, Colour, Fit, colour_of
from ganterm.core.dataspec import ImageSize, Size
from ganterm.core.errors import DataError
from ganterm.data.decoded import Decoded
from ganterm.data.fit import fitted, in_pieces
from ganterm.data.images import ImageSet
from ganterm.data.listing import Listing, list_images
from ganterm.data.look import each_of, image_shape, original_of
from ganterm.data.progress import ProgressCallback, silent
from ganterm.render.imagefile import (
    Levels,
    UnreadableImageError,
    is_grey,
    joined,
    levels_in,
    opened,
    upright,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode_image(
    path: Path | IO[bytes],
    *,
    image_size: ImageSize,
    channels: int | None,
    fit: Fit,
    background: Colour = BLACK,
    among: Mapping[bool, Levels] | None = None,
) -> "NDArray[np.uint8]":
    """Read the first frame of an image file at one size, as `render.imagefile.upright` shows it.

    Returns uint8 (C, H, W) of `image_size`, as `fit.fitted` makes it; `channels` None keeps the
    file's own, grey or colour. Its levels of more than 8 bits become 8 as those `among` it do.
    Raises UnreadableImageError.
    """
    with opened(path) as image:
        return _decoded(
            image,
            among,
            image_size=image_size,
            channels=channels,
            fit=fit,
            background=background,
        )


def decode_or_measure(
    path: Path | IO[bytes],
    *,
    image_size: ImageSize,
    channels: int | None,
    fit: Fit,
    background: Colour = BLACK,
) -> "NDArray[np.uint8] | Levels":
    """Do what `decode_image` does, but of an image of more than 8 bits only tell its levels."""
    with opened(path) as image:
        shown = levels_in(image)
        return shown or _decoded(
            image, None, image_size=image_size, channels=channels, fit=fit, background=background
        )


def _decoded(
    image: Image.Image,
    among: Mapping[bool, Levels] | None,
    *,
    image_size: ImageSize,
    channels: int | None,
    fit: Fit,
    background: Colour,
) -> "NDArray[np.uint8]":
    size = Size.of(image_size)
    if image.format == "JPEG":
        # Lets the decoder shrink a photograph while it reads it.
        image.draft(None, (2 * max(size), 2 * max(size)))
    if channels is None:
        channels = 1 if is_grey(image) else 3
    return fitted(upright(image, among), size, channels, fit=fit, background=background)


MAX_OWN_SIZE = 256
"""The largest side in pixels that a folder gets when no size is asked for."""
_NAMED = 3
"""How many skipped files a note names."""
_FAINT = 16
"""Levels of 255 that an image spans at least, or else is nearly black, grey or white."""


class _Shape(TypedDict):
    image_size: ImageSize
    channels: int
    fit: Fit
    background: str


def load_folder(
    folder: Path,
    *,
    split: str = "train",
    image_size: ImageSize | None = None,
    channels: int | None = None,
    fit: Fit = "auto",
    background: str = "auto",
    progress: ProgressCallback = silent,
) -> ImageSet:
    """Load every image under `folder`; sub-folders are classes.

    Without `image_size` the longer side of the first readable image is taken, 256 at most;
    without `channels` that image says whether the set is grey or colour. What is transparent lies
    over `background`, by default over what `look.background_of` suggests, unless there are four
    channels. Files that cannot be read are left out, counted and named in the notes. What took a
    while to decode is kept: see `ganterm.data.decoded`. Raises DataError where none can be read.
    """
    listing = list_images(folder, split, progress)
    if image_size is None or channels is None:
        own_channels, own_size = _own_shape(listing)
        image_size = image_size or own_size
        channels = channels or own_channels
    shape: _Shape = {
        "image_size": image_size,
        "channels": channels,
        "fit": fit,
        "background": background,
    }
    decoded = Decoded(folder, split, listing, shape)
    known = decoded.read(folder.name or str(folder))
    return known or decoded.keep(_decode(folder, listing, shape, progress))


def _decode(folder: Path, listing: Listing, shape: _Shape, progress: ProgressCallback) -> ImageSet:
    paths, size = listing.paths, Size.of(shape["image_size"])
    pixels = np.empty((len(paths), shape["channels"], *size), dtype=np.uint8)
    broken: dict[int, str] = {}
    wide: dict[int, Levels] = {}
    """Images of more than 8 bits, which all have to be seen before one is scaled."""
    original, suggested = original_of(listing), ""
    if original and shape["background"] == "auto" and shape["channels"] < 4:
        suggested = original.background
    below = colour_of(suggested or shape["background"]) or BLACK
    drawn: dict[str, Any] = {**shape, "background": below}
    every = range(len(paths))
    what = f"reading {listing.name}"
    measure = partial(decode_or_measure, **drawn)
    for index, result in each_of(listing, every, measure, what, progress):
        if isinstance(result, UnreadableImageError):
            broken[index] = f"{_name(paths[index], folder)} ({result})"
        elif isinstance(result, Levels):
            wide[index] = result
        else:
            pixels[index] = result
    among = joined(wide.values())
    scale = partial(decode_image, **drawn, among=among)
    for index, result in each_of(listing, sorted(wide), scale, what, progress):
        if not isinstance(result, np.ndarray):
            raise DataError(f"{folder} changed while it was read ({result}); load it again.")
        pixels[index] = result
    kept = [index for index in every if index not in broken]
    named = [broken[index] for index in sorted(broken)]
    if not kept:
        raise _nothing_readable(folder, named)
    for number, index in enumerate(kept if broken else ()):
        pixels[number] = pixels[index]
    images = torch.from_numpy(pixels[: len(kept)])
    return ImageSet(
        images,
        torch.tensor([listing.labels[i] for i in kept]) if listing.classes else None,
        name=folder.name or str(folder),
        classes=tuple(listing.classes),
        notes=[
            *_notes(listing, named, among),
            *([f"What is transparent lies over {suggested} (background)."] if suggested else []),
            *_oddities(images),
        ],
        original=original,
    )


def _own_shape(listing: Listing) -> tuple[int, int]:
    broken: list[str] = []
    for index, image in listing.contents(range(len(listing.paths))):
        try:
            channels, height, width = image_shape(image)
        except UnreadableImageError as error:
            broken.append(f"{listing.paths[index].name} ({error})")
        else:
            return channels, min(max(height, width), MAX_OWN_SIZE)
    raise _nothing_readable(listing.paths[0].parent, broken)


def _nothing_readable(folder: Path, broken: list[str]) -> DataError:
    return DataError(f"{folder}: none of its {_some(broken)} can be read as an image.")


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))


def _notes(listing: Listing, broken: list[str], among: Mapping[bool, Levels]) -> list[str]:
    notes = [*listing.notes, *(listing.archive.notes if listing.archive else ())]
    if broken:
        notes.append(f"Skipped of {len(listing.paths):,} images: {_some(broken)}.")
    if listing.others:
        notes.append(f"Left out, not images: {_some(listing.others)}.")
    if listing.outside:
        notes.append(f"Left out, beside the class folders and in none: {_some(listing.outside)}.")
    notes += [f"{words[0].upper()}{words[1:]}." for each in among.values() if (words := each.words)]
    return notes


def _oddities(images: torch.Tensor) -> Iterator[str]:
    """Say what makes images (N, C, H, W) hard to learn from, whoever they are for."""
    if len(images) > 1 and all(bool((piece == images[0]).all()) for piece in in_pieces(images)):
        yield f"All {len(images):,} images are the same, so there is nothing to learn but that one."
        return
    spans = [_span(images[:, channel]) for channel in range(images.shape[1])]
    constant = [
        f"{name} ({low})"
        for name, (low, high) in zip(
            ("red", "green", "blue", "alpha")[: len(spans)], spans, strict=True
        )
        if low == high and len(spans) > 1
    ]
    if constant:
        yield f"The same in every pixel of every image: {', '.join(constant)}."
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    if high - low < _FAINT:
        yield (
            f"The images are nearly of one level, from {low} to {high} of 255; spread their levels "
            "if there is more in them."
        )


def _span(levels: torch.Tensor) -> tuple[int, int]:
    """Return the least and the greatest level of (N, H, W)."""
    lowest, highest = zip(*(piece.aminmax() for piece in in_pieces(levels)), strict=True)
    return int(min(lowest)), int(max(highest))


def _some(names: Iterable[str]) -> str:
    """Count `names` and show the first few."""
    names = list(names)
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    return f"{len(names):,} {'file' if len(names) == 1 else 'files'} ({shown})"
