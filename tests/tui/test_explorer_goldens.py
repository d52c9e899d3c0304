"""The explorer at four sizes, as text: each pane, with classes, while it loads, in ASCII."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.runs import bookmarks
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint
from ganterm.tui.explore import process
from tests.tui.driving import SIZES, awaited, make_app, painted, screen_text, write_run
from tests.tui.explored import PlayedServer, explored, exploring, played, press, settled
from tests.tui.golden import assert_golden, every_size


@pytest.fixture(autouse=True)
def _play(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "Helper", PlayedServer)


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    run = write_run(tmp_path, "dcgan-001")
    bookmarks.keep(run, Bookmark("a fine seven", LatentPoint(7), 400))
    return run


@pytest.mark.parametrize(
    ("what", "keys"),
    [
        ("explorer", "right right down left"),
        ("explorer-walk", "a right right b 2 right_curly_bracket right"),
        ("explorer-sketch", "4 space down down right right space"),
    ],
)
@awaited
async def test_a_pane(what: str, keys: str, run: RunDir) -> None:
    """An image beside its sliders, the way from A to B, a sketch; the strip where there is room."""
    async with exploring(run, SIZES[0]) as (app, pilot, screen):
        await press(screen, pilot, *keys.split())
        async for size in every_size(pilot):
            await settled(screen, pilot)
            await painted(pilot)
            assert_golden(what, screen_text(app), size)


@awaited
async def test_places_classes_and_trouble(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bookmarks and the way one came; a line of classes; a process that died and what to do."""
    async with exploring(run, (80, 24)) as (app, pilot, screen):
        await press(screen, pilot, "right", "comma", "3", "down")
        assert_golden("explorer-places", screen_text(app), (80, 24))
    monkeypatch.setattr(PlayedServer, "classes", tuple("0123456789"))
    async with exploring(run, (80, 24)) as (app, pilot, screen):
        await press(screen, pilot, "n", "n", "n")
        assert_golden("explorer-classes", screen_text(app), (80, 24))
    monkeypatch.setattr(PlayedServer, "classes", ())
    async with exploring(run, (80, 24)) as (app, pilot, screen):
        played(screen).die("The process that draws has died (killed by signal 9).")
        await settled(screen, pilot)
        assert_golden("explorer-trouble", screen_text(app), (80, 24))


@awaited
async def test_in_ascii(run: RunDir) -> None:
    """A terminal without Unicode and colours gets the same in ASCII alone."""
    app = make_app(run.path.parent, canvas=Canvas(ColourMode.NONE, Charset.ASCII, 120, 40))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(await explored(app, pilot, run), pilot, "right")
        text = screen_text(app)
        assert text.isascii()
        assert_golden("explorer-ascii", text, (120, 40))
