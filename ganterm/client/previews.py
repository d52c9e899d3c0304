"""Sample sheets read off the screen's thread, the one that is wanted now before all others."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganterm.core.errors import DataError
from ganterm.core.files import Stamp, stamp_of
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet, rows_of_sheet

KEPT_BYTES: Final = 32 << 20
"""Pixels that are kept in memory."""


@dataclass(frozen=True)
class Sheet:
    """The images of one file; `trouble` says why there are none.

    `classes` are those that its rows show, by name, where each shows one.
    """

    images: Sequence[Raster] = ()
    trouble: str = ""
    classes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its pixels, and a little for itself."""
        return 256 + sum(len(image.pixels) for image in self.images)


READING: Final = Sheet(trouble="reading …")
"""Stands for what has not been read yet."""
_NO_REAL: Final = Sheet(trouble="no real data were saved")


class PictureLoader:
    """Reads what is wanted, in a thread, and keeps what was read lately."""

    def __init__(self, wake: Callable[[], object], *, background: bool = True) -> None:
        """Begin with nothing.

        `wake` is called, from the thread, when a sheet has come. Without `background` there is no
        thread: what is wanted is read at once.
        """
        self._wake = wake
        self._background = background
        self._sheets: OrderedDict[Path, tuple[Stamp | None, Sheet]] = OrderedDict()
        self._wanted: list[Path] = []
        self._state = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def get(self, path: Path) -> Sheet | None:
        """Return a sheet as it was last read; None if it was not read yet."""
        with self._state:
            kept = self._sheets.get(path)
            if kept is None:
                return None
            self._sheets.move_to_end(path)
            return kept[1]

    def beside(self, real: Path | None) -> Sheet | None:
        """Return the sheet of real images at `real`; None where none are wanted.

        Not every run has them; what cannot be read is taken for that.
        """
        if real is None:
            return None
        sheet = self.get(real) or READING
        return _NO_REAL if sheet.trouble and sheet is not READING else sheet

    def want(self, *paths: Path) -> None:
        """Read these next, in this order, and nothing that was wanted before.

        A file that was read already is read again if it has been written since.
        """
        if not self._background:
            for path in paths:
                self._read(path)
            return
        with self._state:
            self._wanted = list(paths)
            if self._thread is None and paths and not self._stopped:
                self._thread = threading.Thread(
                    target=self._run, name="ganterm-pictures", daemon=True
                )
                self._thread.start()
            self._state.notify()

    def stop(self) -> None:
        """Read no more."""
        with self._state:
            self._stopped = True
            self._wanted = []
            self._state.notify()

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._stopped or self._wanted)
                if self._stopped:
                    return
                path = self._wanted.pop(0)
            if self._read(path):
                self._wake()

    def _read(self, path: Path) -> bool:
        """Read a file unless it was read as it is; tell whether it was."""
        stamp = stamp_of(path)
        with self._state:
            kept = self._sheets.get(path)
        if kept is not None and kept[0] == stamp:
            return False
        try:
            sheet = Sheet(load_sheet(path), classes=rows_of_sheet(path))
        except DataError as error:
            sheet = Sheet(trouble=str(error))
        with self._state:
            self._sheets[path] = stamp, sheet
            self._sheets.move_to_end(path)
            size = sum(each.size for _, each in self._sheets.values())
            while size > KEPT_BYTES and len(self._sheets) > 1:
                _, (_, oldest) = self._sheets.popitem(last=False)
                size -= oldest.size
        return True


IMAGES: Final = 64
"""Images of a sheet that are looked at, at most."""


@dataclass(frozen=True)
class SheetStatistics:
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


def measured(sheet: Sequence[Raster]) -> SheetStatistics:
    """Measure the images of a sheet, at least one and all of one size; grey or RGB."""
    images = _some(sheet)
    first = images[0]
    size = len(first.pixels)
    count = len(images) * size
    bright = sum(len(image.pixels.translate(None, _DARK)) for image in images)
    return SheetStatistics(
        len(images),
        first.width,
        first.height,
        brightness=sum(sum(image.pixels) for image in images) / (255 * count),
        ink=bright / count,
        variety=_variety([image.pixels for image in images]),
        roughness=_roughness(images),
    )


def mean_change(earlier: Sequence[Raster], later: Sequence[Raster]) -> float | None:
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


def described(samples: SheetStatistics, real: SheetStatistics | None) -> Iterator[str]:
    """Yield sentences on samples, beside `real` images where those are known."""
    if real is not None and (real.width, real.height) != (samples.width, samples.height):
        real = None
    yield f"{samples.images} images of {samples.width} by {samples.height} pixels."
    yield f"Mean brightness: {_beside(samples.brightness, real.brightness if real else None)}."
    yield f"Bright pixels: {_beside(samples.ink, real.ink if real else None)}."
    variety, roughness = (real.variety, real.roughness) if real else (None, None)
    if samples.images > 1:
        words = "; all of them are nearly the same image"
        if samples.variety >= _SAME:
            words = _compared(samples.variety, variety, _VARIETY)
        yield f"Difference of the images: {_beside(samples.variety, variety)}{words}."
    beside = _beside(samples.roughness, roughness)
    words = _compared(samples.roughness, roughness, _ROUGHNESS)
    yield f"Difference of neighbouring pixels: {beside}{words}."


_SAME: Final = 0.01
"""Images that differ less than this are one to the eye."""
_DARK: Final = bytes(range(128))


def _some(sheet: Sequence[Raster]) -> Sequence[Raster]:
    """Return images from all over a sheet, whose rows may be of a class each."""
    count = min(len(sheet), IMAGES)
    return [sheet[index * len(sheet) // count].opaque() for index in range(count)]


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


def _compared(own: float, real: float | None, bands: Sequence[tuple[float, str]]) -> str:
    """Return the words of the first band whose bound the ratio to `real` stays below."""
    if not real:
        return ""
    return next(f"; {words}" for bound, words in bands if own / real < bound)


_VARIETY: Final = (
    (0.4, "far less varied than real ones, as when modes collapse"),
    (0.8, "less varied than real ones"),
    (1.2, "about as varied as real ones"),
    (math.inf, "more varied than real ones"),
)
_ROUGHNESS: Final = (
    (0.5, "blurred, much smoother than real ones"),
    (0.8, "smoother than real ones"),
    (1.25, "about as sharp as real ones"),
    (2.0, "rougher than real ones"),
    (math.inf, "noisy, far rougher than real ones"),
)
