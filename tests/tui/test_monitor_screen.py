"""The monitor: what it says of a run, how it is read, and how the run is steered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from ganterm.client.charts import kinds_of
from ganterm.config.fields import Value
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from ganterm.runs.control import pending
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import run_actions, steering
from ganterm.tui.screens.monitor import PANES, MonitorScreen, Pane, arranged
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.widgets.banner import Banner, notice_of
from ganterm.tui.widgets.chart import StepChart
from ganterm.tui.widgets.footer import ActionBar, ActionFooter
from ganterm.tui.widgets.live_values import LiveRow, LiveValues
from ganterm.tui.widgets.log_tail import LogTail
from ganterm.tui.widgets.progress import ProgressLine, Sparks
from ganterm.tui.widgets.toned import ChoiceLine, Header
from tests.records import read_feed
from tests.records import record as record_of
from tests.tui.driving import awaited, make_app, screen_text, write_run
from tests.tui.living import LivingRun


@pytest.fixture(autouse=True)
def _gather_until_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send small changes when the test says so, however long its key presses take."""
    monkeypatch.setattr(steering, "GATHER_SECONDS", 3600.0)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingRun]:
    with LivingRun(tmp_path) as run:
        run.train(400)
        yield run


@asynccontextmanager
async def monitoring(
    living: LivingRun,
) -> AsyncIterator[tuple[GantermApp, Pilot[None], MonitorScreen]]:
    """Run an app that watches a run, and give it, its pilot and the monitor."""
    app = make_app(living.run.path.parent, run=living.run)
    async with app.run_test(size=(120, 40)) as pilot:
        await look(app, pilot)
        assert isinstance(app.screen, MonitorScreen)
        yield app, pilot, app.screen


async def look(app: GantermApp, pilot: Pilot[None]) -> None:
    """Read the runs, and wait until what was read is shown."""
    await app.workers.wait_for_complete()
    app.read_now()
    await pilot.pause()


async def look_at_its_end(app: GantermApp, pilot: Pilot[None], living: LivingRun) -> None:
    """Have the worker die, and see it at the next look."""
    living.die()
    app.poller._readers[living.run.name]._look_again = 0.0
    await look(app, pilot)


def row(screen: MonitorScreen, key: str) -> LiveRow:
    return next(each for each in screen.query_one(LiveValues).rows if each.key == key)


def active(screen: MonitorScreen) -> str:
    return screen.active


def cursor(screen: MonitorScreen) -> int | None:
    return screen.charts.window.cursor


def seen(screen: MonitorScreen) -> int:
    """Return the step of the samples that are shown."""
    assert screen.samples.current is not None
    return screen.samples.current.step


def notice(screen: MonitorScreen) -> str:
    found = screen.query_one(Banner).notice
    return found.text if found else ""


def log(screen: MonitorScreen) -> str:
    return "\n".join(line.text for line in screen.query_one(LogTail).lines)


def asked(run: RunDir) -> list[str]:
    return [command.name for command in pending(run.control)]


@awaited
async def test_what_it_says_of_a_run(living: LivingRun) -> None:
    """In words and a bar; new points move only what shows them, and trouble is in the log."""
    living.report("running", memory_bytes=300 << 20, started=1.0)
    async with monitoring(living) as (app, pilot, screen):
        for text, words in (
            (
                screen.query_one(Header).text,
                ("dcgan-001", "running", "400/1,000", "2,310 images/s", "cpu"),
            ),
            (screen.query_one(ProgressLine).text, ("40.0 %", "epoch 4.0", "memory 300M", "so far")),
            (screen.query_one(Sparks).text, ("D loss", "G loss", "D(x)", "D(G(z))")),
        ):
            assert [word for word in words if word not in text] == []
        chart = screen.query_one("#chart", StepChart)
        before = chart.chart
        living.report("running")
        await look(app, pilot)
        assert chart.chart is before
        living.train(440)
        await look(app, pilot)
        assert chart.chart is not before
        assert "440/1,000" in screen.query_one(Header).text
        living.say("alert", code="not-finite", message="G's loss is \x1b[0m", remedy="lower lr_g")
        await look(app, pilot)
        assert "440  note: G's loss is" in log(screen)
        assert "lower lr_g" in log(screen)
        assert "\x1b" not in log(screen)


