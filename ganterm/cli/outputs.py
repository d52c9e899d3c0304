"""Generated images in the forms that commands give them."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganterm.cli.console import write_bytes
from ganterm.cli.narrate import say
from ganterm.core.errors import ConfigError
from ganterm.core.files import write_atomically
from ganterm.render.animation import enlargement, save_animation
from ganterm.render.colour import Canvas, Charset, ColourMode, canvas_of
from ganterm.render.png import encode_png
from ganterm.render.raster import Raster, from_nchw
from ganterm.render.sheet import save_sheet
from ganterm.render.show import draw_many, draw_page

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class OutputForm(Enum):
    """What images are written as; the values are those of `--format`."""

    TERM = "term"
    PNG = "png"
    FILES = "files"
    NPY = "npy"
    GIF = "gif"
    APNG = "apng"
    WEBP = "webp"
    ANSI = "ansi"
    TXT = "txt"


FILMS = frozenset({OutputForm.GIF, OutputForm.APNG, OutputForm.WEBP})
"""The forms that show one image after another."""

_TEXT_ROWS = 2
"""Rows of the screen left to the title and to the prompt that follows."""

_BY_SUFFIX = {
    f".{each.value}": each for each in OutputForm if each not in {OutputForm.TERM, OutputForm.FILES}
} | {".ans": OutputForm.ANSI}

_PAGE = 80, 24
"""Columns and rows of the drawings in files, which must not depend on the screen at hand."""

STDOUT = "-"

_BINARY = frozenset({OutputForm.PNG, OutputForm.NPY, *FILMS})


def choose_form(form: OutputForm | None, output: str | None) -> OutputForm:
    """Return the form asked for, or the one that the name of the output says.

    Raises `ConfigError` when the name says none, or when form and output do not go together.
    """
    if form is OutputForm.FILES and output in {None, STDOUT}:
        raise ConfigError("--format files needs a directory; name one with -o.")
    if form is not None:
        return form
    if output is None:
        return OutputForm.TERM
    if output == STDOUT:
        return OutputForm.PNG
    if output.endswith("/") or Path(output).is_dir():
        return OutputForm.FILES
    suffix = Path(output).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise ConfigError(
            f"The name {output} does not say what to write: end it in {', '.join(_BY_SUFFIX)}, "
            "or choose with --format."
        )
    return _BY_SUFFIX[suffix]


def check_output(form: OutputForm, output: str | None) -> None:
    """Raise `ConfigError` where binary data would go to a terminal, or images among others."""
    if form in _BINARY and output in {None, STDOUT} and sys.stdout.isatty():
        raise ConfigError(
            f"{form.value} is binary and standard output is a terminal; write to a file with -o, "
            "or pipe it on."
        )
    if form is OutputForm.FILES and output is not None and (others := _numbered(Path(output))):
        raise ConfigError(
            f"{output} holds {len(others)} numbered images already, {others[0]} to {others[-1]}, "
            "which these would replace or be mixed with; remove them, or name another directory "
            "with -o."
        )


def encode(
    form: OutputForm,
    images: npt.NDArray[np.uint8],
    *,
    columns: int | None = None,
    canvas: Canvas,
    colour: ColourMode | None = None,
    charset: Charset | None = None,
    fps: float | None = None,
    rows: Sequence[str] = (),
) -> bytes:
    """Return images (N, C, H, W) as the bytes of one file.

    A PNG or an array depends on the images alone, a film on `fps` (by default 10) besides, an ANSI
    or text file on `columns`, `colour` and `charset`; only `OutputForm.TERM` is drawn for `canvas`.
    `rows` says what each row of a PNG grid shows, where each shows one thing.
    """
    if form is OutputForm.NPY:
        return _npy(images)
    rasters = rasters_of(images)
    if form is OutputForm.PNG:
        buffer = io.BytesIO()
        save_sheet(rasters, columns or square(len(rasters)), buffer, rows=rows)
        return buffer.getvalue()
    if form in FILMS:
        buffer = io.BytesIO()
        times = enlargement(rasters[0].width)
        rasters = [each.scale(each.width * times, each.height * times) for each in rasters]
        save_animation(rasters, buffer, fps=fps or 10, kind=f".{form.value}")
        return buffer.getvalue()
    if form is OutputForm.ANSI:
        canvas = Canvas(colour or ColourMode.TRUECOLOR, charset or Charset.HALFBLOCK, *_PAGE)
    elif form is OutputForm.TXT:
        canvas = Canvas(ColourMode.NONE, charset or Charset.ASCII, *_PAGE)
    if form is OutputForm.TERM and sys.stdout.isatty():
        lines, _ = draw_many(rasters, canvas, columns=columns)
    else:
        lines = draw_page(rasters, canvas, columns=columns)
    return "".join(line + "\n" for line in lines).encode(errors="backslashreplace")


@dataclass(frozen=True)
class Delivery:
    """Where images go and in which form; made, and so checked, before they are."""

    form: OutputForm
    output: str | None
    canvas: Canvas
    colour: ColourMode | None = None
    charset: Charset | None = None

    @classmethod
    def choose(
        cls,
        form: OutputForm | None,
        output: str | None,
        *,
        colour: ColourMode | None = None,
        charset: Charset | None = None,
    ) -> Delivery:
        """Decide the form; raises ConfigError where form and output do not go together."""
        form = choose_form(form, output)
        check_output(form, output)
        canvas = canvas_of(sys.stdout, colour=colour, charset=charset)
        return cls(form, output, canvas, colour, charset)

    @property
    def is_drawn(self) -> bool:
        """Whether the images are drawn on standard output, where more may be said about them."""
        return self.form is OutputForm.TERM and self.output is None

    @property
    def is_film(self) -> bool:
        """Whether the images become a moving picture."""
        return self.form in FILMS

    def deliver(
        self,
        images: npt.NDArray[Any],
        *,
        columns: int | None = None,
        fps: float | None = None,
        rows_left: int = 0,
        rows: Sequence[str] = (),
    ) -> None:
        """Write images (N, C, H, W), or an array of any other shape as the array it is.

        `columns` images stand in a row of a grid; `rows_left` of the screen are left to others.
        `rows` says what each row of a PNG grid shows, where each shows one thing.
        """
        if self.form is OutputForm.FILES and self.output is not None:
            paths = write_files(Path(self.output), images)
            say(f"Wrote {paths[0]} to {paths[-1].name}.")
            return
        screen = replace(self.canvas, rows=max(self.canvas.rows - _TEXT_ROWS - rows_left, 1))
        data = encode(
            self.form,
            images,
            columns=columns,
            canvas=screen,
            colour=self.colour,
            charset=self.charset,
            fps=fps,
            rows=rows,
        )
        if self.output in {None, STDOUT}:
            write_bytes(data)
            return
        write_file(Path(str(self.output)), data)
        say(f"Wrote {self.output}.")


def _numbered(directory: Path) -> list[str]:
    """Return the names of the images that are called as those of `write_files` are."""
    try:
        names = [path.name for path in directory.iterdir()]
    except OSError:
        return []  # What is wrong with it is said when it is written.
    return sorted(name for name in names if re.fullmatch(r"[0-9]{4,}\.png", name))


def write_file(path: Path, data: bytes) -> None:
    """Write a file the user named, whole or not at all; raises `ConfigError` if that fails."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or a pipe, which must not be replaced
        else:
            write_atomically(path.resolve(), data, sync=False)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; choose another place with -o."
        ) from None


