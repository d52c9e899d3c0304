"""Bookmarks of a run: kept, replaced, forgotten; a file that is none is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganterm.core.errors import ConfigError, TrainingError
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint

SEVEN = Bookmark("a seven", LatentPoint(7, moves=(("f0", 1.5),), label=7), 400)
ONE = Bookmark("a one", LatentPoint(1), 200)


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir(tmp_path)


def test_what_is_kept_is_read_again(run: RunDir) -> None:
    """In the order in which it was kept; a name is there once."""
    assert bookmarks.read_bookmarks(run) == []
    bookmarks.keep(run, SEVEN)
    assert bookmarks.keep(run, ONE) == [SEVEN, ONE]
    assert bookmarks.read_bookmarks(run) == [SEVEN, ONE]
    again = Bookmark("a seven", LatentPoint(70), 500)
    assert bookmarks.keep(run, again) == [ONE, again]
    assert bookmarks.forget(run, "a one") == [again]
    assert bookmarks.forget(run, "nobody") == [again]
    assert bookmarks.read_bookmarks(run) == [again]


def test_what_another_app_has_kept_meanwhile_stays(run: RunDir) -> None:
    """The file is read again before it is replaced."""
    bookmarks.keep(run, SEVEN)
    known = bookmarks.read_bookmarks(run)
    bookmarks.keep(run, ONE)
    assert known == [SEVEN]
    assert bookmarks.keep(run, Bookmark("another", LatentPoint(3), 1))[:2] == [SEVEN, ONE]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"v": 1}', b'{"v": 1, "bookmarks": [{"name": "x"}]}', b'{"v": 2}'],
)
def test_a_file_that_is_none_is_told_of_and_left_alone(run: RunDir, content: bytes) -> None:
    """Neither read as something else, nor overwritten."""
    path = bookmarks.file_of(run)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"bookmarks\.json .*\.$"):
        bookmarks.read_bookmarks(run)
    with pytest.raises(ConfigError):
        bookmarks.keep(run, ONE)
    assert path.read_bytes() == content


def test_names_and_numbers_have_bounds(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name says something, and there are not endlessly many."""
    for name in ("", "  ", "x" * 101):
        with pytest.raises(ConfigError, match="name"):
            bookmarks.keep(run, Bookmark(name, LatentPoint(), 0))
    monkeypatch.setattr(bookmarks, "MOST", 1)
    bookmarks.keep(run, ONE)
    with pytest.raises(ConfigError, match="delete some"):
        bookmarks.keep(run, SEVEN)


def test_a_place_that_cannot_be_kept_is_told_of(tmp_path: Path) -> None:
    """A run that is gone has no room for bookmarks."""
    with pytest.raises(TrainingError, match="cannot write"):
        bookmarks.keep(RunDir(tmp_path / "gone"), ONE)


def test_the_file_can_be_read_by_people(run: RunDir) -> None:
    """It is JSON with names and plain numbers."""
    bookmarks.keep(run, SEVEN)
    (mark,) = json.loads(bookmarks.file_of(run).read_text())["bookmarks"]
    assert mark["name"] == "a seven"
    assert mark["place"] == {"seed": 7, "moves": [["f0", 1.5]], "label": 7}