@awaited
async def test_how_a_run_is_read(living: LivingRun) -> None:
    """By keys and mouse, charts and samples at one step; every pane at every size."""
    for step in (0, 100, 200, 400):
        path = living.run.sample_path(step)
        save_png(Raster(8, 8, 1, bytes(64)), path)
        living.journal.write(record_of("sample", step, path=str(path.relative_to(living.run.path))))
    async with monitoring(living) as (app, pilot, screen):
        charts = screen.charts

        def shown() -> tuple[float, float]:
            return charts.window.bounds(charts.last)

        # What is read in the charts is the step of the samples, and the other way round.
        assert seen(screen) == 400
        charts.point_at(150)
        await pilot.pause()
        assert seen(screen) == 100
        assert "at step 150" in screen_text(app)
        await pilot.press("pagedown")
        await pilot.pause()
        assert (cursor(screen), seen(screen)) == (200, 200)
        await pilot.press("pageup", "pageup")
        await pilot.pause()
        assert cursor(screen) == 0
        await pilot.press("escape")
        await pilot.pause()
        assert (cursor(screen), seen(screen)) == (None, 400)

        # Keys zoom, pan and read.
        bounds = [shown()]
        for keys in ("plus", "left_curly_bracket", "right_curly_bracket " * 2, "minus"):
            await pilot.press(*keys.split())
            bounds.append(shown())
        assert bounds == [(0, 400), (200, 400), (150, 350), (200, 400), (0, 400)]
        await pilot.press("left")
        first = cursor(screen)
        await pilot.press("left", "left", "right")
        assert (cursor(screen) or 400) < (first or 0)
        await pilot.press("home")
        assert cursor(screen) == 0
        await pilot.press("plus", "0", "end")
        assert (shown(), cursor(screen)) == ((0, 400), None)

        # The mouse points and drags.
        chart = charts.first_chart
        assert chart.chart is not None
        area = chart.chart.area
        middle = chart.content_offset.x + area.left + area.width // 2
        await pilot.click("#chart", offset=(middle, 5))
        assert abs((cursor(screen) or 0) - 200) <= 400 / area.width
        await pilot.press("plus")
        before = shown()
        await pilot.mouse_down("#chart", offset=(middle, 5))
        await pilot.hover("#chart", offset=(middle + 8, 5))
        await pilot.mouse_up("#chart", offset=(middle + 8, 5))
        assert shown()[0] < before[0]
        assert shown()[1] - shown()[0] == pytest.approx(before[1] - before[0])
        await pilot.press("0", "end")

        # Charts are switched, smoothed and scaled.
        await pilot.press("right_square_bracket", "s", "l", "o")
        assert charts.kind.name == "outputs"
        text = screen_text(app)
        for word in ("Discriminator's output", "smoothed 0.6", "log scale", "without outliers"):
            assert word in text
        await pilot.press("left_square_bracket", "s", "s", "s", "l", "o")
        assert "smoothed" not in screen_text(app)
        bar = charts.query_one(ChoiceLine).render_line(0).text
        await pilot.click("#charts ChoiceLine", offset=(bar.index("accuracy") + 2, 0))
        assert charts.kind.name == "accuracy"
        await pilot.press("left_square_bracket", "left_square_bracket")

        # There are two charts where there is room for them.
        assert "Discriminator's output" not in screen_text(app)
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        assert "Losses" in screen_text(app)
        assert "Discriminator's output" in screen_text(app)

        # Every pane is gone to by its number, by Tab, and alone with all the room.
        for size in ((60, 20), (80, 24), (120, 40)):
            await pilot.resize_terminal(*size)
            app.watch_run(living.run)
            await look(app, pilot)
            for number, pane in enumerate(PANES, start=1):
                await pilot.press(str(number))
                assert active(screen) == pane
                assert screen.query_one(f"#{pane}").display
                assert screen.query_one(f"#{pane}").has_focus_within
            await pilot.press("1", "tab")
            assert active(screen) == "preview"
            await pilot.press("shift+tab", "shift+tab", "z")
            assert active(screen) == "log"
            assert [pane for pane in PANES if screen.query_one(f"#{pane}").display] == ["log"]
            await pilot.press("escape")
            assert not screen.alone
            await pilot.press("escape")
            assert isinstance(app.screen, RunsScreen)


