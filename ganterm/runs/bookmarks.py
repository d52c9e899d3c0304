"""Places that a person has kept with a run: `bookmarks.json` in its directory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganterm.core import jsontext
from ganterm.core.errors import ConfigError
from ganterm.core.files import read_limited, storage_trouble, write_atomically
from ganterm.core.records import MAX_STEP
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint, place_from

LIMIT: Final = 1 << 24
"""Bytes of the longest file."""
MOST: Final = 1000
LONGEST_NAME: Final = 100
_VERSION: Final = 1


@dataclass(frozen=True)
class Bookmark:
    """A place under a name; `step` is that of the generator it was found with."""

    name: str
    place: LatentPoint
    step: int


def file_of(run: RunDir) -> Path:
    """Return where the bookmarks of a run lie."""
    return run.path / "bookmarks.json"


def read_bookmarks(run: RunDir) -> list[Bookmark]:
    """Return the bookmarks of a run in their order; none where there is no file.

    Raises `ConfigError` for a file that is not one of bookmarks, which is then left as it is.
    """
    path = file_of(run)
    try:
        given = jsontext.parse(read_limited(path, LIMIT))
        if given["v"] != _VERSION:
            raise ConfigError(f"{path} is of a newer ganterm; it is left as it is.")
        return [
            Bookmark(each["name"][:LONGEST_NAME], place_from(each["place"]), each["step"])
            for each in given["bookmarks"][:MOST]
            if isinstance(each["name"], str) and jsontext.is_count(each["step"], MAX_STEP)
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} does not hold bookmarks; move it away to begin anew.") from error


def keep(run: RunDir, bookmark: Bookmark) -> list[Bookmark]:
    """Keep a place, in that of one with the same name; return all there are now.

    Raises:
        ConfigError: the name is empty or too long, there are too many, or the file is none.
        TrainingError: it cannot be written.
    """
    if not 0 < len(bookmark.name.strip()) <= LONGEST_NAME:
        raise ConfigError(f"A bookmark has a name of 1 to {LONGEST_NAME} characters.")

    def with_it(known: list[Bookmark]) -> list[Bookmark]:
        others = [each for each in known if each.name != bookmark.name]
        if len(others) >= MOST:
            raise ConfigError(f"There are {MOST} bookmarks; delete some first.")
        return [*others, bookmark]

    return _change(run, with_it)


def forget(run: RunDir, name: str) -> list[Bookmark]:
    """Remove the bookmark of a name, if there is one; return those that are left.

    Raises as `keep` does.
    """
    return _change(run, lambda known: [each for each in known if each.name != name])


def _change(run: RunDir, change: Callable[[list[Bookmark]], list[Bookmark]]) -> list[Bookmark]:
    """Read again what there is, since another app may have changed it, and replace it."""
    changed = change(read_bookmarks(run))
    try:
        write_atomically(file_of(run), _encoded(changed))
    except OSError as error:
        raise storage_trouble(error, file_of(run)) from error
    return changed


def _encoded(bookmarks: Sequence[Bookmark]) -> bytes:
    told = [
        {"name": each.name, "step": each.step, "place": each.place.to_json()} for each in bookmarks
    ]
    return json.dumps({"v": _VERSION, "bookmarks": told}, indent=1).encode() + b"\n"
