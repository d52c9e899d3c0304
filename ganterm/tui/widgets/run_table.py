"""The table of runs: its columns, their order and what a filter finds; a line a run, and marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding
from textual.message import Message

from ganterm.client.overview import Overview
from ganterm.client.wording import STATES, Tone
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, Piece, left, right
from ganterm.tui.widgets.row_list import RowList

_LEAST_NAME, _LEAST_DATASET, _LEAST_NOTE = 24, 12, 12
"""Cells that a column must have to be shown; it takes what it needs of the rest of the line."""


@dataclass(frozen=True)
class RunColumn:
    """A column.

    Attributes:
        title: its heading.
        cell: what it says of a run; may hold foreign text.
        order: what it is sorted by; None sorts last.
        keep: how dearly it is kept on a narrow screen; the lowest goes first.
        right: whether its cells stand at the right, as numbers do.
        down: whether the greatest comes first when one sorts by it.
        tone: how a cell is painted.
        least: how many cells it can do with; None where all of its text must be seen.
        middle: whether what is too long loses its middle: its end tells it from others.
    """

    title: str
    cell: Callable[[Overview], str]
    order: Callable[[Overview], Any]
    keep: int
    right: bool = False
    down: bool = False
    tone: Callable[[Overview], Tone] = lambda run: "text"
    least: int | None = None
    middle: bool = False


def state_words(run: Overview) -> str:
    """Return a run's state as sign and word, and its place in the queue."""
    place = "" if run.place is None else f" {run.place}"
    return f"{STATES[run.state][0]} {run.state}{place}"


def step_words(run: Overview) -> str:
    """Return how far a run is, such as `1,230/22,600`."""
    return f"{run.step:,}/{run.steps:,}" if run.steps else f"{run.step:,}"


def _muted(_run: Overview) -> Tone:
    return "muted"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _speed(run: Overview) -> float | None:
    return run.images_per_s or None if run.state == "running" else None


def _speed_words(run: Overview) -> str:
    speed = _speed(run)
    return f"{speed:,.0f}" if speed else ""


def _recency(run: Overview) -> tuple[bool, float, float, str]:
    """Put what trains first, by name: by age, two runs that train would keep changing places.

    What is queued follows, by its place.
    """
    age = 0.0 if run.alive or run.place is not None else run.age_s or 0.0
    return (not run.alive, math.inf if run.place is None else run.place, age, run.name)


COLUMNS: Final = (
    RunColumn(
        "RUN", lambda run: run.name, lambda run: run.name, 100, least=_LEAST_NAME, middle=True
    ),
    RunColumn(
        "STATE",
        state_words,
        lambda run: list(STATES).index(run.state),
        90,
        tone=lambda run: STATES[run.state][1],
    ),
    RunColumn("STEP", step_words, lambda run: run.step, 80, right=True, down=True),
    RunColumn("IMAGES/S", _speed_words, _speed, 50, right=True, down=True),
    RunColumn(
        "D LOSS", lambda run: words.number(run.d_loss), lambda run: _finite(run.d_loss), 70, True
    ),
    RunColumn(
        "G LOSS", lambda run: words.number(run.g_loss), lambda run: _finite(run.g_loss), 69, True
    ),
    RunColumn("RECIPE", lambda run: run.recipe or "?", lambda run: run.recipe, 40, tone=_muted),
    RunColumn(
        "DATASET",
        lambda run: run.dataset or "?",
        lambda run: run.dataset,
        35,
        tone=_muted,
        least=_LEAST_DATASET,
        middle=True,
    ),
    RunColumn("AGE", lambda run: words.age(run.age_s), _recency, 60, True, tone=_muted),
    RunColumn(
        "SIZE",
        lambda run: words.size(run.size_bytes),
        lambda run: run.size_bytes,
        30,
        True,
        True,
        _muted,
    ),
    RunColumn(
        "NOTE",
        lambda run: run.note,
        lambda run: run.note or None,
        20,
        tone=_muted,
        least=_LEAST_NOTE,
    ),
)

BY_AGE: Final = next(index for index, column in enumerate(COLUMNS) if column.title == "AGE")


