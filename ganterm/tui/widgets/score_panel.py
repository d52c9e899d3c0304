"""The scores of a run: the figures of one judgement, and one of them over the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from ganterm.comparison import LESS_IS_BETTER
from ganterm.render.chart import Mark, Reference, Trace, View
from ganterm.render.colour import Charset
from ganterm.runs.records import Record
from ganterm.tui.watch.lines import Line
from ganterm.tui.watch.score_lines import figure_lines
from ganterm.tui.watch.verdicts import TITLES, Figure, count_of, curves, figures, floor_of
from ganterm.tui.widgets.chart import Drawing
from ganterm.tui.widgets.step_chart import StepChart
from ganterm.tui.widgets.styled_lines import StyledLines

_SIDES = ((150, 92), (100, 50), (66, 38), (0, 30))
"""Cells of the figures, by the least width of the panel that they take them of."""


class ScoreList(StyledLines, can_focus=False):
    """The figures; a click chooses one."""

    @dataclass
    class Chosen(Message):
        """A score was clicked."""

        index: int

    def on_click(self, event: events.Click) -> None:
        """Choose the score that was clicked."""
        at = event.y + self.scroll_offset.y - 1
        if 0 <= at < len(self.lines) - 1:
            event.stop()
            self.post_message(self.Chosen(at))


class ScorePanel(Horizontal, can_focus=True):
    """Figures beside a chart."""

    DEFAULT_CSS = """
    ScorePanel {
        ScoreList { width: 30; padding: 0 1 0 0; scrollbar-size: 0 0; }
        StepChart { width: 1fr; padding: 0 1 0 0; }
        &:focus .lines--heading { color: $accent; }
    }
    """

    @dataclass
    class ScoreChosen(Message):
        """Another score is wanted."""

        name: str

    @dataclass
    class StepPointed(Message):
        """A step was pointed at in the chart."""

        step: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._figures: list[Figure] = []

    def compose(self) -> ComposeResult:
        """Put the figures beside the chart."""
        yield ScoreList()
        yield StepChart()

    def on_resize(self, event: events.Resize) -> None:
        """Give the figures their share."""
        side = next(side for least, side in _SIDES if event.size.width >= least)
        self.query_one(ScoreList).styles.width = side

    def show(
        self,
        records: Sequence[Record],
        at: int,
        score: str,
        *,
        log: bool = False,
        marks: Sequence[Mark] = (),
    ) -> None:
        """Show the judgement at index `at` of those of one judge, and `score` over all of them."""
        self._figures = figures(records, at) if records else []
        self.query_one(ScoreList).show(partial(_figure_lines, tuple(self._figures), score))
        chart = self.query_one(StepChart)
        if not records:
            chart.show(Drawing())
            return
        record = records[at]
        floor = floor_of(record, score)
        title, _ = TITLES[score]
        better = "less is better" if score in LESS_IS_BETTER else "more is better"
        traces = [
            Trace(f"of {count:,} images", series, style)
            for style, (count, series) in enumerate(
                sorted(curves(records, score).items(), key=lambda item: item[0] != count_of(record))
            )
        ]
        references = [Reference(floor, "real")] if floor is not None else []
        cursor = None if at == len(records) - 1 else float(record["step"])
        view = View(log=log, bands=False, crosshair=cursor)
        chart.show(Drawing(traces, view, f"{title}, {better}", references, marks))

    @on(ScoreList.Chosen)
    def _choose(self, event: ScoreList.Chosen) -> None:
        event.stop()
        if event.index < len(self._figures):
            self.post_message(self.ScoreChosen(self._figures[event.index].name))

    @on(StepChart.Pointed)
    def _point(self, event: StepChart.Pointed) -> None:
        event.stop()
        self.post_message(self.StepPointed(event.step))

    @on(StepChart.Zoomed)
    @on(StepChart.Dragged)
    def _ignore(self, event: Message) -> None:
        event.stop()


def _figure_lines(
    shown: Sequence[Figure], score: str, width: int, charset: Charset
) -> Sequence[Line]:
    return figure_lines(shown, score, width, charset=charset)
