"""Comparing runs: curves over one another, settings side by side, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.strip import Strip

from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.compare import SMOOTHING, CompareScreen, DiffTable
from ganterm.tui.screens.runs import RunsScreen
from ganterm.tui.widgets.chart import ChartView, Drawing
from ganterm.tui.widgets.toned import Header
from tests.records import record as record_of
from tests.tui.driving import awaited, make_app, painted, screen_text, write_run
from tests.tui.forms import on_top
from tests.tui.judged import judge, judged_run


def drawing_of(app: GantermApp) -> Drawing:
    drawing = app.screen.query_one(ChartView).drawing
    assert drawing is not None
    return drawing


def drawn(app: GantermApp) -> list[str]:
    return [trace.label for trace in drawing_of(app).traces]


def header_of(app: GantermApp) -> str:
    return app.screen.query_one(Header).text


async def compared(app: GantermApp, pilot: Pilot[None], runs: Sequence[RunDir]) -> DiffTable:
    """Lay runs over one another, read them, and return the table of their settings."""
    app.show_runs()
    app.compare_runs(runs)
    app.read_now()
    await painted(pilot)
    return app.screen.query_one(DiffTable)


@awaited
async def test_runs_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what was measured, in any manner, and by their settings; what is left is not read on."""
    five = [write_run(tmp_path, f"run-{i}", drift=i / 10) for i in range(5)]
    pair = [write_run(tmp_path, "one"), write_run(tmp_path, "two")]
    with JournalWriter(pair[1].journal) as journal:
        journal.write(record_of("metrics", 500, wasserstein=0.5))
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        # Each of five has a curve of its own, named in the legend, and a column in the table.
        app.compare_runs(five)
        await pilot.pause()
        assert "reading 5 more" in header_of(app)
        app.read_now()
        await pilot.pause()
        assert drawn(app) == [run.name for run in five]
        assert len({trace.style for trace in drawing_of(app).traces}) == 5
        text = screen_text(app)
        assert all(text.count(run.name) >= 2 for run in five)
        assert "The settings do not differ." in text

        # ] and [ go around what any of the runs has measured.
        await compared(app, pilot, pair)
        titles = []
        for _ in range(5):
            titles.append(drawing_of(app).title)
            await pilot.press("right_square_bracket")
        assert titles == ["G loss", "D loss", "Wasserstein estimate", "images/s", "G loss"]
        await pilot.press("right_square_bracket")
        assert drawn(app) == ["two"]
        await pilot.press("left_square_bracket", "left_square_bracket")

        # Key l switches the scale, s goes through the weights; the header says what is on.
        await pilot.press("l")
        assert drawing_of(app).view.log
        assert "log scale" in header_of(app)
        weights = []
        for _ in SMOOTHING:
            await pilot.press("s")
            weights.append(drawing_of(app).view.smoothing)
        assert weights == [*SMOOTHING[1:], 0.0]
        await pilot.press("l")

        # What a run writes is drawn at the next look; looking again paints no line.
        await painted(pilot)
        lines: list[int] = []
        original = ChartView.render_line

        def spy(chart: ChartView, y: int) -> Strip:
            lines.append(y)
            return original(chart, y)

        monkeypatch.setattr(ChartView, "render_line", spy)
        on_top(app, CompareScreen).on_screen_resume()
        await pilot.pause()
        assert lines == []
        with JournalWriter(pair[0].journal) as journal:
            journal.write(record_of("metrics", 600, g_loss=9.0))
        app.read_now()
        await pilot.pause()
        assert lines
        assert "9" in app.screen.query_one(ChartView).render_line(0).text

        # Runs without scores keep their settings in sight, which agree as far as they do.
        other = write_run(tmp_path, "three", lr_g=1e-3)
        table = await compared(app, pilot, [pair[0], other])
        await pilot.press("v")
        assert table.display
        assert table.lines == [["lr_g", "0.0002", "0.001"]]
        await pilot.press("a")
        assert [line[0] for line in table.lines] == ["recipe", "dataset", "batch_size", "lr_g"]

        # Escape shows the runs again, and their histories are no longer kept.
        assert len(app.poller.feeds) == 2
        await pilot.press("escape")
        await pilot.pause()
        on_top(app, RunsScreen)
        app.read_now()
        assert len(app.poller.feeds) <= 1


@awaited
async def test_seeds_are_drawn_together_or_each(tmp_path: Path) -> None:
    """Runs that differ in the seed alone are their mean and a band, and a line in the tables."""
    seeds = [write_run(tmp_path, f"run-{i}", drift=i / 10, seed=i) for i in range(3)]
    for run, fid in zip(seeds, (3.0, 5.0, 10.0), strict=True):
        judge(run, [100, 200], fid=fid)
    other = write_run(tmp_path, "slow", lr_g=1e-5, seed=0)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await compared(app, pilot, [*seeds, other])
        assert drawn(app) == ["3 seeds of run-0", "slow"]
        (first, *_), _ = (trace.source.window(0, 400, 100) for trace in drawing_of(app).traces)
        assert first is not None
        assert first.high - first.mean == pytest.approx(0.1)
        assert drawing_of(app).view.bands
        await pilot.press("l")
        await pilot.press("M")
        assert drawn(app) == ["run-0", "run-1", "run-2", "slow"]
        assert not drawing_of(app).view.bands
        await pilot.press("M", "v")
        await pilot.pause()
        assert drawn(app) == ["3 seeds of run-0"]
        text = screen_text(app)
        _, mean = (line for line in text.splitlines() if "3 seeds of run-0" in line)
        (apart,) = (line for line in text.splitlines() if "standard deviation" in line)
        assert " 6 " in mean
        assert "3.606" in apart
        await pilot.press("v")
        await compared(app, pilot, [seeds[0], other])
        await pilot.press("M")
        await pilot.pause()
        assert any("in the seed alone" in each.message for each in app._notifications)


@awaited
async def test_scores_are_drawn_and_set_side_by_side_a_judge_at_a_time(tmp_path: Path) -> None:
    """Key v puts scores in the place of what was measured, and tables in that of the settings."""
    one, two = judged_run(tmp_path, "one", (100, 200)), judged_run(tmp_path, "two", (100,))
    judge(two, [400], judge="ffee00aa11", judge_name="Inception v3", fid=112.0)
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        table = await compared(app, pilot, [one, two])
        await pilot.press("v")
        await pilot.pause()
        assert drawing_of(app).title == "Frechet distance, less is better"
        assert drawn(app) == ["one", "two"]
        assert "by classifier of mnist" in header_of(app)
        text = screen_text(app)
        assert text.index("For quality, take one") < text.index("Judge: Inception v3")
        for _ in range(10):
            await pilot.press("right_square_bracket")
        assert drawing_of(app).title == "Frechet distance, less is better"
        assert drawn(app) == ["two"]
        assert "by Inception v3" in header_of(app)
        assert not table.display
        await pilot.press("v")
        await pilot.pause()
        assert table.has_focus
        assert drawing_of(app).title == "G loss"
