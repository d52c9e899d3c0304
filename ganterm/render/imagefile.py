"""Image files decoded as a viewer shows them, by what they hold and not by their names.

The one decoder of the package: what is trained on, shown and looked for all comes through here.
"""

from __future__ import annotations

import math
import os
import warnings
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ganterm.core.files import open_regular

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 50_000_000
"""A larger image is refused before it is decoded: as RGBA it would take more than 190 MiB."""
MAX_SIDE = 1_000_000
"""So is one that is longer, because each row of pixels takes memory of its own."""

# Only plain raster formats: some of Pillow's others start helper programs. TGA comes last, since
# nothing but the sense of its header tells it.
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA")
_DEPTHS = (1, 4, 8, 10, 12, 14, 16)
"""Bits that cameras, scanners and masks use of a wider number."""
_TURNED = range(5, 9)
"""Orientations, as EXIF has them, that swap width and height."""
_FAINT = 16
"""Upper bytes below this hold at most 12 bits of 16."""


class UnreadableImageError(Exception):
    """An image file that has to be skipped; the message says why, in a few words."""


@dataclass(frozen=True)
class Levels:
    """Which numbers of more than 8 bits stand for black and for white.

    `floats` says whether they are floating-point; `lowest` and `highest` are those that occur.
    """

    lowest: float
    highest: float
    floats: bool = False

    @property
    def black(self) -> float:
        """0, or the lowest number where there are negative ones."""
        if self.lowest >= 0:
            return 0.0
        return -1.0 if self.floats and self.lowest >= -1 and self.highest <= 1 else self.lowest

    @property
    def white(self) -> float:
        """The largest number of the fewest usual bits that hold all; else the highest there is."""
        if self.black < 0:
            return 1.0 if self.black == -1.0 and self.floats else self.highest
        whites = (1, 255, 65_535) if self.floats else [2**bits - 1 for bits in _DEPTHS]
        return float(next((white for white in whites if self.highest <= white), self.highest))

    @property
    def words(self) -> str:
        """Say how they become 8 bits, in a clause; nothing where that is plain, all of 16 bits."""
        if not self.floats and (self.black, self.white) == (0, 65_535):
            return ""
        kind = "floating-point" if self.floats else "16- or 32-bit"
        return (
            f"{kind} levels from {self.lowest:,.6g} to {self.highest:,.6g} are scaled so that "
            f"{self.black:,.6g} is black and {self.white:,.6g} is white"
        )

    def scale(self, image: Image.Image) -> Image.Image:
        """Return `image`, of mode I;16, I or F, in mode L."""
        span = (self.white - self.black) or 1.0
        # Whole numbers of more than 8 bits lose their lower ones, as everywhere else.
        shifted = not self.floats and not self.black and math.log2(span + 1) >= 8
        factor, offset = (256 / (span + 1), 0.0) if shifted else (255 / span, 0.5)
        offset -= self.black * factor
        wide = _as_floats(image).point(lambda level: level * factor + offset)
        return wide.convert("L")


def joined(levels: Iterable[Levels | None]) -> dict[bool, Levels]:
    """Return what holds for many images together, of whole numbers (False) and floats (True)."""
    found: dict[bool, Levels] = {}
    for each in levels:
        if each is not None:
            so_far = found.get(each.floats, each)
            lowest = min(so_far.lowest, each.lowest)
            found[each.floats] = Levels(lowest, max(so_far.highest, each.highest), each.floats)
    return found


@contextmanager
def opened(path: Path | IO[bytes], *, follow: bool = True) -> Iterator[Image.Image]:
    """Open an image file, or what is in one; all that goes wrong is `UnreadableImageError`.

    So it is inside the context too.

    A link is one of those unless `follow`. Nothing is decoded yet, and an image of more than
    `MAX_PIXELS`, or with a side above `MAX_SIDE`, never is.
    """
    from PIL import Image  # noqa: PLC0415

    try:
        # Its words on odd files would go to the terminal; a context would not be safe in threads.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        # Given a path, Pillow maps turned TIFF files into memory as if they were upright.
        with (
            (
                os.fdopen(open_regular(path, follow=follow), "rb")
                if isinstance(path, Path)
                else nullcontext(path)
            ) as file,
            Image.open(file, formats=_formats()) as image,
        ):
            if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                size = f"{image.width:,}x{image.height:,}"
                raise UnreadableImageError(f"{size} is far too many pixels")
            yield image
    except UnreadableImageError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadableImageError("far too many pixels") from error
    except MemoryError as error:
        raise UnreadableImageError("too large for the free memory") from error
    except Exception as error:  # decoders raise nearly anything for damaged files
        raise UnreadableImageError(_why(error)) from error


