"""The first screen: every run, and what can be done to one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from ganterm.client.feed import RunFeed
from ganterm.client.overview import Overview
from ganterm.client.previews import PictureLoader, Sheet
from ganterm.client.wording import sentence
from ganterm.render.chart import Trace, View
from ganterm.render.text import safe_text
from ganterm.render.tint import Tone
from ganterm.tui.base import AppBase, AppScreen
from ganterm.tui.messages import FeedUpdated, RunsListed
from ganterm.tui.screens.run_actions import RunActions
from ganterm.tui.widgets.chart import ChartView, Drawing
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.run_table import RunTable
from ganterm.tui.widgets.toned import Header, LinePart

_SMOOTHING: Final = 0.6
_LOSSES: Final = (("g_loss", "G loss"), ("d_loss", "D loss"))


class RunCard(Horizontal):
    """A chart beside the newest samples."""

    app = getters.app(AppBase)

    DEFAULT_CSS = """
    RunCard {
        background: $background;
        border-top: solid $line;
        & > ChartView { width: 1fr; padding: 0 1; }
        & > PictureGrid { width: 44%; margin: 0 1; display: none; }
        &.-samples > PictureGrid { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        yield ChartView()
        yield PictureGrid(id="samples")

    def on_mount(self) -> None:
        self._path: Path | None = None
        self._pictures = PictureLoader(
            lambda: self.app.call_later(self._draw), background=self.app.options.background
        )

    def on_unmount(self) -> None:
        self._pictures.stop()

    def show(self, feed: RunFeed | None) -> None:
        """Show another run, or the same as it stands; None is one still to be read."""
        traces = [
            Trace(title, feed.series[name], style)
            for style, (name, title) in enumerate(_LOSSES)
            if feed and name in feed.series
        ]
        view = View(smoothing=_SMOOTHING, bands=False)
        drawing = Drawing(traces, view, feed.run.name if feed else "")
        self.query_one(ChartView).show(drawing)
        self._path = feed.samples[-1].path if feed and feed.samples else None
        self.set_class(self._path is not None, "-samples")
        self._draw()

    def _draw(self) -> None:
        """Show the samples once they are read; what cannot be read is not there."""
        sheet: Sheet | None = Sheet()
        if self._path is not None:
            self._pictures.want(self._path)
            sheet = self._pictures.get(self._path)
        if sheet is not None:
            self.query_one(PictureGrid).show(sheet.images, Tone(), classes=len(sheet.classes))


CARD_FROM_LINES: Final = 32
"""Height of a screen that has room for more than the table."""
_NEED_A_RUN: Final = frozenset(
    {"watch", "mark", "mark_all", "resume", "queue", "judge", "explore", "rename", "note", "delete"}
)
REST_SECONDS: Final = 0.25
"""How long the cursor rests on a run before the run is read in full."""


class RunsScreen(AppScreen):
    """All runs in a table."""

    SCOPE = "runs"
    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "RunTable"

    table = getters.query_one(RunTable)

    def __init__(self) -> None:
        super().__init__()
        self.actions = RunActions(self, lambda: self.table.current)
        self._resting: Timer | None = None
        self._closer = ""

    def compose(self) -> ComposeResult:
        yield Header([LinePart("ganterm", "title", 9)])
        yield Input(
            placeholder="words that a run must hold; Enter keeps the filter, Esc drops it",
            id="filter",
        )
        yield RunTable()
        yield Static("Looking for runs …", id="nothing")
        yield RunCard()
        yield Static("", id="about")
        yield ActionFooter("runs")

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self.query_one(RunTable).display = False
        self.app.runs_signal.subscribe(self, self._show)
        self.app.feed_signal.subscribe(self, self._follow)
        if self.app.listed:
            self._show(self.app.listed)

    def on_screen_resume(self) -> None:
        self._rest()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height >= CARD_FROM_LINES, "-tall")
        self._rest()

    def _show(self, listed: RunsListed) -> None:
        self.table.show(listed.runs)
        self._tell_trouble(listed.trouble)

    # What the screen says

    @on(RunTable.Arranged)
    def _count(self) -> None:
        listed = self.app.listed
        if listed is None:
            return
        runs, table = listed.runs, self.table
        alive = sum(bool(run.alive) for run in runs)
        queued = sum(run.place is not None for run in runs)
        lost = sum(run.state in {"crashed", "failed"} for run in runs)
        count = f"{len(table.shown)} of {len(runs)} runs" if table.wanted else _runs(len(runs))
        self.query_one(Header).show(
            LinePart("ganterm", "title", 9),
            LinePart(count, "text", 8),
            LinePart(f"● {alive} training" if alive else "", "good", 7),
            LinePart(f"≡ {queued} queued" if queued else "", "text", 6),
            LinePart(f"✗ {lost} failed" if lost else "", "bad", 6),
            LinePart(f"◆ {len(table.marked)} marked" if table.marked else "", "text", 5),
            LinePart(str(self.app.options.runs_dir), "muted", 1),
        )
        nothing = self.query_one("#nothing", Static)
        nothing.display = not table.shown
        table.display = bool(table.shown)
        if table.display and self.focused is None:
            table.focus()
        if runs and not table.shown:
            nothing.update(Content(f"No run holds “{safe_text(table.wanted)}”. Esc shows all."))
        elif not runs:
            self._tell_trouble(listed.trouble)
        self._describe()
        self.refresh_bindings()

    @on(RunTable.Moved)
    def _describe(self) -> None:
        run = self.table.current
        self.query_one("#about", Static).update(Content(_about(run)) if run else "")
        self.set_class(run is None, "-none")
        self.refresh_bindings()
        if run and self._closer != run.name:
            self._rest()

    # What it says of the run under the cursor

    def _rest(self) -> None:
        """Look closer at the run under the cursor once the cursor has rested there."""
        if self._resting:
            self._resting.stop()
        self._resting = self.set_timer(REST_SECONDS, self.show_card)

    def show_card(self) -> None:
        """Read the run under the cursor in full, to show its curves and samples."""
        run = self.table.current
        if run and self.is_current and self.has_class("-tall"):
            self._closer = run.name
            self.query_one(RunCard).show(self.app.feed(run.run))
            self.app.poller.watch(run.run)

    def _follow(self, news: FeedUpdated) -> None:
        if self.is_current and news.feed.run.name == self._closer:
            self.query_one(RunCard).show(news.feed)

    def _tell_trouble(self, trouble: str) -> None:
        if self.app.listed and not self.app.listed.runs:
            where = self.app.options.runs_dir
            told = trouble or f"There are no runs in {where} yet.\nPress n to set one up."
            self.query_one("#nothing", Static).update(Content(safe_text(told, newline=True)))

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        run = self.table.current
        if action in _NEED_A_RUN:
            return True if run else None
        if action in {"sooner", "later"}:
            return True if run and run.place is not None else None
        if action == "compare":
            return True if len(self.table.marked) > 1 else None
        return True

    def applies(self, action: str) -> bool:
        if action == "clear":
            return bool(self.query_one("#filter").display or self.table.marked)
        return super().applies(action)

    def open_run(self) -> None:
        if run := self.table.current:
            self.app.watch_run(run.run)

    @on(RunTable.Opened)
    def _open(self, event: RunTable.Opened) -> None:
        self.app.watch_run(event.run.run)

    def mark(self) -> None:
        """Mark the run under the cursor, or unmark it, and go to the next."""
        if run := self.table.current:
            self.table.mark([run.name])
            self.table.action_move(1)

    def mark_all(self) -> None:
        """Mark every run that is shown; unmark them if all are."""
        names = {run.name for run in self.table.shown}
        self.table.mark(names, on=not names <= self.table.marked)

    def judge(self) -> None:
        if run := self.table.current:
            marked = self._marked
            self.app.judge_run(run.run, [each.run for each in marked] if marked else None)

    def explore(self) -> None:
        if run := self.table.current:
            self.app.explore_run(run.run)

    def compare_marked(self) -> None:
        """Lay the marked runs over one another, in the table's order."""
        self.app.compare_runs(run.run for run in self._marked)

    def delete(self) -> None:
        """Delete the marked runs, or the one under the cursor where none is."""
        current = self.table.current
        self.actions.delete(self._marked or ([current] if current else []))

    @property
    def _marked(self) -> list[Overview]:
        """The marked runs: those shown in the table's order, then the others."""
        listed = self.app.listed
        marked = [run for run in self.table.shown if run.name in self.table.marked]
        hidden = [
            run
            for run in (listed.runs if listed else ())
            if run.name in self.table.marked and run not in marked
        ]
        return [*marked, *hidden]

    def reverse(self) -> None:
        self.table.sort(self.table.column, turned=not self.table.turned)

    def begin_filter(self) -> None:
        field = self.query_one("#filter", Input)
        # At once: what is typed next must not go elsewhere.
        field.display = True
        self.set_focus(field)

    @on(Input.Changed, "#filter")
    def _filter(self, event: Input.Changed) -> None:
        self.table.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one("#filter").display = bool(self.table.wanted)
        self.set_focus(self.table)

    def clear(self) -> None:
        """Drop the filter; without one, the marks."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = False
            self.set_focus(self.table)
        else:
            self.table.mark(list(self.table.marked), on=False)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _about(run: Overview) -> str:
    """Return what the table has no room for, in a line or two."""
    said = sentence(run.name, run.state, run.message)
    if run.trouble:
        said += f"\n{run.trouble}"
    if run.note:
        said += f"\n“{run.note}”"
    return safe_text(said, newline=True)
