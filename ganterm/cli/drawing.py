"""Options about drawing that commands share, and pictures written to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from ganterm.render.colour import Charset, ColourMode, canvas_of

Color = Annotated[
    ColourMode | None,
    typer.Option(
        "--color",
        help="Colours of the terminal. GANTERM_COLOR says it for every command.",
        show_default="as detected",
    ),
]
Characters = Annotated[
    Charset | None,
    typer.Option(
        "--charset",
        help="Characters to draw with. GANTERM_CHARSET says it for every command.",
        show_default="as detected",
    ),
]


def write_lines(lines: Iterable[str]) -> None:
    """Write drawn lines to standard output.

    As UTF-8 whatever the locale: half blocks are only drawn where it is UTF-8 or the user asked.
    """
    write_bytes("".join(line + "\n" for line in lines).encode(errors="backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write bytes to standard output as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def plural(count: int, thing: str) -> str:
    """Return `1 image`, `2 images`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def size_words(sizes: Sequence[int]) -> str:
    """Return `28x28` for a width and a height."""
    return "x".join(map(str, sizes))


def is_coloured() -> bool:
    """Tell whether text on standard output may be styled."""
    return sys.stdout.isatty() and canvas_of(sys.stdout).colour is not ColourMode.NONE