def arranged(
    runs: Iterable[Overview], *, column: int = BY_AGE, turned: bool = False, wanted: str = ""
) -> list[Overview]:
    """Return the runs that hold every word of `wanted`, sorted by a column of `COLUMNS`.

    `turned` turns the column's own order around. What has nothing in the column comes last in
    either order, and among equals the more recent run first.
    """
    chosen = COLUMNS[column]
    found = sorted((run for run in runs if holds(run, wanted)), key=_recency)
    known = [run for run in found if chosen.order(run) is not None]
    missing = [run for run in found if chosen.order(run) is None]
    return sorted(known, key=chosen.order, reverse=chosen.down != turned) + missing


def holds(run: Overview, wanted: str) -> bool:
    """Tell whether name, state, recipe, dataset or note of a run hold every word of `wanted`."""
    said = " ".join(
        part
        for part in (run.name, run.state, run.recipe, run.dataset, run.device, run.note)
        if part
    ).casefold()
    return all(word in said for word in wanted.casefold().split())


@dataclass(frozen=True)
class Layout:
    """Which columns are shown, as indices of `COLUMNS`, and how many cells each takes."""

    columns: tuple[int, ...]
    widths: tuple[int, ...]


GAP: Final = 2


def fit(runs: Sequence[Overview], width: int) -> Layout:
    """Choose the columns that fit into `width` cells; empty ones and the least needed go.

    A column that can do with less does so before another one goes.
    """
    shown = [
        index
        for index, column in enumerate(COLUMNS)
        if column.title in {"RUN", "STATE"} or any(column.cell(run) for run in runs)
    ]
    needed = {
        index: max(
            [len(COLUMNS[index].title) + 1]
            + [cell_len(safe_text(COLUMNS[index].cell(run))) for run in runs]
        )
        for index in shown
    }
    given = {index: min(need, COLUMNS[index].least or need) for index, need in needed.items()}
    while len(shown) > 1 and _width(shown, given) > width:
        shown.remove(min(shown, key=lambda index: COLUMNS[index].keep))
    for index in sorted(shown, key=lambda index: COLUMNS[index].keep, reverse=True):
        left = max(width - _width(shown, given), 0)
        given[index] += min(left, needed[index] - given[index])
    return Layout(tuple(shown), tuple(given[index] for index in shown))


def _width(shown: Sequence[int], needed: dict[int, int]) -> int:
    return sum(needed[index] + GAP for index in shown) - GAP


