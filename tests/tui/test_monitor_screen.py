"""The monitor: what it says of a run, how it is read, and how the run is steered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from ganterm.config.fields import Value
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from ganterm.runs.control import pending
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import branching, run_actions, steering
from ganterm.tui.screens.monitor import PANES, MonitorScreen
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.widgets.banner import Banner
from ganterm.tui.widgets.chart import StepChart
from ganterm.tui.widgets.choice_line import ChoiceLine
from ganterm.tui.widgets.footer import ActionBar, ActionFooter
from ganterm.tui.widgets.live_values import LiveRow, LiveValues
from ganterm.tui.widgets.log_tail import LogTail
from ganterm.tui.widgets.part_line import Header
from ganterm.tui.widgets.progress import ProgressLine
from ganterm.tui.widgets.sparks import Sparks
from tests.records import record as record_of
from tests.tui.driving import awaited, make_app, screen_text
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


def app_on(living: LivingRun) -> GantermApp:
    return make_app(living.run.path.parent, run=living.run)


async def opened(app: GantermApp, pilot: Pilot[None]) -> MonitorScreen:
    await look(app, pilot)
    assert isinstance(app.screen, MonitorScreen)
    return app.screen


async def look(app: GantermApp, pilot: Pilot[None]) -> None:
    """Read the runs, and wait until what was read is shown."""
    await app.workers.wait_for_complete()
    app.read_now()
    await pilot.pause()


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


# What it says


@awaited
async def test_it_says_how_far_the_run_is(living: LivingRun) -> None:
    """Run, state, step, speed, time left, device, epoch and memory, in words and a bar."""
    app = app_on(living)
    living.report("running", memory_bytes=300 << 20, started=1.0)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        header = screen.query_one(Header).text
        for word in ("dcgan-001", "running", "400/1,000", "2,310 images/s", "cpu"):
            assert word in header
        progress = screen.query_one(ProgressLine).text
        for word in ("40.0 %", "epoch 4.0", "memory 300M", "so far"):
            assert word in progress
        sparks = screen.query_one(Sparks).text
        for word in ("D loss", "G loss", "D(x)", "D(G(z))"):
            assert word in sparks


@awaited
async def test_new_points_move_only_what_shows_them(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        chart = screen.query_one("#chart", StepChart)
        before = chart.chart
        living.report("running")
        await look(app, pilot)
        assert chart.chart is before
        living.train(440)
        await look(app, pilot)
        assert chart.chart is not before
        assert "440/1,000" in screen.query_one(Header).text


@awaited
async def test_a_killed_worker_is_named_with_its_last_words(living: LivingRun) -> None:
    """One look after its death the app says so, what it printed and the way to go on."""
    app = app_on(living)
    living.run.log.write_text("warming up\nout of \x1b[31mmemory\n")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert notice(screen) == ""
        living.die()
        app.poller._readers[living.run.name]._look_again = 0.0
        await look(app, pilot)
        assert "crashed" in screen.query_one(Header).text
        words = notice(screen)
        assert "died without a word after step 400" in words
        assert "ganterm resume dcgan-001" in words
        text = screen_text(app)
        assert "memory" in text
        assert "\x1b" not in text


@awaited
async def test_a_slow_worker_is_not_called_dead(living: LivingRun) -> None:
    """After a minute of silence it is said to be alive, for it holds the lock."""
    app = app_on(living)
    living.report("running", updated=1.0)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert "running" in screen.query_one(Header).text
        assert "No word from the worker" in notice(screen)
        assert "alive" in notice(screen)
        living.report("running")
        await look(app, pilot)
        screen.update_times()
        assert notice(screen) == ""


@awaited
async def test_a_run_of_another_machine_is_unknown(living: LivingRun) -> None:
    app = app_on(living)
    living.report("running", host="box7")
    living.die()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert "unknown" in screen.query_one(Header).text
        assert "another machine, box7" in notice(screen)
        await pilot.press("p")
        await app.workers.wait_for_complete()
        assert [command.name for command in pending(living.run.control)] == ["pause"]


@awaited
async def test_trouble_is_in_the_log_with_its_remedy(living: LivingRun) -> None:
    app = app_on(living)
    living.say("alert", code="not-finite", message="G's loss is \x1b[0m", remedy="lower lr_g")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert "400  note: G's loss is" in log(screen)
        assert "lower lr_g" in log(screen)
        assert "\x1b" not in log(screen)


# How it is read


@awaited
async def test_the_cursor_reads_and_the_samples_follow(living: LivingRun) -> None:
    """What is read in the charts is the step of the samples, and the other way round."""
    app = app_on(living)
    for step in (0, 100, 200, 400):
        path = living.run.sample_path(step)
        save_png(Raster(8, 8, 1, bytes(64)), path)
        living.journal.write(record_of("sample", step, path=str(path.relative_to(living.run.path))))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert seen(screen) == 400
        screen.charts.point_at(150)
        await pilot.pause()
        assert seen(screen) == 100
        assert "at step 150" in screen_text(app)
        await pilot.press("pagedown")
        await pilot.pause()
        assert cursor(screen) == 200
        assert seen(screen) == 200
        await pilot.press("pageup", "pageup")
        await pilot.pause()
        assert cursor(screen) == 0
        await pilot.press("escape")
        await pilot.pause()
        assert cursor(screen) is None
        assert seen(screen) == 400


@awaited
async def test_keys_zoom_pan_and_read(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        charts = screen.charts

        def shown() -> tuple[float, float]:
            return charts.window.bounds(charts.last)

        assert shown() == (0, 400)
        await pilot.press("plus")
        assert shown() == (200, 400)
        await pilot.press("left_curly_bracket")
        assert shown() == (150, 350)
        await pilot.press("right_curly_bracket", "right_curly_bracket")
        assert shown() == (200, 400)
        await pilot.press("minus")
        assert shown() == (0, 400)
        await pilot.press("left")
        first = charts.window.cursor
        await pilot.press("left", "left", "right")
        assert first is not None
        assert charts.window.cursor is not None
        assert charts.window.cursor < first
        await pilot.press("home")
        assert charts.window.cursor == 0
        await pilot.press("plus", "0", "end")
        assert shown() == (0, 400)
        assert charts.window.cursor is None


@awaited
async def test_the_mouse_points_zooms_and_drags(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        charts = screen.charts
        chart = charts.first_chart
        assert chart.chart is not None
        area = chart.chart.area
        middle = chart.content_offset.x + area.left + area.width // 2
        await pilot.click("#chart", offset=(middle, 5))
        assert charts.window.cursor is not None
        assert abs(charts.window.cursor - 200) <= 400 / area.width
        await pilot.press("plus")
        before = charts.window.bounds(400)
        await pilot.mouse_down("#chart", offset=(middle, 5))
        await pilot.hover("#chart", offset=(middle + 8, 5))
        await pilot.mouse_up("#chart", offset=(middle + 8, 5))
        after = charts.window.bounds(400)
        assert after[0] < before[0]
        assert after[1] - after[0] == pytest.approx(before[1] - before[0])


@awaited
async def test_charts_are_switched_smoothed_and_scaled(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("right_square_bracket", "s", "l", "o")
        assert screen.charts.kind.name == "outputs"
        text = screen_text(app)
        for word in ("Discriminator's output", "smoothed 0.6", "log scale", "without outliers"):
            assert word in text
        await pilot.press("left_square_bracket", "s", "s", "s", "l", "o")
        assert "smoothed" not in screen_text(app)
        bar = screen.charts.query_one(ChoiceLine).render_line(0).text
        await pilot.click("#charts ChoiceLine", offset=(bar.index("accuracy") + 2, 0))
        assert screen.charts.kind.name == "accuracy"


@awaited
async def test_two_charts_where_there_is_room_for_them(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(200, 50)) as pilot:
        await opened(app, pilot)
        text = screen_text(app)
        assert "Losses" in text
        assert "Discriminator's output" in text


@awaited
async def test_every_pane_can_be_gone_to(tmp_path: Path) -> None:
    """By its number, by Tab, and alone with all the room, at every size."""
    with LivingRun(tmp_path) as living:
        living.train(40)
        app = app_on(living)
        async with app.run_test() as pilot:
            for size in ((60, 20), (80, 24), (120, 40)):
                await pilot.resize_terminal(*size)
                app.watch_run(living.run)
                screen = await opened(app, pilot)
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


# How it is steered


@awaited
async def test_a_change_goes_out_is_awaited_and_marked(living: LivingRun) -> None:
    """Several presses are one command; its answer becomes the value and a mark on the charts."""
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("comma", "comma")
        assert row(screen, "lr_g").note == "asked for 0.0001 …"
        screen.steering.send_queued()
        await look(app, pilot)
        (command,) = living.answer()
        assert command.args == {"key": "lr_g", "value": 1e-4}
        await look(app, pilot)
        assert row(screen, "lr_g").value == "0.0001"
        assert row(screen, "lr_g").note == "0.0002 until step 400"
        assert "lr_g: 0.0002 to 0.0001" in log(screen)
        assert screen.steering.pending.waiting == {}
        living.train(440)
        await look(app, pilot)
        assert "Δ changed" in screen_text(app)
        await pilot.press("m")
        assert cursor(screen) == 400
        assert "lr_g: 0.0002 to 0.0001" in screen.charts.reading


@awaited
async def test_a_refused_change_is_explained(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("v", "full_stop")
        screen.steering.send_queued()
        await look(app, pilot)
        living.answer("lr_d stands still in this loss")
        await look(app, pilot)
        found = row(screen, "lr_d")
        assert found.value == "0.0002"
        assert "refused: lr_d stands still" in found.note
        assert found.tone == "bad"
        assert "lr_d stands still" in log(screen)


@awaited
async def test_a_value_can_be_typed(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("e")
        entry = app.screen.query_one(Input)
        assert entry.value == "0.0002"
        entry.value = "2"
        await pilot.press("enter")
        assert app.screen is not screen
        assert "lr_g must be a number from 0 to 1" in screen_text(app)
        entry.value = "3e-4"
        await pilot.press("enter")
        await look(app, pilot)
        (command,) = living.answer()
        assert command.args == {"key": "lr_g", "value": 3e-4}


@awaited
async def test_undo_goes_back_change_by_change(living: LivingRun) -> None:
    app = app_on(living)
    for key, value in (("lr_g", 1e-4), ("d_steps", 3)):
        living.say("control", id=key, name="set", args={"key": key, "value": value}, error="")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("u", "u")
        await look(app, pilot)
        commands = living.answer()
        assert [command.args for command in commands] == [
            {"key": "d_steps", "value": 1},
            {"key": "lr_g", "value": 2e-4},
        ]
        await look(app, pilot)
        assert row(screen, "lr_g").value == "0.0002"
        await pilot.press("u")
        await look(app, pilot)
        assert pending(living.run.control) == []


@awaited
async def test_commands_go_out_in_the_order_of_the_keys(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("k", "i", "p", "x")
        await pilot.press("y")
        await look(app, pilot)
        names = [command.name for command in pending(living.run.control)]
        assert names == ["checkpoint", "sample", "pause", "stop"]


@awaited
async def test_the_same_key_pauses_and_goes_on(living: LivingRun) -> None:
    app = app_on(living)
    living.report("paused")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
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
    one, other = app_on(living), app_on(living)
    async with one.run_test(size=(120, 40)) as first:
        mine = await opened(one, first)
        await first.press("3", "down", "down", "right")
        mine.steering.send_queued()
        await look(one, first)
        living.answer()
        await look(one, first)
        found = row(mine, "d_steps")
        assert found.value == "2"
    async with other.run_test(size=(120, 40)) as second:
        theirs = await opened(other, second)
        assert row(theirs, "d_steps") == found
        await second.press("u")
        await look(other, second)
        (command,) = living.answer()
        assert command.args == {"key": "d_steps", "value": 1}


def offered_words(app: GantermApp) -> str:
    """Return what the footer and the line of buttons offer, and the command palette."""
    bars = [*app.screen.query(ActionFooter)]
    shown = [action.label for bar in bars for _, action in bar.offered(400)]
    return " ".join([*shown, *(each.title for each in app.get_system_commands(app.screen))])


@awaited
async def test_only_what_applies_is_offered(living: LivingRun) -> None:
    """A run that trains is paused and stopped; one that has ended is trained on; not both."""
    app = app_on(living)
    steering = ("pause", "checkpoint", "stop", "undo", "set")
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        words = offered_words(app).split()
        assert {*steering} <= {*words}
        assert "resume" not in words
        updates: list[object] = []
        screen.bindings_updated_signal.subscribe(screen, updates.append)
        living.die()
        app.poller._readers[living.run.name]._look_again = 0.0
        await look(app, pilot)
        words = offered_words(app).split()
        assert not {*steering} & {*words}
        assert "resume" in words
        assert updates


@awaited
async def test_a_dead_run_is_trained_on_by_a_key(
    living: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that steer say why they cannot; r starts a worker."""
    started: list[RunDir] = []
    monkeypatch.setattr(run_actions, "start_worker", lambda run, arguments: started.append(run))
    app = app_on(living)
    living.die()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("p", "k", "full_stop", "u", "e", "x")
        await pilot.pause()
        assert isinstance(app.screen, MonitorScreen)
        assert pending(living.run.control) == []
        told = [notification.message for notification in app._notifications]
        assert any("is not training (crashed); r trains it on" in words for words in told)
        await pilot.press("r")
        await app.workers.wait_for_complete()
        assert started == [living.run]


