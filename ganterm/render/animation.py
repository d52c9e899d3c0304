"""Frames written as a moving picture: GIF, animated PNG or WebP."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ganterm.core.errors import ConfigError
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {".gif": "GIF", ".png": "PNG", ".apng": "PNG", ".webp": "WEBP"}
"""The formats by file suffix."""

READABLE: Final = 320
"""Width in pixels up to which small frames are enlarged, to be seen at all."""

# Browsers show frames shorter than 20 ms as if they lasted 100.
MAX_FPS = 50
# A frame's length has 16 bits in an animated PNG, in milliseconds.
MAX_HOLD = 60


def save_animation(
    frames: Sequence[Raster],
    target: str | PathLike[str] | BinaryIO,
    *,
    fps: float = 10,
    hold: float = 0,
    kind: str | None = None,
) -> None:
    """Write equally large `frames`, `fps` of them a second, repeating for ever.

    The last frame stays for `hold` seconds more before it all begins again, at most a minute.
    `kind` is a suffix of `FORMATS`; by default it is that of the path. Greys and, but for GIF with
    its 256 colours, RGB are kept exactly; what is transparent lies over a checkerboard. Raises
    ConfigError for an unknown kind or a rate outside 0 < fps <= 50, ValueError for no frames or
    unequal ones, OSError if it cannot be written.
    """
    if kind is None:
        kind = Path(target).suffix if isinstance(target, (str, PathLike)) else ""
    kind = kind.lower()
    if kind not in FORMATS:
        known = ", ".join(FORMATS)
        raise ConfigError(f"{safe_text(kind) or 'No suffix'} is no animation; use one of {known}.")
    if not 0 < fps <= MAX_FPS:
        raise ConfigError(
            f"{fps:g} frames a second cannot be shown; set fps above 0, to {MAX_FPS}."
        )
    if not frames or len({(frame.width, frame.height) for frame in frames}) > 1:
        raise ValueError("an animation needs frames, all of the same size")
    rgb = any(frame.channels > 1 for frame in frames)
    images = [_to_pillow(frame.to_rgb() if rgb else frame) for frame in frames]
    duration = round(1000 / fps)
    # Of one frame a list of lengths would be one too many for Pillow.
    lengths = [duration] * (len(images) - 1) + [duration + round(1000 * min(hold, MAX_HOLD))]
    options: dict[str, Any] = {"loop": 0, "save_all": True}
    options["duration"] = lengths if len(images) > 1 else lengths[0]
    if FORMATS[kind] == "WEBP":
        options["lossless"] = True
    file = Path(target) if isinstance(target, (str, PathLike)) else target
    images[0].save(file, FORMATS[kind], append_images=images[1:], **options)


def enlargement(width: int) -> int:
    """Return how many times larger frames of `width` pixels are shown: whole pixels, at least 1."""
    return max(1, READABLE // width)


def _to_pillow(raster: Raster) -> "Image.Image":
    from PIL import Image  # noqa: PLC0415

    mode = "L" if raster.channels == 1 else "RGB"
    return Image.frombytes(mode, (raster.width, raster.height), raster.pixels)
