"""The slider says where one is and goes where it is put."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message
from textual.screen import Screen

from ganterm.tui.widgets.preview import Filmstrip
from tests.tui.driving import awaited, make_app


@awaited
async def test_the_knob_stands_where_one_is_and_goes_where_it_is_put(tmp_path: Path) -> None:
    """From the first to the last it goes from end to end; the button is no part of the groove."""
    app = make_app(tmp_path)
    moved: list[int] = []
    pressed: list[str] = []

    def hear(message: Message) -> None:
        match message:
            case Filmstrip.Moved(at=at):
                moved.append(at)
            case Filmstrip.Pressed():
                pressed.append("pressed")

    async with app.run_test(size=(10, 20), message_hook=hear) as pilot:
        strip = Filmstrip()
        await app.push_screen(Screen())
        await app.screen.mount(strip)
        await pilot.pause()
        for count, at, playing, line in (
            (0, -1, False, "▶ ────────"),
            (1, 0, False, "▶ ●───────"),
            (5, 0, False, "▶ ●───────"),
            (5, 2, False, "▶ ━━━━●───"),
            (5, 4, True, "■ ━━━━━━━●"),
            (100_000, 99_999, False, "▶ ━━━━━━━●"),
        ):
            strip.show(count, at, playing)
            assert strip.render_line(0).text == line
        strip.show(4, 0, False)
        for x in (9, 4, 0):
            await pilot.click(Filmstrip, offset=(x, 0))
        assert sorted(set(moved)) == [1, 3]
        assert pressed
