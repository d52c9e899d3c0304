"""Pictures in the parquet shards that Hugging Face publishes; pyarrow, an extra, reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ganterm.core.errors import DataError, missing_library
from ganterm.core.files import regular_path
from ganterm.data.archive import MOST_ENTRIES
from ganterm.data.labels import in_order
from ganterm.data.listing import split_of
from ganterm.data.locate import MAX_BYTES
from ganterm.data.rows import Rows

_PICTURE_COLUMNS: Final = ("image", "img", "images")
_LABEL_COLUMNS: Final = ("label", "labels", "fine_label", "class", "y")
_AT_ONCE: Final = 32
"""Rows of a shard that are in memory at once."""


class Parquet(Rows):
    """Parquet shards with a column of pictures, by splits as their names begin.

    Raises ConfigError where pyarrow is not installed.
    """

    form = "from parquet"

    def __init__(self, root: Path, shards: Sequence[Path] = ()) -> None:
        shards = shards or [root]
        try:
            from pyarrow import parquet  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise missing_library(error) or error from error
        self._open = parquet.ParquetFile
        self._shards: dict[str, list[Path]] = {}
        for path in sorted(shards):
            self._shards.setdefault(_split_of(path, root), []).append(path)
        super().__init__(root, shards, tuple(self._shards))

    def labels(self, split: str) -> tuple[Sequence[str | None], Sequence[str]]:
        """Return the names of the labels, which the metadata of Hugging Face may tell."""
        found: list[str | None] = []
        known: list[str] = []
        for path in self._shards[split]:
            with self._reading(path) as file:
                column, known = _label_column(file.schema_arrow)
                if file.metadata.num_rows + len(found) > MOST_ENTRIES:
                    raise DataError(f"{self.root} has more than {MOST_ENTRIES:,} rows.")
                if not column:
                    found += [None] * file.metadata.num_rows
                    continue
                for batch in file.iter_batches(columns=[column]):
                    found += [_name(value, known) for value in batch.column(0).to_pylist()]
        others = sorted({name for name in found if name is not None} - set(known), key=in_order)
        return found, [*known, *others]

    def pictures(self, split: str, rows: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the files in the rows, a few of them read at once."""
        left, first = list(reversed(rows)), 0
        for path in self._shards[split]:
            with self._reading(path) as file:
                column = _picture_column(file.schema_arrow, path)
                for group in range(file.num_row_groups):
                    end = first + file.metadata.row_group(group).num_rows
                    at = first
                    first = end
                    if not left or left[-1] >= end:
                        continue
                    if file.metadata.row_group(group).total_byte_size > MAX_BYTES:
                        raise DataError(f"{path} holds more in one group than images do.")
                    for batch in file.iter_batches(_AT_ONCE, row_groups=[group], columns=[column]):
                        held = batch.column(0)
                        while left and left[-1] < at + len(held):
                            row = left.pop()
                            value = held[row - at].as_py()
                            value = value.get("bytes") if isinstance(value, dict) else value
                            yield row, value or b""
                        at += len(held)

    @contextmanager
    def _reading(self, path: Path) -> Iterator[Any]:
        try:
            with regular_path(path) as named, self._open(str(named)) as file:
                yield file
        except (DataError, GeneratorExit):
            raise
        except Exception as error:
            # Damaged files raise nearly anything there.
            words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise DataError(f"{path} is damaged ({words}): get it again.") from error


def _split_of(path: Path, root: Path) -> str:
    """Return the split that the name of a shard begins with, or that of a folder it lies in."""
    parts = path.relative_to(root).parts if path != root else (path.name,)
    words = (re.split(r"[-_.]", part)[0] for part in reversed(parts))
    return next(filter(None, map(split_of, words)), "train")


def _columns(schema: Any) -> dict[str, str]:
    return {str(field.name): str(field.type) for field in schema}


def _picture_column(schema: Any, path: Path) -> str:
    columns = _columns(schema)
    for name in (*_PICTURE_COLUMNS, *columns):
        if re.match(r"(large_)?binary|struct<.*bytes: (large_)?binary", columns.get(name, "")):
            return name
    raise DataError(
        f"{path} has no column of pictures as bytes, only {', '.join(list(columns)[:6])}: export "
        "them as Hugging Face's `Image` does."
    )


def _label_column(schema: Any) -> tuple[str, list[str]]:
    """Return the name of the column of labels, empty for none, and the names of these."""
    try:
        about = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        told = {name: each["names"] for name, each in about.items() if "names" in each}
    except (KeyError, TypeError, ValueError):
        told = {}
    columns = _columns(schema)
    for name in (*_LABEL_COLUMNS, *told):
        if re.match(r"u?int|(large_)?string|dictionary<values=string", columns.get(name, "")):
            return name, [str(each) for each in told.get(name, ())]
    return "", []


def _name(label: object, known: Sequence[str]) -> str | None:
    """Return the name of a label; None for none, which Hugging Face writes as -1."""
    if label is None or (isinstance(label, int) and label < 0):
        return None
    return known[label] if isinstance(label, int) and label < len(known) else str(label)
