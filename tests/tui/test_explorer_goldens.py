"""The explorer at four sizes, as text: each pane, with classes, while it loads, in ASCII."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint
from ganterm.tui.base import FULL_CANVAS
from ganterm.tui.screens import serving
from tests.tui.driving import awaited, make_app, screen_text, write_run
from tests.tui.explored import PlayedServer, explored, played, press, settled
from tests.tui.golden import assert_golden, at_every_size


@pytest.fixture(autouse=True)
def _play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "Helper", PlayedServer)


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    run = write_run(tmp_path, "dcgan-001")
    bookmarks.keep(run, Bookmark("a fine seven", LatentPoint(7), 400))
    return run


async def shown(
    size: tuple[int, int], run: RunDir, *keys: str, canvas: Canvas = FULL_CANVAS
) -> str:
    """Open the run, press keys, and return the screen."""
    app = make_app(run.path.parent, canvas=canvas)
    async with app.run_test(size=size) as pilot:
        screen = await explored(app, pilot, run)
        await press(screen, pilot, *keys)
        return screen_text(app)


@at_every_size
@awaited
async def test_the_sliders(size: tuple[int, int], run: RunDir) -> None:
    """An image and its sliders, one of them moved; more where there is room."""
    text = await shown(size, run, "right", "right", "down", "left")
    assert_golden("explorer", text, size)


@at_every_size
@awaited
async def test_the_way_from_a_to_b(size: tuple[int, int], run: RunDir) -> None:
    """Both ends, and how far one is."""
    keys = ("a", "right", "right", "b", "2", "right_curly_bracket", "right")
    assert_golden("explorer-walk", await shown(size, run, *keys), size)


@at_every_size
@awaited
async def test_the_sketch(size: tuple[int, int], run: RunDir) -> None:
    """A pad, and the nearest image in the place of the other."""
    keys = ("4", "space", "down", "down", "right", "right", "space")
    assert_golden("explorer-sketch", await shown(size, run, *keys), size)


@awaited
async def test_the_places(run: RunDir) -> None:
    """Bookmarks, and the way one came."""
    text = await shown((80, 24), run, "right", "comma", "3", "down")
    assert_golden("explorer-places", text, (80, 24))


@awaited
async def test_classes(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conditional generator has a line of them."""
    monkeypatch.setattr(PlayedServer, "classes", tuple("0123456789"))
    assert_golden("explorer-classes", await shown((80, 24), run, "n", "n", "n"), (80, 24))


@awaited
async def test_trouble(run: RunDir) -> None:
    """A process that died is told of in words, and what to do."""
    app = make_app(run.path.parent)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await explored(app, pilot, run)
        played(screen).die("The process that draws has died (killed by signal 9).")
        await settled(screen, pilot)
        assert_golden("explorer-trouble", screen_text(app), (80, 24))


@awaited
async def test_in_ascii(run: RunDir) -> None:
    """A terminal without Unicode and colours gets the same in ASCII alone."""
    canvas = Canvas(ColourMode.NONE, Charset.ASCII, 120, 40)
    text = await shown((120, 40), run, "right", canvas=canvas)
    assert text.isascii()
    assert_golden("explorer-ascii", text, (120, 40))