@awaited
async def test_a_loop_of_somebodys_own_is_watched_and_steered(tmp_path: Path) -> None:
    """What its script has named is drawn, and its settings are nudged and typed by their kinds."""
    with LivingRun(tmp_path, loop="gan.py", noise=0.1, flip=True) as living:
        living.step = 40
        living.say("metrics", d_loss=1.0, g_loss=2.0, **{"grad/d": 3.0, "grad/g": 4.0, "temp": 5.0})
        async with monitoring(living) as (app, pilot, screen):
            names = [each.key for each in screen.values.rows]
            assert {"noise", "flip", "lr_g"} <= {*names}
            assert "loop" not in names
            screen.values.choose(names.index("noise"))
            await pilot.press("full_stop")
            assert row(screen, "noise").note == "asked for 0.15 …"
            screen.steering.send_queued()
            await look(app, pilot)
            assert [each.args for each in living.answer()] == [{"key": "noise", "value": 0.15}]
            screen.values.choose(names.index("flip"))
            await pilot.press("e", *["backspace"] * 4, *"false", "enter")
            await look(app, pilot)
            assert [each.args for each in living.answer()] == [{"key": "flip", "value": False}]
            assert [kind.name for kind in kinds_of(screen.feed)][-2:] == ["grad", "temp"]
            screen.charts.turn(-2)
            assert screen.charts.kind.quantities == {"grad/d": "d", "grad/g": "g"}


@awaited
async def test_how_a_run_is_steered(living: LivingRun) -> None:
    """Changes go out, are awaited, marked, refused, typed and undone; by keys and mouse."""
    async with monitoring(living) as (app, pilot, screen):
        # Several presses are one command; its answer becomes the value and a mark on the charts.
        await pilot.press("comma", "comma")
        assert row(screen, "lr_g").note == "asked for 0.0001 …"
        screen.steering.send_queued()
        await look(app, pilot)
        (command,) = living.answer()
        assert command.args == {"key": "lr_g", "value": 1e-4}
        await look(app, pilot)
        assert row(screen, "lr_g")[1:3] == ("0.0001", "0.0002 until step 400")
        assert "lr_g: 0.0002 to 0.0001" in log(screen)
        assert screen.steering.pending.waiting == {}
        living.train(440)
        await look(app, pilot)
        assert "Δ changed" in screen_text(app)
        await pilot.press("m")
        assert cursor(screen) == 400
        assert "lr_g: 0.0002 to 0.0001" in screen.charts.reading
        await pilot.press("end")

        # A refusal is explained.
        await pilot.press("v", "full_stop")
        screen.steering.send_queued()
        await look(app, pilot)
        living.answer("lr_d stands still in this loss")
        await look(app, pilot)
        found = row(screen, "lr_d")
        assert (found.value, found.tone) == ("0.0002", "bad")
        assert "refused: lr_d stands still" in found.note
        assert "lr_d stands still" in log(screen)

        # A value can be typed, and is checked as it is.
        await pilot.press("e")
        entry = app.screen.query_one(Input)
        assert entry.value == "0.0002"
        entry.value = "2"
        await pilot.press("enter")
        assert app.screen is not screen
        assert "lr_d must be a number from 0 to 1" in screen_text(app)
        entry.value = "3e-4"
        await pilot.press("enter")
        await look(app, pilot)
        (command,) = living.answer()
        assert command.args == {"key": "lr_d", "value": 3e-4}
        await look(app, pilot)

        # Undo goes back change by change, and no further.
        await pilot.press("u", "u")
        await look(app, pilot)
        assert [command.args for command in living.answer()] == [
            {"key": "lr_d", "value": 2e-4},
            {"key": "lr_g", "value": 2e-4},
        ]
        await look(app, pilot)
        assert row(screen, "lr_g").value == "0.0002"
        await pilot.press("u")
        await look(app, pilot)
        assert asked(living.run) == []

        # The buttons of a line, the bar above, and two clicks on a line.
        line = screen.values.render_line(2).text
        await pilot.click(LiveValues, offset=(line.index("[+]") + 1, 2))
        assert row(screen, "d_steps").note == "asked for 2 …"
        screen.steering.send_queued()
        bar = screen.query_one(ActionBar).render_line(0).text
        await pilot.click("#steer ActionBar", offset=(bar.index("checkpoint"), 0))
        await look(app, pilot)
        assert [command.name for command in living.answer()] == ["set", "checkpoint"]
        await pilot.click(LiveValues, offset=(3, 0), times=2)
        await pilot.pause()
        assert app.screen.query_one(Input).value == "0.0002"
        await pilot.press("escape")

        # Commands go out in the order of the keys.
        await pilot.press("k", "i", "p", "x")
        await pilot.press("y")
        await look(app, pilot)
        assert asked(living.run) == ["checkpoint", "sample", "pause", "stop"]


