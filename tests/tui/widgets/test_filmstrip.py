"""The slider says where one is and goes where it is put."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.message import Message
from textual.screen import Screen

from ganterm.tui.widgets.preview import Filmstrip
from tests.tui.driving import awaited, make_app


@pytest.mark.parametrize(
    ("count", "at", "playing", "line"),
    [
        (0, -1, False, "▶ ────────"),
        (1, 0, False, "▶ ●───────"),
        (5, 0, False, "▶ ●───────"),
        (5, 2, False, "▶ ━━━━●───"),
        (5, 4, True, "■ ━━━━━━━●"),
        (100_000, 99_999, False, "▶ ━━━━━━━●"),
    ],
)
@awaited
async def test_the_knob_stands_where_one_is(
    tmp_path: Path, count: int, at: int, playing: bool, line: str
) -> None:
    """From the first to the last it goes from end to end; the button says what it does."""
    app = make_app(tmp_path)
    async with app.run_test(size=(10, 20)) as pilot:
        strip = Filmstrip()
        await app.push_screen(Screen())
        await app.screen.mount(strip)
        await pilot.pause()
        strip.show(count, at, playing)
        assert strip.render_line(0).text == line


@awaited
async def test_a_click_goes_to_the_nearest_place(tmp_path: Path) -> None:
    """The ends of the groove are the first and the last; the button is no part of it."""
    app = make_app(tmp_path)
    moved: list[int] = []
    pressed: list[str] = []

    def hear(message: Message) -> None:
        match message:
            case Filmstrip.Moved(at=at):
                moved.append(at)
            case Filmstrip.Pressed():
                pressed.append("pressed")

    async with app.run_test(size=(12, 20), message_hook=hear) as pilot:
        strip = Filmstrip()
        await app.push_screen(Screen())
        await app.screen.mount(strip)
        await pilot.pause()
        strip.show(4, 0, False)
        for x in (11, 5, 0):
            await pilot.click(Filmstrip, offset=(x, 0))
        assert sorted(set(moved)) == [1, 3]
        assert pressed
