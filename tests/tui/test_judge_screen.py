"""The judge's screen: scores score by score, judgement by judgement, judge by judge; judging."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ganterm.client.tasks import TaskProgress
from ganterm.render.sheet import save_sheet
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import judging
from ganterm.tui.screens.judge import JudgeScreen
from ganterm.tui.widgets.chart import Drawing, StepChart
from ganterm.tui.widgets.picture_pair import FAKE, REAL
from ganterm.tui.widgets.row_list import StyledLines
from ganterm.tui.widgets.toned import ChoiceLine, Header
from tests.records import record as record_of
from tests.tui.driving import awaited, make_app, screen_text, write_run
from tests.tui.judged import judge, judged_run, ramp


async def look(app: GantermApp, pilot: Pilot[None]) -> JudgeScreen:
    """Read everything, and return the screen that shows it."""
    for _ in range(3):
        app.read_now()
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
    assert isinstance(app.screen, JudgeScreen)
    return app.screen


async def opened(app: GantermApp, pilot: Pilot[None], run: RunDir) -> JudgeScreen:
    """Open a run on the screen."""
    app.read_now()
    app.judge_run(run)
    return await look(app, pilot)


@asynccontextmanager
async def judged(
    run: RunDir, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[GantermApp, Pilot[None], JudgeScreen]]:
    """Run an app that shows how good a run is, and give it, its pilot and the judge's screen."""
    app = make_app(run.path.parent)
    async with app.run_test(size=size) as pilot:
        yield app, pilot, await opened(app, pilot, run)


def drawing(screen: JudgeScreen) -> Drawing:
    found = screen.query_one(StepChart).drawing
    assert found is not None
    return found


def words(screen: JudgeScreen, name: str) -> str:
    lines = screen.query_one(f"#{name}", StyledLines).lines
    return "\n".join("".join(piece.text for piece in line) for line in lines)


