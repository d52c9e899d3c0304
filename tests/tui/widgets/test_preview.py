"""The samples: followed as they come, gone through by keys and mouse, played, enlarged."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.tint import Tone
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.base import FULL_CANVAS
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.terminal.thrifty import Link
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.preview import Filmstrip, Preview
from ganterm.tui.widgets.toned import PartLine
from tests.records import record as record_of
from tests.tui.driving import Clock, awaited, make_app, screen_text
from tests.tui.sampled import add_samples, bars, sampled_run, write_sheet

SIZE = (120, 40)
Watched = tuple[GantermApp, Pilot[None], Preview, RunDir]


def app_on(run: RunDir, canvas: Canvas = FULL_CANVAS) -> GantermApp:
    return make_app(run.path.parent, run=run, canvas=canvas)


async def opened(app: GantermApp, pilot: Pilot[None]) -> Preview:
    """Read the run and return its samples as they are then shown."""
    await look(app, pilot)
    assert isinstance(app.screen, MonitorScreen)
    return app.screen.samples


async def look(app: GantermApp, pilot: Pilot[None]) -> None:
    app.read_now()
    await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def seen(preview: Preview) -> int:
    """Return the step whose samples are drawn."""
    assert preview._drawn is not None
    return preview._drawn.step


def caption(preview: Preview) -> str:
    return preview.query_one(PartLine).text


def grid(preview: Preview, name: str = "fake-pictures") -> PictureGrid:
    return preview.query_one(f"#{name}", PictureGrid)


def read_at(app: GantermApp) -> int | None:
    """Return the step at which the charts are read."""
    assert isinstance(app.screen, MonitorScreen)
    return app.screen.charts.window.cursor


async def the_newest_samples_are_followed(at: Watched) -> None:
    # What is drawn while one looks on is shown, and said to be the newest.
    app, pilot, preview, run = at
    assert seen(preview) == 300
    assert "newest" in caption(preview)
    add_samples(run, [400])
    await look(app, pilot)
    assert seen(preview) == 400
    assert caption(preview).startswith("step 400  newest  5 of 5")


async def keys_go_through_the_history_and_the_charts_follow(at: Watched) -> None:
    # In the pane of the samples the arrows go from one to the next; the ends hold.
    app, pilot, preview, _ = at
    await press(pilot, "2", "left")
    assert (seen(preview), read_at(app)) == (200, 200)
    assert "newest" not in caption(preview)
    await press(pilot, "left", "left", "left", "left")
    assert (seen(preview), read_at(app)) == (0, 0)
    await press(pilot, "right")
    assert (seen(preview), read_at(app)) == (100, 100)
    await press(pilot, "end")
    assert (seen(preview), read_at(app)) == (300, None)
    assert preview.cursor is None


async def samples_follow_the_charts(at: Watched) -> None:
    # Reading the charts at a step shows what was generated then: the last samples before it.
    app, pilot, preview, _ = at
    assert isinstance(app.screen, MonitorScreen)
    app.screen.charts.point_at(250)
    await pilot.pause()
    assert seen(preview) == 200
    app.screen.charts.point_at(99)
    await pilot.pause()
    assert seen(preview) == 0
    app.screen.charts.point_at(None)
    await pilot.pause()
    assert seen(preview) == 300


async def who_looks_back_is_not_called_away(at: Watched) -> None:
    # New samples lengthen the history and change nothing of what is shown.
    app, pilot, preview, run = at
    await press(pilot, "2", "left")
    add_samples(run, [400, 500])
    await look(app, pilot)
    assert seen(preview) == 200
    assert "3 of 6" in caption(preview)


async def the_mouse_goes_through_the_history(at: Watched) -> None:
    # The slider is clicked and dragged, and the wheel turns over the pictures.
    app, pilot, preview, _ = at
    width = preview.query_one(Filmstrip).size.width
    await pilot.mouse_down(Filmstrip, offset=(2, 0))
    await pilot.pause()
    assert (seen(preview), read_at(app)) == (0, 0)
    await pilot.hover(Filmstrip, offset=(2 + (width - 3) // 3, 0))
    await pilot.pause()
    assert seen(preview) == 100
    await pilot.mouse_up(Filmstrip, offset=(width - 1, 0))
    await pilot.click(Filmstrip, offset=(width - 1, 0))
    await pilot.pause()
    assert (seen(preview), preview.cursor) == (300, None)
    grid(preview).post_message(PictureGrid.Turned(-1))
    await pilot.pause()
    assert seen(preview) == 200


async def a_film_plays_to_the_newest(at: Watched) -> None:
    # From the newest it begins at the first; each picture has been seen before the next comes.
    app, pilot, preview, _ = at
    await press(pilot, "space")
    shown, read = [seen(preview)], [read_at(app)]
    while preview._film is not None:
        preview.advance()
        await pilot.pause()
        shown.append(seen(preview))
        read.append(read_at(app))
    assert shown == [0, 100, 200, 300]
    assert read == [0, 100, 200, None]
    assert preview.cursor is None


async def a_film_waits_for_a_slow_connection(at: Watched) -> None:
    # No picture comes before the connection has carried the one before.
    app, pilot, preview, _ = at
    app.link = Link(100.0, clock=Clock())
    await press(pilot, "space")
    app.link.sent(100)
    preview.advance()
    assert seen(preview) == 0
    app.link = Link(None)
    preview.advance()
    assert seen(preview) == 100


async def a_film_stops_for_whoever_looks_elsewhere(at: Watched) -> None:
    # A key, the slider, the charts: what a person asks for is shown, and stays.
    app, _, preview, _ = at
    assert isinstance(app.screen, MonitorScreen)
    for elsewhere in (
        partial(preview.scrub, 10**6),
        partial(app.screen.query_one(Preview).go_to, 250),
        preview.toggle_film,
    ):
        preview.scrub(-(10**6))
        preview.toggle_film()
        assert preview._film is not None
        elsewhere()
        assert preview._film is None


async def what_a_film_said_does_not_call_it_back(at: Watched) -> None:
    # The charts may answer late; the film is further then, and goes on.
    _, _, preview, _ = at
    preview.toggle_film()
    for _ in range(2):
        preview.advance()
    preview.go_to(100)
    assert preview._film is not None
    assert preview.cursor == 200


async def real_data_stand_beside(at: Watched) -> None:
    # Under their own title, and in the same size; the key takes them away again.
    app, pilot, preview, _ = at
    real = grid(preview, "real-pictures")
    assert not real.display
    await press(pilot, "t")
    assert "real data" in screen_text(app)
    assert real.fit == grid(preview).fit
    assert real.fit is not None
    await press(pilot, "t")
    assert not real.display
    assert "real data" not in screen_text(app)


async def a_run_without_real_data_says_so(at: Watched) -> None:
    # A run of an earlier version has none.
    app, pilot, _, run = at
    run.real_samples.unlink()
    await look(app, pilot)
    await press(pilot, "t")
    assert "no real data were saved" in screen_text(app)


async def one_image_is_enlarged(at: Watched) -> None:
    # By key, the first; others by keys; Escape goes back to all before anything else.
    _, pilot, preview, _ = at
    await press(pilot, "2", "enter")
    assert "image 1 of 16" in caption(preview)
    fit = grid(preview).fit
    assert fit is not None
    assert (fit.shown, fit.width) == (1, 8 * fit.enlarged)
    assert fit.enlarged >= 5
    await press(pilot, "n", "n")
    assert "image 3 of 16" in caption(preview)
    await press(pilot, "N", "N", "N")
    assert "image 16 of 16" in caption(preview)
    await press(pilot, "left")
    assert seen(preview) == 200
    await press(pilot, "escape")
    assert "image" not in caption(preview)
    assert seen(preview) == 200


async def an_image_is_enlarged_by_a_click(at: Watched) -> None:
    # The one under the pointer, of whichever grid; a click again shows all.
    _, pilot, preview, _ = at
    fit = grid(preview).fit
    assert fit is not None
    left = grid(preview)._left
    across, down = fit.width + fit.padding, (fit.height + fit.padding) // 2
    await pilot.click("#fake-pictures", offset=(left + across + 1, down + 1))
    await pilot.pause()
    assert f"image {fit.columns + 2} of 16" in caption(preview)
    await pilot.click("#fake-pictures", offset=(left + 4, 4))
    await pilot.pause()
    assert "image" not in caption(preview)
    await press(pilot, "t")
    await pilot.click("#real-pictures", offset=(grid(preview, "real-pictures")._left + 1, 2))
    await pilot.pause()
    assert "real image 1 of 16" in caption(preview)
    assert not grid(preview).display


async def colours_and_contrast_change_and_come_back(at: Watched) -> None:
    # Each key goes round; the caption names what is not as usual.
    _, pilot, preview, _ = at
    said = []
    for key in ("c", "c", "c", "C", "C", "C"):
        await press(pilot, key)
        said.append(preview.tone.words)
    assert said == ["inverted", "viridis", "", "stretched", "lighter", ""]


async def samples_that_cannot_be_read_are_told_in_words(at: Watched) -> None:
    # A grid that is damaged, or was deleted, is a sentence where it would be.
    _, pilot, preview, run = at
    run.sample_path(300).write_bytes(b"\x1b]2;no image\x07")
    await press(pilot, "c", "c", "c")
    assert "step-00000300.png cannot be read as an image" in grid(preview)._words
    run.sample_path(200).unlink()
    await press(pilot, "2", "left")
    assert "cannot be read" in grid(preview)._words
    await press(pilot, "left")
    assert grid(preview).fit is not None


async def a_grid_drawn_anew_is_shown_anew(at: Watched) -> None:
    # A resumed run draws the same steps again, perhaps with other settings.
    _, pilot, preview, run = at
    before = list(grid(preview)._lines)
    write_sheet(run, 300, image=lambda _, index: bars(100, index))
    await press(pilot, "c", "c", "c")
    assert grid(preview)._lines != before


async def steps_taken_back_are_not_shown(at: Watched) -> None:
    # A run that resumes from an earlier step has the samples up to there.
    app, pilot, preview, run = at
    await press(pilot, "2", "left")
    with JournalWriter(run.journal) as journal:
        journal.write(
            record_of("resume", 150, config={}, steps=400, epochs=None, controls=0, pending=[])
        )
    await look(app, pilot)
    assert seen(preview) == 100


@awaited
async def test_samples_are_gone_through(tmp_path: Path) -> None:
    """One app for all of these, each with a run of its own."""
    checks = (
        the_newest_samples_are_followed,
        keys_go_through_the_history_and_the_charts_follow,
        samples_follow_the_charts,
        who_looks_back_is_not_called_away,
        the_mouse_goes_through_the_history,
        a_film_plays_to_the_newest,
        a_film_waits_for_a_slow_connection,
        a_film_stops_for_whoever_looks_elsewhere,
        what_a_film_said_does_not_call_it_back,
        real_data_stand_beside,
        a_run_without_real_data_says_so,
        one_image_is_enlarged,
        an_image_is_enlarged_by_a_click,
        colours_and_contrast_change_and_come_back,
        samples_that_cannot_be_read_are_told_in_words,
        a_grid_drawn_anew_is_shown_anew,
        steps_taken_back_are_not_shown,
    )
    runs = [sampled_run(tmp_path, name=f"run-{number:03}") for number in range(len(checks))]
    app = app_on(runs[0])
    async with app.run_test(size=SIZE) as pilot:
        preview = await opened(app, pilot)
        for run, check in zip(runs, checks, strict=True):
            preview.tone, preview.real = Tone(), False
            app.watch_run(run)
            await press(pilot, "1")
            await look(app, pilot)
            await check((app, pilot, preview, run))


@awaited
async def test_a_long_history_is_played_in_larger_steps(tmp_path: Path) -> None:
    """A film does not take longer for having more pictures."""
    run = sampled_run(tmp_path, range(0, 2000, 5))
    app = app_on(run)
    async with app.run_test(size=SIZE) as pilot:
        preview = await opened(app, pilot)
        preview.toggle_film()
        assert preview._stride == 400 / 20
        assert preview._film is not None


@awaited
async def test_a_run_without_samples_says_so(tmp_path: Path) -> None:
    """And none of its keys does anything."""
    app = app_on(sampled_run(tmp_path, ()))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await press(pilot, "2", "left", "right", "space", "enter", "n", "escape")
        assert "no samples yet" in screen_text(app)


@pytest.mark.parametrize(
    ("colour", "charset"),
    [
        (ColourMode.NONE, Charset.ASCII),
        (ColourMode.INDEXED_256, Charset.ASCII),
        (ColourMode.NONE, Charset.HALFBLOCK),
    ],
)
@awaited
async def test_terminals_without_colours_or_blocks_get_characters(
    tmp_path: Path, colour: ColourMode, charset: Charset
) -> None:
    """Brightness is said by characters the terminal has."""
    app = app_on(sampled_run(tmp_path), canvas=Canvas(colour, charset, *SIZE))
    async with app.run_test(size=SIZE) as pilot:
        preview = await opened(app, pilot)
        drawn = "".join(run.text for line in grid(preview)._lines for run in line)
        assert drawn.strip()
        assert set(drawn) <= set(" ░▒▓█▀▄" if charset is Charset.HALFBLOCK else " .':_\"=+*o#@")
        assert screen_text(app).isascii() == (charset is Charset.ASCII)
