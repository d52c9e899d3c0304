"""The judge's screen: scores score by score, judgement by judgement, judge by judge; judging."""

from __future__ import annotations

from collections.abc import Mapping
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
from ganterm.tui.widgets.choice_line import ChoiceLine
from ganterm.tui.widgets.judge_panels import Extremes
from ganterm.tui.widgets.part_line import Header
from ganterm.tui.widgets.picture_pair import FAKE, REAL
from ganterm.tui.widgets.row_list import StyledLines
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
async def test_scores_and_judgements_are_gone_through(tmp_path: Path) -> None:
    """] and [ change the score, the arrows the judgement; chart, figures and crosshair follow."""
    run = judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        assert drawing(screen).title == "Frechet distance"
        assert [each.value for each in drawing(screen).references] == [0.61]
        assert drawing(screen).view.crosshair is None
        await pilot.press("right_square_bracket", "down")
        assert screen.score == "kid"
        await pilot.press("up", "left_square_bracket", "left_square_bracket")
        assert screen.score == "copies"
        await pilot.press("left")
        assert drawing(screen).view.crosshair == 300
        assert "step 300" in screen_text(app)
        assert "3 of 4" in screen_text(app)
        await pilot.press("home")
        assert drawing(screen).view.crosshair == 100
        await pilot.press("left", "right")
        assert drawing(screen).view.crosshair == 200
        await pilot.press("end", "l")
        assert drawing(screen).view.crosshair is None
        assert drawing(screen).view.log
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert drawing(screen).title == "copies, less is better"


@awaited
async def test_a_score_and_a_judgement_are_chosen_by_the_mouse(tmp_path: Path) -> None:
    """A click on a figure draws it; one in the chart goes to the judgement near."""
    run = judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        await pilot.click("ScoreList", offset=(4, 4))
        await pilot.pause()
        assert screen.score == "precision"
        area = screen.query_one(StepChart).chart
        assert area is not None
        await pilot.click(StepChart, offset=(area.area.left + 1, area.area.top + 2))
        await pilot.pause()
        assert screen.looked_at == (100, 10_000)


@awaited
async def test_judgements_of_one_step_are_told_apart(tmp_path: Path) -> None:
    """Two numbers of images on one checkpoint are two judgements, and two curves."""
    run = judged_run(tmp_path, steps=(200, 400))
    judge(run, [200], n=2000)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        assert [trace.label for trace in drawing(screen).traces] == [
            "of 10,000 images",
            "of 2,000 images",
        ]
        seen = []
        for _ in range(3):
            await pilot.press("left")
            seen.append(screen.looked_at)
        assert seen == [(200, 10_000), (200, 2000), (200, 2000)]


@awaited
async def test_each_judge_is_shown_by_itself(tmp_path: Path) -> None:
    """The one that spoke last at first; j turns to the other."""
    run = judged_run(tmp_path)
    judge(run, [300], judge="ffee00aa11", judge_name="Inception v3", fid=112.0)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        assert "Inception v3" in screen_text(app)
        assert "by 2 judges" in screen.query_one(Header).text
        assert [len(trace.source) for trace in drawing(screen).traces] == [1]
        await pilot.press("j")
        assert "classifier of mnist" in screen_text(app)
        assert [len(trace.source) for trace in drawing(screen).traces] == [4]


@awaited
async def test_the_judged_runs_stand_in_a_table(tmp_path: Path) -> None:
    """All of them, or those that are marked; never one that was not judged."""
    run = judged_run(tmp_path)
    judged_run(tmp_path, "other-001", (200,))
    judged_run(tmp_path, "third-001", (200,))
    write_run(tmp_path, "raw-001")
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        table = words(screen, "others")
        assert "▸ dcgan-001" in table
        assert "other-001" in table
        assert "third-001" in table
        assert "raw-001" not in table
        assert table.index("dcgan-001") < table.index("other-001")
        await pilot.press("escape")
        app.judge_run(run, [run, RunDir(tmp_path / "other-001")])
        assert "third-001" not in words(await look(app, pilot), "others")


@awaited
async def test_best_and_worst_are_seen_beside_real_data(tmp_path: Path) -> None:
    """W turns between them, t takes the real ones away, f shows one large, Esc all again."""
    run = judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        pair = screen.query_one(Extremes).pair
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
        assert isinstance(app.screen, JudgeScreen)


@awaited
async def test_pictures_that_are_missing_are_said_to_be(tmp_path: Path) -> None:
    """A judgement of points has none; a file may be gone."""
    run = judged_run(tmp_path)
    judge(run, [404], pictures=False)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        assert "no picture was kept" in screen_text(app)
        (run.samples / "judged-00000300-best.png").unlink()
        await pilot.press("left", "left")
        await look(app, pilot)
        pair = screen.query_one(Extremes).pair
        assert not pair.sheets[FAKE].images
        assert pair.sheets[FAKE].trouble


@awaited
async def test_new_judgements_appear_and_a_rewind_takes_them_back(tmp_path: Path) -> None:
    """The newest is followed; what a resume voids is gone."""
    run = judged_run(tmp_path, steps=(100,))
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, run)
        assert "step 100" in screen_text(app)
        judge(run, [300])
        await look(app, pilot)
        assert "step 300" in screen_text(app)
        await pilot.press("4")
        assert "300" in screen_text(app)