@awaited
async def test_it_is_opened_from_the_list_and_from_the_monitor_and_left_to_there(
    tmp_path: Path,
) -> None:
    """Key J opens it, Esc goes back to where it came from, W watches."""
    judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.read_now()
        await pilot.pause()
        await pilot.press("J")
        await look(app, pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "runs"
        await pilot.press("enter")
        app.read_now()
        await pilot.press("J")
        await look(app, pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "monitor"
        await pilot.press("J", "W")
        await pilot.pause()
        assert app.current_mode == "monitor"


@awaited
async def test_judgements_are_gone_through(tmp_path: Path) -> None:
    """By keys and mouse: chart, figures, crosshair, images and the table of runs follow."""
    run = judged_run(tmp_path)
    judged_run(tmp_path, "other-001", (200,))
    judged_run(tmp_path, "third-001", (200,))
    write_run(tmp_path, "raw-001")
    async with judged(run) as (app, pilot, screen):
        # ] and [ change the score, the arrows the judgement.
        assert drawing(screen).title == "Frechet distance"
        assert [each.value for each in drawing(screen).references] == [0.61]
        assert drawing(screen).view.crosshair is None
        await pilot.press("right_square_bracket", "down")
        assert screen.score == "kid"
        await pilot.press("up", "left_square_bracket", "left_square_bracket")
        assert screen.score == "copies"
        crosshairs = []
        for keys in ("left", "home", "left right"):
            await pilot.press(*keys.split())
            crosshairs.append(drawing(screen).view.crosshair)
            if keys == "left":
                assert "step 300" in screen_text(app)
                assert "3 of 4" in screen_text(app)
        assert crosshairs == [300, 100, 200]
        await pilot.press("end", "l")
        assert (drawing(screen).view.crosshair, drawing(screen).view.log) == (None, True)
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert drawing(screen).title == "copies, less is better"
        await pilot.resize_terminal(120, 40)
        await pilot.pause()

        # A click on a figure draws it; one in the chart goes to the judgement near.
        await pilot.click("ScoreList", offset=(4, 4))
        await pilot.pause()
        assert screen.score == "precision"
        chart = screen.query_one(StepChart).chart
        assert chart is not None
        await pilot.click(StepChart, offset=(chart.area.left + 1, chart.area.top + 2))
        await pilot.pause()
        assert screen.looked_at == (100, 10_000)
        await pilot.press("end")

        # Best and worst stand beside real data, or one image alone; a file may be gone.
        pair = screen.pictures.pair
        assert list(pair.sheets) == [FAKE, REAL]
        assert pair.sheets[FAKE].images[0] == ramp(0)
        assert pair.sheets[REAL].images[0] == ramp(15)
        await pilot.press("w")
        assert pair.sheets[FAKE].images[0] == ramp(8)
        await pilot.press("t")
        assert list(pair.sheets) == [FAKE]
        await pilot.press("f", "n")
        assert pair.zoomed_words == "image 2 of 16"
        await pilot.press("escape")
        assert pair.zoomed_words == ""
        assert app.screen is screen
        (run.samples / "judged-00000300-worst.png").unlink()
        await pilot.press("left")
        await look(app, pilot)
        assert not pair.sheets[FAKE].images
        assert pair.sheets[FAKE].trouble

        # All judged runs stand in the table, or those that are marked; never one that was not.
        table = words(screen, "others")
        assert "raw-001" not in table
        assert table.index("▸ dcgan-001") < table.index("other-001")
        assert "third-001" in table
        app.judge_run(run, [run, RunDir(tmp_path / "other-001")])
        assert "third-001" not in words(await look(app, pilot), "others")


@awaited
async def test_judgements_of_one_step_and_judges_are_told_apart(tmp_path: Path) -> None:
    """Two numbers of images on one checkpoint are two judgements; the last judge comes first."""
    run = judged_run(tmp_path, steps=(200, 400))
    judge(run, [200], n=2000)
    async with judged(run) as (app, pilot, screen):
        labels = [trace.label for trace in drawing(screen).traces]
        assert labels == ["of 10,000 images", "of 2,000 images"]
        seen = []
        for _ in range(3):
            await pilot.press("left")
            seen.append(screen.looked_at)
        assert seen == [(200, 10_000), (200, 2000), (200, 2000)]
        await pilot.press("end")
        judge(run, [404], pictures=False, judge="ffee00aa11", judge_name="Inception v3", fid=112.0)
        await look(app, pilot)
        assert "Inception v3" in screen_text(app)
        assert "no picture was kept" in screen_text(app)
        assert "by 2 judges" in screen.query_one(Header).text
        assert [len(trace.source) for trace in drawing(screen).traces] == [1]
        await pilot.press("j")
        assert "classifier of mnist" in screen_text(app)
        assert [len(trace.source) for trace in drawing(screen).traces] == [2, 1]


class ScriptedJudging:
    """A judgement as a test plays it."""

    def __init__(self, run: RunDir, options: Mapping[str, Any] | None = None) -> None:
        self.name = run.name
        self.options = dict(options or {})
        self.progress = TaskProgress("Generating images", 3000, 10_000, "images")

    def poll(self) -> TaskProgress:
        return self.progress

    def cancel(self) -> None:
        self.end("The judgement was broken off.")

    def end(self, error: str = "") -> None:
        self.progress = TaskProgress(ended=True, error=error)


@awaited
async def test_runs_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a key, or after saying how; how far it is and why it failed stays until it is read."""
    begun: list[ScriptedJudging] = []

    def begin(*arguments: Any) -> ScriptedJudging:
        begun.append(ScriptedJudging(*arguments))
        return begun[-1]

    monkeypatch.setattr(judging, "Judging", begin)
    raw, run = write_run(tmp_path, "raw-001"), judged_run(tmp_path, steps=())
    other = judged_run(tmp_path, "dcgan-002", steps=())
    async with judged(raw, (80, 24)) as (app, pilot, screen):

        async def shown() -> str:
            screen.bar.update_progress()
            await pilot.pause()
            return screen_text(app)

        # Without a checkpoint it is said how to get one, and nothing is started.
        assert "no checkpoint yet" in screen_text(app)
        await pilot.press("g")
        await pilot.pause()
        assert begun == []
        assert any("no checkpoint yet" in each.message for each in app._notifications)
        await pilot.press("escape")

        # With one it is said how to have it judged, and nothing but that is offered.
        await opened(app, pilot, run)
        assert "ganterm judge dcgan-001" in screen_text(app)
        assert "checkpoint of step 400" in screen_text(app)
        names = ("judge", "next_score", "extreme", "pane_classes", "leave")
        assert [name for name in names if screen.check_action(name, ())] == ["judge", "leave"]

        # G asks for step, images and judge; nonsense is refused where it is typed.
        await pilot.press("G")
        await pilot.pause()
        app.screen.query_one(Input).value = "fast"
        await pilot.press("enter")
        await pilot.pause()
        assert begun == []
        app.screen.query_one(Input).value = "step=400 n=500 judge=digits"
        await pilot.press("enter")
        await pilot.pause()
        assert begun[0].options == {"step": 400, "count": 500, "judge": "digits"}
        progress = " 30 %  3,000 images  Generating images   x breaks it off"
        assert progress in await shown()
        assert "dcgan-001: " not in screen_text(app)
        await pilot.press("g", "a")
        assert len(begun) == 1

        # On the screen of another run it names its own.
        await opened(app, pilot, other)
        assert "dcgan-001: " in screen_text(app)
        begun[0].cancel()
        assert "✗ dcgan-001: The judgement was broken off. Esc hides this." in await shown()
        await opened(app, pilot, run)
        await pilot.press("escape", "g", "x")
        assert "✗ The judgement was broken off." in await shown()
        await pilot.press("g")
        begun[2].end("mnist is \x1b not here.")
        assert "✗ mnist is" in await shown()
        assert "\x1b" not in screen_text(app)
        await pilot.press("escape")
        assert "✗" not in await shown()
        assert app.screen is screen

        # What it wrote is there at its end, and what others write as it comes.
        await pilot.press("g")
        judge(run, [400])
        begun[3].end()
        screen.bar.update_progress()
        await look(app, pilot)
        assert not screen.requests.under_way
        assert "step 400" in screen_text(app)
        await pilot.press("a")
        assert begun[4].options == {"every": True}
        judge(run, [500])
        await look(app, pilot)
        assert "step 500" in screen_text(app)
        await pilot.press("4")
        assert "500" in screen_text(app)


@awaited
async def test_a_run_judged_once_says_how_there_will_be_a_curve(tmp_path: Path) -> None:
    """One point is no curve: there are words in its place, until there is a second."""
    run = judged_run(tmp_path, steps=(400,))
    async with judged(run) as (app, pilot, screen):
        assert not screen.query_one(StepChart).display
        assert "Press a to judge every checkpoint" in " ".join(words(screen, "once").split())
        judge(run, [200])
        await look(app, pilot)
        assert screen.query_one(StepChart).display
        assert not screen.query_one("#once").display


@awaited
async def test_points_are_shown_as_they_were_sampled(tmp_path: Path) -> None:
    """A judge of points keeps no best and no worst: the samples of the judged step stand there."""
    run = judged_run(tmp_path, steps=())
    save_sheet([ramp(3)], 1, run.samples / "step-00000150.png")
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("sample", 150, path="samples/step-00000150.png"))
    judge(run, [200], pictures=False)
    async with judged(run) as (app, pilot, screen):
        assert screen.pictures.query_one(ChoiceLine).chosen == "samples of step 150"
        assert screen.pictures.pair.sheets[FAKE].images == [ramp(3)]
        judge(run, [300])
        await look(app, pilot)
        assert screen.pictures.query_one(ChoiceLine).chosen == "most convincing"
