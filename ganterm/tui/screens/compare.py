"""Several runs over one another, where their settings differ, and how they were judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.scroll_view import ScrollView

from ganterm.client.comparison import RunStanding, SeedCurve, by_seed, latest_by_judge, seeds_words
from ganterm.client.feed import RunFeed
from ganterm.client.overview import settings_of
from ganterm.client.scores import ScoreCurves, judge_among, score_traces, scores_among
from ganterm.components.scores import MAIN, SCORES
from ganterm.config.differences import Compared, differing
from ganterm.core.quantities import QUANTITIES
from ganterm.render.chart import STYLES, Trace, View
from ganterm.render.chart.view import GLYPHS, trace_glyph
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppScreen
from ganterm.tui.lines import RUN_TONES, Line, Piece, left
from ganterm.tui.messages import FeedUpdated
from ganterm.tui.score_lines import run_lines
from ganterm.tui.widgets.chart import ChartView, Drawing
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.row_list import RowList, StyledLines
from ganterm.tui.widgets.toned import Header, LinePart

_FIRST: Final = "g_loss"
"""What is drawn at first."""

Quantity = str | ScoreCurves

SMOOTHING: Final = (0.0, 0.6, 0.9, 0.97)


_GAP: Final = 2
_WIDEST: Final = 28


@dataclass(frozen=True)
class Subject(Compared):
    """A run in the table.

    Attributes:
        mark: the sign of its curve; `style`: the index of its colour.
    """

    mark: str
    style: int


class DiffTable(RowList):
    """Settings of several runs side by side: a line a setting, a column a run."""

    BINDINGS = ScrollView.BINDINGS
    CHOOSES = False
    HEADING = 1
    DEFAULT_CSS = """
    DiffTable { overflow: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = []
        self._subjects: Sequence[Subject] = ()
        self._widths: list[int] = []

    def show(self, subjects: Sequence[Subject], *, everything: bool = False) -> None:
        """Show other runs, or the same as they stand now."""
        lines = differing(subjects, everything=everything)
        if (subjects, lines) == (self._subjects, self.lines):
            return
        self._subjects, self.lines = subjects, lines
        titles = ["SETTING", *(f"{each.mark} {each.name}" for each in subjects)]
        self._widths = [
            min(max(map(cell_len, map(safe_text, column))), _WIDEST)
            for column in zip(titles, *self.lines, strict=True)
        ]
        width = sum(self._widths) + _GAP * len(self._widths) + 1
        self.show_rows(max(len(self.lines), 1), width)
        self._fit_height()

    def on_resize(self) -> None:
        self._fit_height()

    def _fit_height(self) -> None:
        """Be no taller than it needs, with a line for the scroll bar: the rest is the chart's."""
        wide, tall = self.virtual_size
        self.styles.height = tall + int(wide > self.size.width)

    def heading(self) -> Line:
        if not self._widths:
            return (Piece("", "heading"),)
        runs = zip(self._subjects, self._widths[1:], strict=True)
        names = (
            Piece(_cell(f"{run.mark} {run.name}", width), RUN_TONES[run.style])
            for run, width in runs
        )
        return (
            Piece(f" {_cell('SETTING', self._widths[0])}", "heading"),
            *names,
            Piece("", "heading"),
        )

    def row(self, index: int, chosen: bool) -> Line:
        if not self.lines:
            return (Piece(" The settings do not differ." if self._subjects else "", "muted"),)
        first, *values = self.lines[index]
        most = max(set(values), key=values.count)
        cells = (
            Piece(
                _cell(value, width),
                "text" if value == most and values.count(value) > 1 else "strong",
            )
            for value, width in zip(values, self._widths[1:], strict=True)
        )
        return (Piece(f" {_cell(first, self._widths[0])}", "muted"), *cells)


def _cell(text: str, width: int) -> str:
    return left(safe_text(text), width) + " " * _GAP


class CompareScreen(AppScreen):
    """The runs that were marked."""

    SCOPE = "compare"
    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "DiffTable"

    def __init__(self) -> None:
        super().__init__()
        self._quantity: Quantity = _FIRST
        self._log = False
        self._smoothing = 0
        self._everything = False
        self._scored = False
        self._each_seed = False
        self._seen: tuple[RunDir, ...] = ()

    def compose(self) -> ComposeResult:
        yield Header([LinePart("Comparing runs", "title", 9)])
        yield ChartView()
        yield DiffTable()
        yield StyledLines(id="verdicts")
        yield ActionFooter("compare")

    def on_mount(self) -> None:
        self.app.feed_signal.subscribe(self, self._follow)

    def on_screen_resume(self) -> None:
        if self._seen != self.app.compared:
            self._seen = self.app.compared
            for lines in self.query(ScrollView):
                lines.scroll_home(animate=False)
        self._show()

    def _follow(self, news: FeedUpdated) -> None:
        if news.feed.run in self.app.compared and self.is_current:
            self._show()

    @property
    def feeds(self) -> list[RunFeed | None]:
        """What is known of the runs, in their order; None for one still to be read."""
        return [self.app.feed(run) for run in self.app.compared]

    @property
    def quantities(self) -> list[Quantity]:
        """What can be drawn: what judges said, or what any of the runs has measured."""
        feeds = [feed for feed in self.feeds if feed]
        if self._scored:
            return [*scores_among([feed.judged for feed in feeds])]
        known = {name for feed in feeds for name in feed.series}
        names = [each.name for each in QUANTITIES.values() if each.alone and each.name in known]
        return sorted(names, key=_FIRST.__ne__) or [_FIRST]

    def _show(self) -> None:
        feeds = self.feeds
        if not self.quantities:
            self._scored = False
        names = self.quantities
        if self._quantity not in names:
            self._quantity = names[0]
        self._show_header(feeds, names)
        self.query_one(ChartView).show(self._drawing(feeds))
        self.query_one(DiffTable).show(self._subjects(feeds), everything=self._everything)
        self._show_scores(feeds)

    def _drawing(self, feeds: Sequence[RunFeed | None]) -> Drawing:
        quantity, smoothing = self._quantity, SMOOTHING[self._smoothing]
        groups = [] if self._each_seed else by_seed(self._subjects(feeds))
        if isinstance(quantity, ScoreCurves):
            judged = {run.name: feed.judged if feed else () for run, feed in self._paired(feeds)}
            traces, title, smoothing = score_traces(judged, quantity), quantity.title, 0.0
        else:
            title = QUANTITIES[quantity].title
            traces = [
                Trace(feed.run.name, feed.series[quantity], style)
                for style, feed in enumerate(feeds)
                if feed and quantity in feed.series
            ]
        view = View(log=self._log, smoothing=smoothing, bands=bool(groups))
        return Drawing(self._together(traces, groups), view, title)

    def _together(self, traces: list[Trace], groups: Sequence[Sequence[int]]) -> list[Trace]:
        """Return one trace for the runs of each group, whose indices are the styles of theirs."""
        for group in groups:
            theirs = [trace for trace in traces if trace.style in group]
            if len(theirs) > 1:
                names = [self.app.compared[trace.style].name for trace in theirs]
                mean = SeedCurve([trace.source for trace in theirs])
                traces = [trace for trace in traces if trace not in theirs]
                traces.append(Trace(seeds_words(names), mean, theirs[0].style))
        return sorted(traces, key=lambda trace: trace.style)

    def _paired(self, feeds: Sequence[RunFeed | None]) -> Iterator[tuple[RunDir, RunFeed | None]]:
        return zip(self.app.compared, feeds, strict=True)

    def _show_scores(self, feeds: Sequence[RunFeed | None]) -> None:
        runs = tuple(
            RunStanding(
                *(run.name, run.settings, run.began_with),
                *(latest_by_judge(feed.judged), {}, feed.step),
            )
            for run, feed in zip(self._subjects(feeds), feeds, strict=True)
            if feed
        )
        quantity = self._quantity
        drawn = quantity if isinstance(quantity, ScoreCurves) else ScoreCurves("", MAIN)
        self.query_one(DiffTable).display = not self._scored
        below = self.query_one("#verdicts", StyledLines)
        below.display = self._scored
        below.show(
            lambda width, charset: run_lines(
                runs, drawn.score, "", width, charset=charset, first=drawn.judge
            )
        )

    def _show_header(self, feeds: Sequence[RunFeed | None], names: Sequence[Quantity]) -> None:
        unread = sum(feed is None for feed in feeds)
        at = names.index(self._quantity) + 1
        quantity, smoothing, by = self._quantity, SMOOTHING[self._smoothing], ""
        if isinstance(quantity, ScoreCurves):
            called, smoothing = SCORES.facts(quantity.score).title, 0.0
            by = f"by {judge_among([feed.judged for feed in feeds if feed], quantity.judge)}"
        else:
            called = QUANTITIES[quantity].title
        self.query_one(Header).show(
            LinePart(f"Comparing {len(feeds)} runs", "title", 9),
            LinePart(f"reading {unread} more …" if unread else "", "muted", 5),
            LinePart(f"{called} ({at} of {len(names)})", "text", 8),
            LinePart(by, "muted", 4),
            LinePart("log scale" if self._log else "", "text", 7),
            LinePart(f"smoothed {smoothing:g}" if smoothing else "", "text", 6),
        )

    def _subjects(self, feeds: Sequence[RunFeed | None]) -> list[Subject]:
        glyphs = GLYPHS[self.app.options.canvas.charset]
        return [
            Subject(
                run.name,
                feed.config if feed and feed.config else settings_of(run),
                feed.start_config if feed else {},
                trace_glyph(glyphs, index),
                index % STYLES,
            )
            for index, (run, feed) in enumerate(self._paired(feeds))
        ]

    # What can be done

    def turn(self, by: int) -> None:
        names = self.quantities
        self._quantity = names[(names.index(self._quantity) + by) % len(names)]
        self._show()

    def toggle_log(self) -> None:
        self._log = not self._log
        self._show()

    def smooth_more(self) -> None:
        """Smooth more, and at last not at all."""
        self._smoothing = (self._smoothing + 1) % len(SMOOTHING)
        self._show()

    def toggle_seeds(self) -> None:
        """Draw the mean of runs that differ in the seed alone, with its deviation, or each."""
        if not by_seed(self._subjects(self.feeds)):
            self.app.say("No two of these runs differ in the seed alone.")
            return
        self._each_seed = not self._each_seed
        self._show()

    def toggle_all_settings(self) -> None:
        self._everything = not self._everything
        self._show()

    def toggle_scores(self) -> None:
        """Draw scores, with the tables of the judges below; or what was measured, and settings."""
        wanted = self._scored = not self._scored
        self._show()
        if wanted and not self._scored:
            self.app.say("None of these runs was judged; J in the list of runs has one judged.")
        self.query_one("#verdicts" if self._scored else "DiffTable").focus()