@awaited
async def test_what_to_do_is_said_where_nothing_was_judged(tmp_path: Path) -> None:
    """With a checkpoint, how to have it judged; without one, how to get one."""
    run = write_run(tmp_path, "raw-001")
    ready = judged_run(tmp_path, steps=())
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, run)
        assert "no checkpoint yet" in screen_text(app)
        await pilot.press("escape")
        await opened(app, pilot, ready)
        assert "ganterm judge dcgan-001" in screen_text(app)
        assert "checkpoint of step 400" in screen_text(app)


class ScriptedJudging:
    """A judgement as a test plays it."""

    def __init__(self, run: RunDir, options: Mapping[str, Any] | None = None) -> None:
        self.name = run.name
        self.options = dict(options or {})
        self.progress = TaskProgress("Generating images", 3000, 10_000, "images")

    def poll(self) -> TaskProgress:
        return self.progress

    def cancel(self) -> None:
        self.progress = TaskProgress(ended=True, error="The judgement was broken off.")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[ScriptedJudging]:
    """Return the judgements that are begun."""
    found: list[ScriptedJudging] = []

    def begin(*arguments: Any) -> ScriptedJudging:
        found.append(ScriptedJudging(*arguments))
        return found[-1]

    monkeypatch.setattr(judging, "Judging", begin)
    return found


@awaited
async def test_a_run_is_judged_at_a_key(tmp_path: Path, begun: list[ScriptedJudging]) -> None:
    """How far it is is shown, a second one waits, and what it wrote is there at its end."""
    run = judged_run(tmp_path, steps=())
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, run)
        await pilot.press("g")
        await pilot.pause()
        assert [each.options for each in begun] == [{}]
        assert " 30 %  3,000 images  Generating images   x breaks it off" in screen_text(app)
        await pilot.press("g", "a")
        assert len(begun) == 1
        judge(run, [400])
        begun[0].progress = TaskProgress(ended=True)
        screen.bar.update_progress()
        await look(app, pilot)
        assert not screen.requests.under_way
        assert "step 400" in screen_text(app)
        await pilot.press("a")
        assert begun[1].options == {"every": True}


@awaited
async def test_how_to_judge_can_be_said(tmp_path: Path, begun: list[ScriptedJudging]) -> None:
    """G asks for step, images and judge; nonsense is refused where it is typed."""
    run = judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, run)
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


@awaited
async def test_a_judgement_under_way_names_its_run_on_the_screen_of_another(
    tmp_path: Path, begun: list[ScriptedJudging]
) -> None:
    """Its progress as well as why it failed."""
    run, other = judged_run(tmp_path), judged_run(tmp_path, "dcgan-002")
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, run)
        await pilot.press("g")
        assert "dcgan-001: " not in screen_text(app)
        screen = await opened(app, pilot, other)
        assert "dcgan-001: " in screen_text(app)
        begun[0].cancel()
        screen.bar.update_progress()
        await pilot.pause()
        assert "✗ dcgan-001: The judgement was broken off. Esc hides this." in screen_text(app)


@awaited
async def test_why_it_failed_stays_until_it_is_read(
    tmp_path: Path, begun: list[ScriptedJudging]
) -> None:
    """X breaks it off; the sentence of any failure is shown, and Esc hides it first of all."""
    run = judged_run(tmp_path)
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, run)
        await pilot.press("g", "x")
        await pilot.pause()
        assert "The judgement was broken off." in screen_text(app)
        await pilot.press("g")
        begun[1].progress = TaskProgress(ended=True, error="mnist is \x1b not here.")
        screen.bar.update_progress()
        await pilot.pause()
        assert "✗ mnist is" in screen_text(app)
        assert "\x1b" not in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "✗" not in screen_text(app)
        assert isinstance(app.screen, JudgeScreen)


@awaited
async def test_a_run_without_a_checkpoint_is_not_judged(
    tmp_path: Path, begun: list[ScriptedJudging]
) -> None:
    """It is said, and nothing is started."""
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, write_run(tmp_path, "raw-001"))
        await pilot.press("g")
        await pilot.pause()
        assert begun == []
        assert any("no checkpoint yet" in each.message for each in app._notifications)


@awaited
async def test_a_run_judged_once_says_how_there_will_be_a_curve(tmp_path: Path) -> None:
    """One point is no curve: there are words in its place, until there is a second."""
    run = judged_run(tmp_path, steps=(400,))
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
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
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        assert screen.pictures.query_one(ChoiceLine).chosen == "samples of step 150"
        assert screen.pictures.pair.sheets[FAKE].images == [ramp(3)]
        judge(run, [300])
        await look(app, pilot)
        assert screen.pictures.query_one(ChoiceLine).chosen == "most convincing"


@awaited
async def test_only_judging_is_offered_before_there_is_a_judgement(tmp_path: Path) -> None:
    run = judged_run(tmp_path, steps=())
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, run)
        offered = [
            name
            for name in ("judge", "next_score", "extreme", "pane_classes", "leave")
            if screen.check_action(name, ())
        ]
        assert offered == ["judge", "leave"]
