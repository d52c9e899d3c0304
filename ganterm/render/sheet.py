"""Sample sheets: a PNG grid that says how it is laid out, so its images can be taken out again."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import BinaryIO

from ganterm.render.png import load_image, load_texts, save_png
from ganterm.render.raster import Raster, grid

PADDING = 2
"""Pixels between the images of a sheet."""

_PREFIX = "ganterm:"
_ROWS = f"{_PREFIX}rows"
_KEYS = ("image_width", "image_height", "columns", "count", "padding")


def save_sheet(
    rasters: Sequence[Raster],
    columns: int,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    padding: int = PADDING,
    rows: Sequence[str] = (),
) -> None:
    """Write equally large rasters as a PNG grid in rows of `columns`, to a path or an open file.

    `rows` says what each row shows, where each shows one thing, such as a class. Raises `OSError`
    when it cannot be written.
    """
    first = rasters[0]
    numbers = (first.width, first.height, columns, len(rasters), padding)
    metadata = {_PREFIX + key: str(n) for key, n in zip(_KEYS, numbers, strict=True)}
    if rows:
        metadata[_ROWS] = json.dumps(list(rows))
    save_png(grid(rasters, columns, padding=padding), target, metadata=metadata)


def load_sheet(path: str | os.PathLike[str], *, follow: bool = False) -> list[Raster]:
    """Return the images of the sheet at `path`; any other image comes as the one raster it is.

    It is a run's own file and no link, unless the user has named it and `follow` says so.
    Raises `DataError` as `load_image` does.
    """
    picture = load_image(path, follow=follow)
    texts = load_texts(path, follow=follow)
    words = [texts.get(_PREFIX + key, "") for key in _KEYS]
    if not all(word.isascii() and word.isdigit() and len(word) < 6 for word in words):
        return [picture]
    width, height, columns, count, padding = map(int, words)
    places = [divmod(index, columns) for index in range(count)] if columns else []
    if not places or min(width, height) < 1:
        return [picture]
    across, down = width + padding, height + padding
    try:
        return [picture.crop(x * across, y * down, width, height) for y, x in places]
    except ValueError:
        # The numbers are not those of this picture: it was edited since.
        return [picture]


def rows_of_sheet(path: str | os.PathLike[str], *, follow: bool = False) -> tuple[str, ...]:
    """Return what the rows of the sheet at `path` show, each; () where that is nothing special.

    The names are foreign text. Raises `DataError` as `load_image` does.
    """
    texts = load_texts(path, follow=follow)
    try:
        rows = json.loads(texts.get(_ROWS, "[]"))
        count, columns = (int(texts.get(_PREFIX + key, "0")) for key in ("count", "columns"))
    except (ValueError, RecursionError):
        return ()
    if not isinstance(rows, list) or len(rows) * columns != count:
        return ()
    return tuple(map(str, rows))