@awaited
async def test_the_same_key_pauses_and_goes_on(living: LivingRun) -> None:
    living.report("paused")
    async with monitoring(living) as (app, pilot, screen):
        assert "paused" in screen.query_one(Header).text
        assert "p go on" in screen_text(app).splitlines()[-1]
        for key, expected in (("p", "resume"), ("p", "pause"), ("r", "resume")):
            await pilot.press(key)
            await look(app, pilot)
            assert [command.name for command in living.answer()] == [expected]
            # The journal has the answer before the status file has the state.
            await look(app, pilot)
            called = "p go on" if expected == "pause" else "p pause"
            assert called in screen_text(app).splitlines()[-1]
        await pilot.press("p", "p", "r")
        await look(app, pilot)
        assert [command.name for command in living.answer()] == ["pause", "resume"]


@awaited
async def test_two_apps_on_one_run_agree(living: LivingRun) -> None:
    """What one of them changes the other shows, with its mark, for it is in the journal."""
    async with monitoring(living) as (one, first, mine):
        await first.press("3", "down", "down", "right")
        mine.steering.send_queued()
        await look(one, first)
        living.answer()
        await look(one, first)
        found = row(mine, "d_steps")
        assert found.value == "2"
    async with monitoring(living) as (other, second, theirs):
        assert row(theirs, "d_steps") == found
        await second.press("u")
        await look(other, second)
        (command,) = living.answer()
        assert command.args == {"key": "d_steps", "value": 1}


def offered_words(app: GantermApp) -> set[str]:
    """Return what the footer and the line of buttons offer, and the command palette."""
    bars = [*app.screen.query(ActionFooter)]
    shown = [action.label for bar in bars for _, action in bar.offered(400)]
    titles = (each.title for each in app.get_system_commands(app.screen))
    return {*" ".join([*shown, *titles]).split()}


