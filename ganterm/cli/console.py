"""Data on standard output: lines, drawings, tables and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from ganterm.core import jsontext
from ganterm.render.colour import ColourMode, canvas_of
from ganterm.render.text import cell_width, padded, safe_text


def emit(text: str, *, newline: bool = False) -> None:
    """Write a line of data, or several if `newline`; what is foreign in them is made safe."""
    sys.stdout.write(safe_text(text, newline=newline) + "\n")


def emit_lines(lines: Iterable[str]) -> None:
    """Write lines of data, as `emit` does."""
    for line in lines:
        emit(line)


def emit_styled(lines: Iterable[str]) -> None:
    """Write lines that are made for the terminal at hand, with nothing foreign in them."""
    for line in lines:
        sys.stdout.write(line + "\n")


def emit_json(value: object) -> None:
    """Write one JSON document: indented for a person, on one line for a pipe."""
    indent = 2 if sys.stdout.isatty() else None
    # In ASCII, because foreign strings may hold what steers a terminal or cannot be encoded.
    emit(jsontext.printable(json.dumps(value, indent=indent, allow_nan=False)), newline=True)


def write_lines(lines: Iterable[str]) -> None:
    """Write drawn lines.

    As UTF-8 whatever the locale: half blocks are only drawn where it is UTF-8 or the user asked.
    """
    write_bytes("".join(line + "\n" for line in lines).encode(errors="backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write bytes as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def is_coloured() -> bool:
    """Tell whether text on standard output may be styled."""
    return sys.stdout.isatty() and canvas_of(sys.stdout).colour is not ColourMode.NONE


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lay rows out in columns of plain text; foreign strings are made safe."""
    cells = [list(headings), *[[safe_text(str(cell)) for cell in row] for row in rows]]
    widths = [max(cell_width(row[column]) for row in cells) for column in range(len(headings))]
    return [
        "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