def padded(text: str, width: int, *, in_middle: bool = False, at_right: bool = False) -> str:
    """Return `text` in exactly `width` cells; what is longer ends in an ellipsis, or has one."""
    if in_middle and cell_len(text) > width > 2:
        end = text[len(text) - (width - 1) // 2 :]
        while cell_len(end) > (width - 1) // 2:
            end = end[1:]
        return set_cell_size(text, width - 1 - cell_len(end)) + "…" + end
    return right(text, width) if at_right else left(text, width)


_MARGIN = 3
"""Cells before the first column: the cursor's sign, the mark, a space."""


class RunTable(RowList):
    """All runs that the filter lets through, in order; only lines that changed are painted."""

    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "jump(0)", "first", show=False),
        Binding("end,G", "jump(-1)", "last", show=False),
    ]
    HEADING = 1
    DEFAULT_CSS = """
    RunTable { overflow-y: auto; }
    """

    @dataclass
    class Moved(Message):
        """The cursor is on another run, or on none."""

        run: Overview | None

    @dataclass
    class Opened(Message):
        """A run was double-clicked."""

        run: Overview

    @dataclass
    class Arranged(Message):
        """Other runs are shown, in another order or with other marks."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: set[str] = set()
        self.column = BY_AGE
        self.turned = False
        self.wanted = ""
        self._runs: Sequence[Overview] | None = None
        self._shown: list[Overview] = []
        self._cursor: str | None = None
        self._columns = Layout((), ())

    @property
    def shown(self) -> Sequence[Overview]:
        """The runs that the filter lets through, as they stand in the table."""
        return self._shown

    @property
    def current(self) -> Overview | None:
        """The run under the cursor; None in an empty table."""
        return self._shown[self.at] if self._shown else None

    def show(self, runs: Sequence[Overview]) -> None:
        """Show other runs, or the same as they stand now; the cursor stays on its run."""
        self._runs = runs
        self.marked &= {run.name for run in runs}
        self._put_in_order()

    def filter(self, wanted: str) -> None:
        self.wanted = wanted
        self._put_in_order()

    def sort(self, column: int, *, turned: bool = False) -> None:
        """Sort by a column of `COLUMNS`, in its own order or turned around."""
        self.column, self.turned = column, turned
        self._put_in_order()

    def sort_by_next(self) -> None:
        columns = self._columns.columns or (BY_AGE,)
        at = columns.index(self.column) + 1 if self.column in columns else 0
        self.sort(columns[at % len(columns)])

    def mark(self, names: Iterable[str], *, on: bool | None = None) -> None:
        """Mark runs (`on`), unmark them, or change what they are (None)."""
        for name in names:
            wanted = name not in self.marked if on is None else on
            (self.marked.add if wanted else self.marked.discard)(name)
        self.repaint()
        self.post_message(self.Arranged())

    def action_move(self, by: int) -> None:
        self._go_to(self.at + by)

    def action_page(self, by: int) -> None:
        self._go_to(self.at + by * max(self.size.height - 2, 1))

    def action_jump(self, to: int) -> None:
        self._go_to(len(self._shown) - 1 if to < 0 else to)

    def on_resize(self) -> None:
        self._put_in_order()

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            self._click_heading(event.x)
            return
        row = self.row_at(event.y)
        if row is None:
            return
        self._go_to(row)
        run = self._shown[row]
        if event.x < _MARGIN:
            self.mark([run.name])
        elif event.chain == 2:
            self.post_message(self.Opened(run))

    # Where things are

    def _put_in_order(self) -> None:
        if self._runs is None:
            return
        before = self.current
        self._shown = arranged(
            self._runs, column=self.column, turned=self.turned, wanted=self.wanted
        )
        names = [run.name for run in self._shown]
        if self._cursor in names:
            self.at = names.index(self._cursor)
        self.at = min(self.at, max(len(names) - 1, 0))
        self._cursor = names[self.at] if names else None
        self._columns = fit(self._shown, self.size.width - _MARGIN - 1)
        self.show_rows(len(names))
        self.post_message(self.Arranged())
        if self.current != before:
            self.post_message(self.Moved(self.current))

    def _go_to(self, row: int) -> None:
        if not self._shown:
            return
        self.choose(row)
        if self._cursor != self._shown[self.at].name:
            self._cursor = self._shown[self.at].name
            self.post_message(self.Moved(self.current))

    def _click_heading(self, x: int) -> None:
        begin = _MARGIN
        for column, width in self._cells:
            if begin <= x < begin + width + GAP:
                self.sort(column, turned=not self.turned if column == self.column else False)
            begin += width + GAP

    # What they look like

    @property
    def _cells(self) -> Iterable[tuple[int, int]]:
        """The columns that are shown, with the cells that each takes."""
        return zip(self._columns.columns, self._columns.widths, strict=True)

    def row(self, index: int, chosen: bool) -> Line:
        run = self._shown[index]
        cells = []
        for number, width in self._cells:
            column = COLUMNS[number]
            text = safe_text(column.cell(run))
            cell = padded(text, width, in_middle=column.middle, at_right=column.right)
            cells.append(Piece(cell + " " * GAP, column.tone(run)))
        mark = Piece("◆ " if run.name in self.marked else "  ", "accent")
        return (Piece("▸" if chosen else " "), mark, *cells)

    def heading(self) -> Line:
        cells = [Piece(" " * _MARGIN, "heading")]
        for number, width in self._cells:
            title, column = COLUMNS[number].title, COLUMNS[number]
            if number == self.column:
                title += "▴" if column.down == self.turned else "▾"
            cell = padded(title, width, at_right=column.right) + " " * GAP
            cells.append(Piece(cell, "sorted" if number == self.column else "heading"))
        return tuple(cells)