@awaited
async def test_a_worker_that_is_slow_and_then_dies(
    living: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not called dead while it holds the lock; then it is, with its last words and a way on.

    What was asked of it waits no longer; what is offered is for what it is; r starts a worker.
    """
    started: list[RunDir] = []
    monkeypatch.setattr(run_actions, "start_worker", lambda run, arguments: started.append(run))
    living.report("running", updated=1.0)
    living.run.log.write_text("warming up\nout of \x1b[31mmemory\n")
    steering = {"pause", "checkpoint", "stop", "undo", "set"}
    async with monitoring(living) as (app, pilot, screen):
        assert "running" in screen.query_one(Header).text
        assert "No word from the worker" in notice(screen)
        assert "alive" in notice(screen)
        living.report("running")
        await look(app, pilot)
        screen.update_times()
        assert notice(screen) == ""
        assert steering <= offered_words(app)
        assert "resume" not in offered_words(app)
        updates: list[object] = []
        screen.bindings_updated_signal.subscribe(screen, updates.append)

        await pilot.press("k")
        await look(app, pilot)
        assert screen.steering.pending.waiting
        updates.clear()
        await look_at_its_end(app, pilot, living)
        assert screen.steering.pending.waiting == {}
        assert "ended before it took this: writing a checkpoint" in log(screen)
        assert "crashed" in screen.query_one(Header).text
        assert "died without a word after step 400" in notice(screen)
        assert "ganterm resume dcgan-001" in notice(screen)
        assert "memory" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        assert not steering & offered_words(app)
        assert "resume" in offered_words(app)
        assert updates

        await pilot.press("p", "k", "full_stop", "u", "e", "x")
        await pilot.pause()
        assert app.screen is screen
        assert asked(living.run) == ["checkpoint"]
        told = [notification.message for notification in app._notifications]
        assert any("is not training (crashed); r trains it on" in words for words in told)
        await pilot.press("r")
        await app.workers.wait_for_complete()
        assert started == [living.run]


@awaited
async def test_a_run_of_another_machine_is_unknown(living: LivingRun) -> None:
    living.report("running", host="box7")
    living.die()
    async with monitoring(living) as (app, pilot, screen):
        assert "unknown" in screen.query_one(Header).text
        assert "another machine, box7" in notice(screen)
        await pilot.press("p")
        await app.workers.wait_for_complete()
        assert asked(living.run) == ["pause"]


@awaited
async def test_a_branch_begins_where_the_charts_are_read(
    living: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint nearest to the step that is read is offered first; nothing may differ."""
    made: list[tuple[int, dict[str, Value]]] = []

    def branch(run: RunDir, step: int, runs_dir: Path, **wanted: Any) -> RunDir:
        assert wanted["command"] == f"ganterm branch dcgan-001 --step={step} --set=lr_g=0.0001"
        made.append((step, wanted["changes"]))
        return run

    monkeypatch.setattr(run_actions, "branch", branch)
    monkeypatch.setattr(run_actions, "start_worker", lambda run: None)
    async with monitoring(living) as (app, pilot, screen):
        await pilot.press("b")
        await app.workers.wait_for_complete()
        assert app.screen is screen
        assert any("no checkpoint yet" in each.message for each in app._notifications)
        for step in (0, 100, 300):
            living.run.checkpoint_path(step).touch()
        screen.charts.point_at(120)
        await pilot.press("b")
        await app.workers.wait_for_complete()
        options = app.screen.query_one(OptionList)
        assert (options.option_count, options.highlighted) == (3, 1)
        assert "D loss" in screen_text(app)
        await pilot.press("enter")
        entry = app.screen.query_one(Input)
        entry.value = "z_dim=3"
        await pilot.press("enter")
        assert "stays what it is" in screen_text(app)
        entry.value = "lr_g=1e-4"
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        assert made == [(100, {"lr_g": 1e-4})]


@pytest.mark.parametrize(
    ("size", "kind", "panes"),
    [
        ((60, 20), "one", ("charts",)),
        ((80, 24), "pair", ("charts", "preview")),
        ((80, 20), "one", ("charts",)),
        ((120, 30), "pair", ("charts", "preview")),
        ((120, 40), "all", PANES),
        ((200, 50), "all", PANES),
        ((1, 1), "one", ("charts",)),
    ],
)
def test_as_many_panes_as_fit(size: tuple[int, int], kind: str, panes: tuple[Pane, ...]) -> None:
    """Among them the active one, which may have all the room."""
    assert arranged(*size, "charts", alone=False) == (kind, panes)
    for pane in PANES:
        assert pane in arranged(*size, pane, alone=False)[1]
        assert arranged(*size, pane, alone=True) == ("one", (pane,))


def test_a_run_that_ended_while_it_still_improved_says_so(tmp_path: Path) -> None:
    """With the command that trains on; of any other that has finished nothing need be said."""
    run = write_run(tmp_path, "short")
    assert notice_of(read_feed(run), 0.0) is None
    words = "It was still improving fast; `ganterm resume short --steps 800` trains on."
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("end", 400, reason="finished", message=words, exit_code=0))
    told = notice_of(read_feed(run), 0.0)
    assert told is not None
    assert told.text == words
