"""The first screen: every run, and what can be done to one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from ganterm.errors import GantermError
from ganterm.overview import Overview
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs import manage
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import check_name
from ganterm.tui.actions import bindings
from ganterm.tui.app import RunsListed
from ganterm.tui.screens.base import AppScreen
from ganterm.tui.screens.confirm import ConfirmScreen
from ganterm.tui.screens.prompt import PromptScreen
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part
from ganterm.tui.widgets.run_table import RunTable

_RESUMABLE = frozenset({"new", "stopped", "failed", "crashed"})


class RunsScreen(AppScreen):
    """All runs in a table."""

    SCOPE = "runs"
    BINDINGS = bindings("runs")
    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "RunTable"

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header([Part("ganterm", "title", 9)])
        yield Input(placeholder="words that a run must hold", id="filter")
        yield RunTable()
        yield Static("Looking for runs …", id="nothing")
        yield Static("", id="about")
        yield ActionFooter("runs")

    def on_mount(self) -> None:
        """Follow the list of runs."""
        self.query_one("#filter").display = False
        self.query_one(RunTable).display = False
        self.ganterm.runs_signal.subscribe(self, self._show)
        if self.ganterm.listed:
            self._show(self.ganterm.listed)

    @property
    def table(self) -> RunTable:
        """The table."""
        return self.query_one(RunTable)

    def _show(self, listed: RunsListed) -> None:
        self.table.show(listed.runs)
        self._tell_trouble(listed.trouble)

    # What the screen says

    @on(RunTable.Arranged)
    def _count(self) -> None:
        listed = self.ganterm.listed
        if listed is None:
            return
        runs, table = listed.runs, self.table
        alive = sum(bool(run.alive) for run in runs)
        lost = sum(run.state in {"crashed", "failed"} for run in runs)
        count = f"{len(table.shown)} of {len(runs)} runs" if table.wanted else _runs(len(runs))
        self.query_one(Header).show(
            Part("ganterm", "title", 9),
            Part(count, "text", 8),
            Part(f"● {alive} training" if alive else "", "good", 7),
            Part(f"✗ {lost} failed" if lost else "", "bad", 6),
            Part(f"◆ {len(table.marked)} marked" if table.marked else "", "text", 5),
            Part(str(self.ganterm.options.runs_dir), "muted", 1),
        )
        nothing = self.query_one("#nothing", Static)
        nothing.display = not table.shown
        table.display = bool(table.shown)
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
        self.refresh_bindings()

    def _tell_trouble(self, trouble: str) -> None:
        if self.ganterm.listed and not self.ganterm.listed.runs:
            where = self.ganterm.options.runs_dir
            told = trouble or f"There are no runs in {where} yet.\nPress n to set one up."
            self.query_one("#nothing", Static).update(Content(safe_text(told, newline=True)))

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done to the run under the cursor."""
        if not self.is_mounted:
            return True
        run = self.table.current
        if action in {"watch", "mark", "rename", "note", "mark_all"}:
            return True if run else None
        if action == "resume":
            return True if run and run.state in _RESUMABLE else None
        if action == "delete":
            return True if run and run.alive is False else None
        if action == "compare":
            return True if len(self.table.marked) > 1 else None
        return True

    def action_watch(self) -> None:
        """Open the run under the cursor."""
        if run := self.table.current:
            self.ganterm.watch_run(run.run)

    @on(RunTable.Opened)
    def _open(self, event: RunTable.Opened) -> None:
        self.ganterm.watch_run(event.run.run)

    def action_new_run(self) -> None:
        """Go to the form of a new run."""
        self.app.switch_mode("setup")

    def action_mark(self) -> None:
        """Mark the run under the cursor, or unmark it, and go to the next."""
        if run := self.table.current:
            self.table.mark([run.name])
            self.table.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every run that is shown; unmark them if all are."""
        names = {run.name for run in self.table.shown}
        self.table.mark(names, on=not names <= self.table.marked)

    def action_compare(self) -> None:
        """Lay the marked runs over one another, in the table's order."""
        listed = self.ganterm.listed
        marked = [run for run in self.table.shown if run.name in self.table.marked]
        hidden = [
            run
            for run in (listed.runs if listed else ())
            if run.name in self.table.marked and run not in marked
        ]
        self.ganterm.compare_runs(run.run for run in (*marked, *hidden))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_by_next()

    def action_reverse(self) -> None:
        """Turn the order around."""
        self.table.sort(self.table.column, turned=not self.table.turned)

    def action_filter(self) -> None:
        """Begin to type a filter."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#filter")
    def _filter(self, event: Input.Changed) -> None:
        self.table.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one("#filter").display = bool(self.table.wanted)
        self.table.focus()

    def action_clear(self) -> None:
        """Drop the filter; without one, the marks."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = False
            self.table.focus()
        else:
            self.table.mark(list(self.table.marked), on=False)

    def action_resume(self) -> None:
        """Train the run under the cursor on."""
        if run := self.table.current:
            self.notify(f"Starting {run.name} …", timeout=3, markup=False)
            self._do(partial(start_worker, run.run), f"{run.name} trains on.")

    def action_rename(self) -> None:
        """Ask for another name."""
        if run := self.table.current:
            ask = PromptScreen(f"Another name for {run.name}", run.name, check=check_name)
            self.app.push_screen(ask, partial(self._rename, run))

    def _rename(self, run: Overview, name: str | None) -> None:
        if name and name != run.name:
            self._do(partial(manage.rename, run.run, name), f"{run.name} is now {name}.")

    def action_note(self) -> None:
        """Ask for a note."""
        if run := self.table.current:
            ask = PromptScreen(f"A note on {run.name}", safe_text(run.note))
            self.app.push_screen(ask, partial(self._note, run))

    def _note(self, run: Overview, note: str | None) -> None:
        if note is not None:
            self._do(partial(manage.write_note, run.run, note), "")

    def action_delete(self) -> None:
        """Ask whether to delete the run under the cursor."""
        if run := self.table.current:
            self.app.push_screen(
                ConfirmScreen(
                    f"Delete {run.name}?",
                    f"Its {words.size(run.size_bytes)} of journal, samples and checkpoints are "
                    "gone for good then.",
                    yes="Delete",
                    no="Keep",
                ),
                partial(self._delete, run),
            )

    def _delete(self, run: Overview, yes: bool | None) -> None:
        if yes:
            self._do(partial(manage.delete, run.run), f"{run.name} is deleted.")

    @work(thread=True)
    def _do(self, task: Callable[[], object], done: str) -> None:
        """Do what may take a while off the screen's thread, and say how it went."""
        app = self.ganterm
        try:
            task()
        except GantermError as error:
            app.call_from_thread(app.tell, error)
        else:
            if done:
                app.call_from_thread(app.notify, done, markup=False)
        app.poller.hurry()


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _about(run: Overview) -> str:
    """Return what the table has no room for, in a line or two."""
    parts = [f"{run.name} is {run.state}"]
    if run.message:
        parts.append(run.message)
    said = ": ".join(parts) + "."
    if run.note:
        said += f"\n“{run.note}”"
    return safe_text(said, newline=True)