@awaited
async def test_a_worker_that_dies_leaves_no_command_waiting(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("k")
        await look(app, pilot)
        assert screen.steering.pending.waiting
        living.die()
        app.poller._readers[living.run.name]._look_again = 0.0
        await look(app, pilot)
        assert screen.steering.pending.waiting == {}
        assert "ended before it took this: writing a checkpoint" in log(screen)


@awaited
async def test_the_mouse_steers_too(living: LivingRun) -> None:
    """The buttons of a line, two clicks on it, and the bar above."""
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
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


@awaited
async def test_a_branch_begins_where_the_charts_are_read(
    living: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint nearest to the step that is read is offered first; nothing may differ."""
    made: list[tuple[int, dict[str, Value]]] = []

    def branch(run: RunDir, step: int, runs_dir: Path, **wanted: Any) -> RunDir:
        changes, command = wanted["changes"], wanted["command"]
        assert command == f"ganterm branch dcgan-001 --step={step} --set=lr_g=0.0001"
        made.append((step, changes))
        return run

    monkeypatch.setattr(branching, "branch", branch)
    monkeypatch.setattr(branching, "start_worker", lambda run: None)
    for step in (0, 100, 300):
        living.run.checkpoint_path(step).touch()
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        screen.charts.point_at(120)
        await pilot.press("b")
        await app.workers.wait_for_complete()
        options = app.screen.query_one(OptionList)
        assert options.option_count == 3
        assert options.highlighted == 1
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


@awaited
async def test_nothing_branches_from_a_run_without_checkpoints(living: LivingRun) -> None:
    app = app_on(living)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("b")
        await app.workers.wait_for_complete()
        assert isinstance(app.screen, MonitorScreen)
        assert any("no checkpoint yet" in each.message for each in app._notifications)