def write_files(directory: Path, images: npt.NDArray[np.uint8]) -> list[Path]:
    """Write each image as a PNG of its own into `directory`: 0000.png, 0001.png, ...

    The directory is made if it is missing. Raises `ConfigError` if it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{directory} cannot be a directory: {error.strerror}; choose another with -o."
        ) from None
    digits = max(4, len(str(len(images) - 1)))
    paths = []
    for index, raster in enumerate(rasters_of(images)):
        paths.append(directory / f"{index:0{digits}d}.png")
        write_file(paths[-1], encode_png(raster))
    return paths


def rasters_of(images: npt.NDArray[np.uint8]) -> Sequence[Raster]:
    """Return images (N, C, H, W) as rasters."""
    return from_nchw(images.tobytes(), images.shape)


def square(count: int) -> int:
    """Return the columns that make a grid of `count` images about as wide as high."""
    return isqrt(count - 1) + 1


def _npy(images: npt.NDArray[np.uint8]) -> bytes:
    import numpy as np  # noqa: PLC0415 - only arrays need it

    if images.ndim == 4 and images.shape[1] == 4:
        # As in other files colours are not multiplied by alpha.
        shape = (-1, *images.shape[2:], 4)
        pixels = b"".join(each.pixels for each in rasters_of(images))
        images = np.frombuffer(pixels, np.uint8).reshape(shape).transpose(0, 3, 1, 2)
    buffer = io.BytesIO()
    np.save(buffer, images, allow_pickle=False)
    return buffer.getvalue()
