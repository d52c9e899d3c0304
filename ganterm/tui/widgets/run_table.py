"""The table of runs: one line a run, a heading that sorts, marks for comparing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ganterm.overview import Overview
from ganterm.render.text import safe_text
from ganterm.tui.widgets.run_columns import BY_AGE, COLUMNS, GAP, Layout, arranged, fit, padded

_MARGIN = 3
"""Cells before the first column: the cursor's sign, the mark, a space."""

_Line = tuple[tuple[tuple[str, str], ...], bool, str]
"""What one run's line shows: (text, tone) of each cell, whether it is marked, its ground: that of
the cursor, `cursor` or `blurred`, or none."""


class RunTable(ScrollView, can_focus=True):
    """All runs that the filter lets through, in order; only lines that changed are painted."""

    BINDINGS: ClassVar = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "jump(0)", "first", show=False),
        Binding("end,G", "jump(-1)", "last", show=False),
    ]
    TONES: ClassVar = ("text", "muted", "good", "warn", "bad")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run-table--heading",
        "run-table--cursor",
        "run-table--blurred",
        "run-table--mark",
        *(f"run-table--{tone}" for tone in TONES),
    }
    DEFAULT_CSS = """
    RunTable {
        background: $background;
        overflow-x: hidden;
        & > .run-table--heading { color: $text-muted; background: $surface; }
        & > .run-table--cursor { color: $cursor-text; background: $cursor; text-style: bold; }
        & > .run-table--blurred { color: $text; background: $panel; }
        & > .run-table--mark { color: $text-accent; text-style: bold; }
        & > .run-table--text { color: $text; }
        & > .run-table--muted { color: $text-muted; }
        & > .run-table--good { color: $text-success; }
        & > .run-table--warn { color: $text-warning; }
        & > .run-table--bad { color: $text-error; }
    }
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
        self._row = 0
        self._layout_of_columns = Layout((), ())
        self._painted: dict[int, _Line] = {}

    @property
    def shown(self) -> Sequence[Overview]:
        """The runs that the filter lets through, as they stand in the table."""
        return self._shown

    @property
    def current(self) -> Overview | None:
        """The run under the cursor; None in an empty table."""
        return self._shown[self._row] if self._shown else None

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
        # The lines below may stay as they are; the sign in the heading does not.
        self.refresh(Region(0, 0, self.size.width, 1))

    def sort_by_next(self) -> None:
        """Sort by the next column that is shown."""
        columns = self._layout_of_columns.columns or (BY_AGE,)
        at = columns.index(self.column) + 1 if self.column in columns else 0
        self.sort(columns[at % len(columns)])

    def mark(self, names: Iterable[str], *, on: bool | None = None) -> None:
        """Mark runs (`on`), unmark them, or change what they are (None)."""
        for name in names:
            wanted = name not in self.marked if on is None else on
            (self.marked.add if wanted else self.marked.discard)(name)
        self._repaint()
        self.post_message(self.Arranged())

    def action_move(self, by: int) -> None:
        """Move the cursor by lines."""
        self._go_to(self._row + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self._go_to(self._row + by * max(self.size.height - 2, 1))

    def action_jump(self, to: int) -> None:
        """Move the cursor to the first (0) or last (-1) run."""
        self._go_to(len(self._shown) - 1 if to < 0 else to)

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._put_in_order()

    def on_focus(self) -> None:
        """Show the cursor as one."""
        self._repaint()

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        """Sort by a heading, mark at the left edge, otherwise go there; twice opens."""
        if event.y == 0:
            self._click_heading(event.x)
            return
        row = event.y - 1 + self.scroll_offset.y
        if row >= len(self._shown):
            return
        self._go_to(row)
        run = self._shown[row]
        if event.x < _MARGIN:
            self.mark([run.name])
        elif event.chain == 2:
            self.post_message(self.Opened(run))

    def render_line(self, y: int) -> Strip:
        """Draw the heading or one run."""
        width = self.size.width
        if y == 0:
            return self._heading(width)
        row = y - 1 + self.scroll_offset.y
        if row >= len(self._shown):
            self._painted.pop(y, None)
            return Strip.blank(width, self.rich_style)
        line = self._painted[y] = self._line(row)
        return self._strip(line, width)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Paint everything anew where the lines have moved."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.refresh()

    def notify_style_update(self) -> None:
        """Paint in another theme's colours."""
        super().notify_style_update()
        self.refresh()

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
            self._row = names.index(self._cursor)
        self._row = min(self._row, max(len(names) - 1, 0))
        self._cursor = names[self._row] if names else None
        columns = fit(self._shown, self.size.width - _MARGIN - 1)
        size = Size(self.size.width, len(names) + 1)
        if columns != self._layout_of_columns or size != self.virtual_size:
            self._layout_of_columns, self.virtual_size = columns, size
            self.refresh()
        else:
            self._repaint()
        self._keep_in_view()
        self.post_message(self.Arranged())
        if self.current != before:
            self.post_message(self.Moved(self.current))

    def _go_to(self, row: int) -> None:
        if not self._shown:
            return
        self._row = min(max(row, 0), len(self._shown) - 1)
        if self._cursor != self._shown[self._row].name:
            self._cursor = self._shown[self._row].name
            self.post_message(self.Moved(self.current))
        self._keep_in_view()
        self._repaint()

    def _keep_in_view(self) -> None:
        lines = max(self.size.height - 1, 1)
        top = round(self.scroll_y)
        wanted = min(max(top, self._row - lines + 1), self._row)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    def _click_heading(self, x: int) -> None:
        begin = _MARGIN
        for column, width in zip(
            self._layout_of_columns.columns, self._layout_of_columns.widths, strict=True
        ):
            if begin <= x < begin + width + GAP:
                self.sort(column, turned=not self.turned if column == self.column else False)
            begin += width + GAP

    # What they look like

    def _repaint(self) -> None:
        """Paint the lines that show something else than what stands there."""
        for y in range(1, self.size.height):
            row = y - 1 + self.scroll_offset.y
            line = self._line(row) if row < len(self._shown) else None
            if self._painted.get(y) != line:
                self.refresh(Region(0, y, self.size.width, 1))

    def _line(self, row: int) -> _Line:
        run = self._shown[row]
        cells = tuple(
            (safe_text(COLUMNS[column].cell(run)), COLUMNS[column].tone(run))
            for column in self._layout_of_columns.columns
        )
        ground = ("cursor" if self.has_focus else "blurred") if row == self._row else ""
        return cells, run.name in self.marked, ground

    def _strip(self, line: _Line, width: int) -> Strip:
        cells, marked, on = line
        ground = self.get_component_rich_style(f"run-table--{on}") if on else None
        mark = self.get_component_rich_style("run-table--mark")
        segments = [
            Segment("▸" if on else " ", ground or self.rich_style),
            Segment("◆ " if marked else "  ", ground or mark),
        ]
        for (text, tone), cell_width, column in zip(
            cells, self._layout_of_columns.widths, self._layout_of_columns.columns, strict=True
        ):
            style = ground or self.get_component_rich_style(f"run-table--{tone}")
            chosen = COLUMNS[column]
            cell = padded(text, cell_width, right=chosen.right, middle=chosen.middle)
            segments.append(Segment(cell + " " * GAP, style))
        return Strip(segments).adjust_cell_length(width, ground or self.rich_style)

    def _heading(self, width: int) -> Strip:
        style = self.get_component_rich_style("run-table--heading")
        segments = [Segment(" " * _MARGIN, style)]
        for column, cell_width in zip(
            self._layout_of_columns.columns, self._layout_of_columns.widths, strict=True
        ):
            title = COLUMNS[column].title
            sorted_by = column == self.column
            if sorted_by:
                title += "▴" if COLUMNS[column].down == self.turned else "▾"
            cell = padded(title, cell_width, right=COLUMNS[column].right)
            segments.append(Segment(cell + " " * GAP, style + Style(bold=sorted_by)))
        return Strip(segments).adjust_cell_length(width, style)
