"""The table of runs: one line a run, a heading that sorts, marks for comparing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.message import Message

from ganterm.client.overview import Overview
from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, Piece
from ganterm.tui.widgets.row_list import RowList
from ganterm.tui.widgets.run_columns import BY_AGE, COLUMNS, GAP, Layout, arranged, fit, padded

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
        """Show only the runs that hold every word of `wanted`."""
        self.wanted = wanted
        self._put_in_order()

    def sort(self, column: int, *, turned: bool = False) -> None:
        """Sort by a column of `COLUMNS`, in its own order or turned around."""
        self.column, self.turned = column, turned
        self._put_in_order()

    def sort_by_next(self) -> None:
        """Sort by the next column that is shown."""
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
            cell = padded(text, width, right=column.right, middle=column.middle)
            cells.append(Piece(cell + " " * GAP, column.tone(run)))
        mark = Piece("◆ " if run.name in self.marked else "  ", "accent")
        return (Piece("▸" if chosen else " "), mark, *cells)

    def heading(self) -> Line:
        cells = [Piece(" " * _MARGIN, "heading")]
        for number, width in self._cells:
            title, column = COLUMNS[number].title, COLUMNS[number]
            if number == self.column:
                title += "▴" if column.down == self.turned else "▾"
            cell = padded(title, width, right=column.right) + " " * GAP
            cells.append(Piece(cell, "sorted" if number == self.column else "heading"))
        return tuple(cells)
