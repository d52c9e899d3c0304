"""Comparing runs: curves over one another, settings side by side, as they come."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.strip import Strip

from ganterm.runs.journal import JournalWriter
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.compare import SMOOTHING, CompareScreen, DiffTable
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.widgets.chart import ChartView, Drawing
from ganterm.tui.widgets.part_line import Header
from tests.records import record as record_of
from tests.tui.driving import awaited, make_app, painted, screen_text, write_run
from tests.tui.judged import judge, judged_run


def drawing_of(app: GantermApp) -> Drawing:
    drawing = app.screen.query_one(ChartView).drawing
    assert drawing is not None
    return drawing


def drawn(app: GantermApp) -> list[str]:
    return [trace.label for trace in drawing_of(app).traces]


@awaited
async def test_five_runs_lie_over_one_another(tmp_path: Path) -> None:
    """Each has a curve of its own, named in the legend, and a column in the table."""
    runs = [write_run(tmp_path, f"run-{i}", drift=i / 10) for i in range(5)]
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.compare_runs(runs)
        await pilot.pause()
        assert "reading 5 more" in app.screen.query_one(Header).text
        app.read_now()
        await pilot.pause()
        assert drawn(app) == [run.name for run in runs]
        assert len({trace.style for trace in drawing_of(app).traces}) == 5
        text = screen_text(app)
        assert all(text.count(run.name) >= 2 for run in runs)
        assert "The settings do not differ." in text


@awaited
async def test_every_quantity_can_be_drawn(tmp_path: Path) -> None:
    """] and [ go around what any of the runs has measured."""
    runs = [write_run(tmp_path, "one"), write_run(tmp_path, "two")]
    with JournalWriter(runs[1].journal) as journal:
        journal.write(record_of("metrics", 500, wasserstein=0.5))
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.compare_runs(runs)
        app.read_now()
        await pilot.pause()
        titles = []
        for _ in range(5):
            titles.append(drawing_of(app).title)
            await pilot.press("right_square_bracket")
        assert titles == ["G loss", "D loss", "Wasserstein estimate", "images/s", "G loss"]
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        assert drawn(app) == ["two"]


@awaited
async def test_scale_and_smoothing_go_around(tmp_path: Path) -> None:
    """Key l switches the scale, s goes through the weights; the header says what is on."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.compare_runs([write_run(tmp_path, "one"), write_run(tmp_path, "two")])
        app.read_now()
        await pilot.press("l")
        assert drawing_of(app).view.log
        assert "log scale" in app.screen.query_one(Header).text
        weights = []
        for _ in SMOOTHING:
            await pilot.press("s")
            weights.append(drawing_of(app).view.smoothing)
        assert weights == [*SMOOTHING[1:], 0.0]


@awaited
async def test_new_points_appear_and_an_unchanged_chart_is_not_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run writes is drawn at the next look; looking again paints no line."""
    run = write_run(tmp_path, "one")
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.compare_runs([run, write_run(tmp_path, "two")])
        app.read_now()
        await painted(pilot)
        lines: list[int] = []
        original = ChartView.render_line

        def spy(chart: ChartView, y: int) -> Strip:
            lines.append(y)
            return original(chart, y)

        monkeypatch.setattr(ChartView, "render_line", spy)
        assert isinstance(app.screen, CompareScreen)
        app.screen.on_screen_resume()
        await pilot.pause()
        assert lines == []
        with JournalWriter(run.journal) as journal:
            journal.write(record_of("metrics", 600, g_loss=9.0))
        app.read_now()
        await pilot.pause()
        assert lines
        assert "9" in app.screen.query_one(ChartView).render_line(0).text


@awaited
async def test_leaving_goes_back_and_stops_reading(tmp_path: Path) -> None:
    """Escape shows the runs again, and their histories are no longer kept."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.compare_runs([write_run(tmp_path, "one"), write_run(tmp_path, "two")])
        app.read_now()
        assert len(app.poller.feeds) == 2
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen)
        app.read_now()
        assert len(app.poller.feeds) <= 1


@awaited
async def test_all_settings_can_be_seen(tmp_path: Path) -> None:
    """Key a shows the settings that agree as well."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.compare_runs([write_run(tmp_path, "one"), write_run(tmp_path, "two", lr_g=1e-3)])
        app.read_now()
        await pilot.pause()
        table = app.screen.query_one(DiffTable)
        assert table.lines == [["lr_g", "0.0002", "0.001"]]
        await pilot.press("a")
        assert [line[0] for line in table.lines] == ["recipe", "dataset", "batch_size", "lr_g"]


@awaited
async def test_scores_are_drawn_and_set_side_by_side_a_judge_at_a_time(tmp_path: Path) -> None:
    """Key v puts scores in the place of what was measured, and tables in that of the settings."""
    one, two = judged_run(tmp_path, "one", (100, 200)), judged_run(tmp_path, "two", (100,))
    judge(two, [400], judge="ffee00aa11", judge_name="Inception v3", fid=112.0)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.compare_runs([one, two])
        app.read_now()
        await pilot.pause()
        await pilot.press("v")
        await pilot.pause()
        assert drawing_of(app).title == "Frechet distance, less is better"
        assert drawn(app) == ["one", "two"]
        assert "by classifier of mnist" in app.screen.query_one(Header).text
        text = screen_text(app)
        assert text.index("For quality, take one") < text.index("Judge: Inception v3")
        for _ in range(10):
            await pilot.press("right_square_bracket")
        assert drawing_of(app).title == "Frechet distance, less is better"
        assert drawn(app) == ["two"]
        assert "by Inception v3" in app.screen.query_one(Header).text
        assert not app.screen.query_one(DiffTable).display
        await pilot.press("v")
        await pilot.pause()
        assert app.screen.query_one(DiffTable).has_focus
        assert drawing_of(app).title == "G loss"


@awaited
async def test_runs_without_scores_keep_their_settings_in_sight(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        app.compare_runs([write_run(tmp_path, "one"), write_run(tmp_path, "two")])
        app.read_now()
        await pilot.press("v")
        assert app.screen.query_one(DiffTable).display
