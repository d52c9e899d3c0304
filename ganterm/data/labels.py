"""Labels of images in a file beside them: StyleGAN's `dataset.json`, or a table `file,label`."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ganterm.core.errors import DataError

JSON: Final = "dataset.json"
_TABLES: Final = (".csv", ".tsv")
MOST_BYTES: Final = 256 << 20
_LABELS: Final = ("label", "class", "category", "target", "species", "name")
"""What the column of labels is called, where there are more than two."""


def tells_labels(path: Path) -> bool:
    """Say whether a file is called as one that may tell the labels of what lies beside it."""
    return path.name.lower() == JSON or path.suffix.lower() in _TABLES


def told_labels(
    path: Path, data: bytes, images: Sequence[Path], *, in_folders: bool
) -> dict[Path, str] | None:
    """Return the label of those of the `images` that the file at `path` names.

    An empty dict is that of a file that says that there are none; None is that of a file that names
    hardly any of them, or no labels, which is about something else. Of a table beside class folders
    (`in_folders`) that is any without a column that is called as labels are. Raises DataError for a
    damaged one.
    """
    by_name = _by_name(path.parent, images)
    if path.name.lower() == JSON:
        rows = _of_json(path, data)
        if rows is None:
            return {}
        named = {by_name[file]: str(label) for file, label in rows if file in by_name}
    else:
        named = _of_table(data, by_name, any_column=not in_folders)
    return named if 2 * len(named) >= len(images) else None


def in_order(label: str) -> tuple[int, str]:
    """Return what labels are sorted by: numbers by what they are, before all else."""
    digits = label.isascii() and label.isdecimal() and len(label) < 16
    return (int(label), "") if digits else (1 << 60, label)


def _by_name(root: Path, images: Sequence[Path]) -> dict[str, Path]:
    """Return images by their names below `root`, and by shorter ones that are of one alone."""
    found: dict[str, Path] = {}
    twice: set[str] = set()
    for image in images:
        for name in {image.name, image.stem}:
            if name in found:
                twice.add(name)
            found[name] = image
    found = {name: image for name, image in found.items() if name not in twice}
    return {**found, **{image.relative_to(root).as_posix(): image for image in images}}


def _of_json(path: Path, data: bytes) -> list[tuple[str, int]] | None:
    try:
        held: Any = json.loads(data)
        rows = held.get("labels", ()) if isinstance(held, Mapping) else ()
        return None if rows is None else [_pair(*row) for row in rows]
    except (ValueError, TypeError, RecursionError):
        raise DataError(
            f'{path} holds no labels as StyleGAN has them, {{"labels": [["name.png", 0], ...]}}: '
            "mend it, or move it away."
        ) from None


def _pair(file: object, label: object) -> tuple[str, int]:
    if not isinstance(file, str) or isinstance(label, bool) or not isinstance(label, int):
        raise TypeError
    return file, label


def _of_table(data: bytes, by_name: Mapping[str, Path], *, any_column: bool) -> dict[Path, str]:
    try:
        text = data.decode("utf-8-sig")
        tabs = "\t" if "\t" in text.partition("\n")[0] else ","
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=tabs) if len(row) > 1]
    except (ValueError, csv.Error):
        return {}
    if not rows:
        return {}
    head, width = rows[0], min(map(len, rows))
    hits = [sum(row[column].strip() in by_name for row in rows) for column in range(width)]
    files = hits.index(max(hits))
    others = [column for column in range(width) if column != files]
    called = [column for column in others if head[column].strip().lower() in _LABELS]
    if not called and not (any_column and len(others) == 1):
        return {}
    labels = (called or others)[0]
    pairs = ((row[files].strip(), row[labels].strip()) for row in rows)
    named = {by_name[file]: label for file, label in pairs if file in by_name and label}
    # What hardly two images share, such as a caption, is no class.
    return named if len({*named.values()}) <= max(2, len(named) // 2) else {}