def is_image(path: Path) -> bool:
    """Say whether a file begins as an image that can be read does."""
    try:
        with opened(path):
            return True
    except UnreadableImageError:
        return False


def is_grey(image: Image.Image) -> bool:
    """Say whether the mode of an image has no colour; its pixels are not looked at."""
    return image.mode in {"1", "L", "LA", "La"} or _is_wide(image)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height of an image as a viewer shows it; nothing is decoded."""
    from PIL import ExifTags  # noqa: PLC0415

    turned = image.getexif().get(ExifTags.Base.Orientation) in _TURNED
    return (image.height, image.width) if turned else image.size


def levels_in(image: Image.Image) -> Levels | None:
    """Return the levels of an image of more than 8 bits; None for any other.

    Raises UnreadableImageError where they are no finite numbers.
    """
    if not _is_wide(image):
        return None
    floats = image.mode == "F"
    # A number that is none shows in the sum alone: comparisons pass it over.
    if floats and not math.isfinite(sum(array("f", image.tobytes()))):
        raise UnreadableImageError("it holds levels that are no finite numbers")
    low, high = _as_floats(image).getextrema()
    return Levels(float(low), float(high), floats)  # type: ignore[arg-type]


def file_levels(path: Path) -> Levels | None:
    """Give the levels of an image file of more than 8 bits, which is decoded; None for any other.

    Raises UnreadableImageError.
    """
    with opened(path) as image:
        return levels_in(image)


def upright(image: Image.Image, among: Mapping[bool, Levels] | None = None) -> Image.Image:
    """Decode an open image to mode L, LA, RGB or RGBA, the right way up.

    Rotation tags are obeyed and transparency is kept as alpha. Levels of more than 8 bits become
    8 as those of the images that it is `among` do (see `joined`), by default by its own. Raises
    UnreadableImageError, and in the context of `opened` nothing else.
    """
    from PIL import ImageOps  # noqa: PLC0415

    _refuse_faint_colour(image)
    turned = ImageOps.exif_transpose(image)
    if _is_wide(turned):
        levels = (among or {}).get(turned.mode == "F") or levels_in(turned)
        return levels.scale(turned) if levels else turned
    if turned.has_transparency_data:
        layered = turned.convert("RGBA")
        return layered.convert("LA") if is_grey(turned) else layered
    if turned.mode == "LAB":
        return _from_lab(turned)
    if turned.mode in {"L", "RGB"}:
        return turned
    return turned.convert("L" if turned.mode == "1" else "RGB")


def laid_over(image: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Return an image of mode LA or RGBA in L or RGB, over a colour; others as they are."""
    from PIL import Image  # noqa: PLC0415

    if image.mode not in {"LA", "RGBA"}:
        return image
    below = Image.new("RGBA", image.size, (*colour, 255))
    shown = Image.alpha_composite(below, image.convert("RGBA"))
    return shown.convert("L" if image.mode == "LA" and len({*colour}) == 1 else "RGB")


@lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    """Return those formats that this Pillow was built to read."""
    from PIL import Image  # noqa: PLC0415

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _is_wide(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _as_floats(image: Image.Image) -> Image.Image:
    # Pillow converts the byte orders of 16 bits by way of 32 bits only.
    return image if image.mode == "F" else image.convert("I").convert("F")


def _refuse_faint_colour(image: Image.Image) -> None:
    """Refuse 16-bit colour in which Pillow, which keeps the upper bytes alone, finds next to none.

    Raises UnreadableImageError.
    """
    tiles = getattr(image, "tile", ())
    if image.mode[0] not in "RL" or not any(";16" in str(tile[3]) for tile in tiles):
        return
    bands = image.split()[: 3 if image.mode[0] == "R" else 1]
    if max(band.getextrema()[1] for band in bands) < _FAINT:  # type: ignore[operator]
        raise UnreadableImageError("16-bit colour far below full range; save it with 8 bits")


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms  # noqa: PLC0415 - a Pillow may be built without

    lab, screen = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    shown = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, screen, "LAB", "RGB"))
    if shown is None:
        raise UnreadableImageError("its colours cannot be converted")
    return shown


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return (error.strerror or os.strerror(error.errno)).lower()
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "cannot identify image file" in text:
        return "not an image, or a damaged one"
    return text
