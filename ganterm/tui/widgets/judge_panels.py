"""What the judge's screen shows: scores, and the images that speak for a generator and against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget

from ganterm.client.feed import StepFile
from ganterm.client.previews import READING, Sheet
from ganterm.client.scores import Figure, curves, figures, picture_of
from ganterm.components.scores import SCORES
from ganterm.core.records import JudgedRecord
from ganterm.render.chart import Mark, Reference, Trace, View
from ganterm.runs.layout import RunDir
from ganterm.tui.lines import wrapped
from ganterm.tui.score_lines import figure_lines
from ganterm.tui.widgets.chart import Drawing, StepChart
from ganterm.tui.widgets.picture_pair import PicturePair, PicturePanel
from ganterm.tui.widgets.row_list import StyledLines
from ganterm.tui.widgets.toned import ChoiceLine

_SIDES = ((150, 92), (100, 50), (66, 38), (0, 30))
"""Cells of the figures, by the least width of the panel that they take them of."""
_ONCE: Final = (
    "Judged at one step so far. Press a to judge every checkpoint that is kept, or set judge_every "
    "to judge while it trains: how each score went is drawn here then."
)


@dataclass(frozen=True)
class _Shown:
    """The judgements of one judge, which of them is looked at, and how a score is drawn."""

    records: Sequence[JudgedRecord]
    at: int
    score: str
    log: bool
    marks: Sequence[Mark]


class ScoreList(StyledLines, can_focus=False):
    """The figures; a click chooses one."""

    @dataclass
    class Chosen(Message):
        """A score was clicked."""

        name: str

    def __init__(self) -> None:
        super().__init__()
        self.figures: Sequence[Figure] = ()

    def show_figures(self, shown: Sequence[Figure], score: str) -> None:
        """Show the figures of a judgement, `score` as the one that is drawn."""
        self.figures = shown
        self.show(lambda width, charset: figure_lines(shown, score, width, charset=charset))

    @property
    def is_lit(self) -> bool:
        return isinstance(self.parent, Widget) and self.parent.has_focus

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y - 1
        if 0 <= at < len(self.figures):
            event.stop()
            self.post_message(self.Chosen(self.figures[at].name))


class ScorePanel(Horizontal, can_focus=True):
    """Figures beside a chart."""

    DEFAULT_CSS = """
    ScorePanel {
        ScoreList { width: 30; padding: 0 1 0 0; scrollbar-size: 0 0; }
        StepChart, #once { width: 1fr; padding: 0 1 0 0; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._shown: _Shown | None = None

    def compose(self) -> ComposeResult:
        yield ScoreList()
        yield StepChart()
        yield StyledLines(id="once")

    def on_mount(self) -> None:
        self.query_one("#once", StyledLines).show(
            lambda width, _charset: wrapped(_ONCE, width, "muted")
        )

    def on_focus(self) -> None:
        self.query_one(ScoreList).repaint()

    def on_blur(self) -> None:
        self.query_one(ScoreList).repaint()

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(ScoreList).styles.width = self._side
        self._draw()

    def show(
        self,
        records: Sequence[JudgedRecord],
        at: int,
        score: str,
        *,
        log: bool = False,
        marks: Sequence[Mark] = (),
    ) -> None:
        """Show the judgement at index `at` of those of one judge, and `score` over all of them."""
        self.query_one(ScoreList).show_figures(figures(records, at) if records else [], score)
        self._shown = _Shown(records, at, score, log, marks) if records else None
        self._draw()

    @property
    def _side(self) -> int:
        """Cells that the figures take."""
        return next(side for least, side in _SIDES if self.size.width >= least)

    def _draw(self) -> None:
        shown, chart = self._shown, self.query_one(StepChart)
        if shown is None:
            chart.show(Drawing())
            return
        record, score = shown.records[shown.at], shown.score
        way = curves(shown.records, score)
        once = max(map(len, way.values()), default=0) < 2
        chart.display, self.query_one("#once").display = not once, once
        floor = record.floor_of(score)
        traces = [
            Trace(f"of {count:,} images", series, style)
            for style, (count, series) in enumerate(
                sorted(way.items(), key=lambda item: item[0] != record.n)
            )
        ]
        references = [Reference(floor, "real")] if floor is not None else []
        newest = shown.at == len(shown.records) - 1
        view = View(log=shown.log, bands=False, crosshair=None if newest else float(record.step))
        title = _title(score, self.size.width - self._side - 1)
        chart.show(Drawing(traces, view, title, references, shown.marks))


def _title(score: str, width: int) -> str:
    facts = SCORES.facts(score)
    whole = f"{facts.title}, {facts.direction}"
    return whole if cell_len(whole) <= width else facts.title


KINDS: Final = ("best", "worst")
_WORDS: Final = {"best": "most convincing", "worst": "least convincing"}


class Extremes(PicturePanel):
    """Shows the best images of a judgement or its worst.

    Attributes:
        kind: which of `KINDS` is shown.
    """

    DEFAULT_CSS = """
    Extremes:focus ChoiceLine {
        background: $panel;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(real=True, id=id)
        self.kind = KINDS[0]
        self._run: RunDir | None = None
        self._record: JudgedRecord | None = None
        self._sample: StepFile | None = None

    def compose(self) -> ComposeResult:
        yield ChoiceLine(id="extremes")
        yield PicturePair()

    def show(
        self, run: RunDir | None, record: JudgedRecord | None, sample: StepFile | None = None
    ) -> None:
        """Show another judgement, or the same again; without images of its own, `sample`."""
        if run and any(picture_of(run, record, kind) for kind in KINDS):
            sample = None
        if run != self._run:
            self.pair.unzoom()
        if (run, record, sample) != (self._run, self._record, self._sample):
            self._run, self._record, self._sample = run, record, sample
            self.draw()

    # What can be done

    def turn(self) -> None:
        self.kind = KINDS[1 - KINDS.index(self.kind)]
        self.draw()

    @on(ChoiceLine.Chosen)
    def _choose(self, event: ChoiceLine.Chosen) -> None:
        event.stop()
        self.kind = KINDS[event.index]
        self.draw()

    # What it looks like

    def draw(self) -> None:
        if not self.is_mounted:
            return
        path = picture_of(self._run, self._record, self.kind) if self._run else None
        if self._sample:
            path = self._sample.path
        real = self._run.real_samples if self._run and self.real else None
        self.pictures.want(*(each for each in (path, real) if each is not None))
        self.pair.show(self._fake(path), self.pictures.beside(real), self.tone)
        said = self.pair.zoomed_words or self.pair.hidden_words or self.tone.words
        line = self.query_one(ChoiceLine)
        if self._sample:
            line.show([f"samples of step {self._sample.step:,}"], 0, said)
        else:
            line.show([_WORDS[kind] for kind in KINDS], KINDS.index(self.kind), said)

    def _fake(self, path: Path | None) -> Sheet:
        if path is None:
            return Sheet(trouble="no picture was kept")
        return self.pictures.get(path) or READING
