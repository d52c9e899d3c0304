"""Rows drawn a line each, of which one is chosen and those around it are in view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Row = TypeVar("Row")


class RowLines(Widget, Generic[Row], can_focus=True):
    """A list that paints only those of its lines that changed.

    Attributes:
        at: the row that is chosen.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.at = 0
        self._rows: Sequence[Row] = ()
        self._top = 0
        self._painted: dict[int, tuple[Row | None, str]] = {}

    @property
    def rows(self) -> Sequence[Row]:
        """What the lines show."""
        return self._rows

    def draw_row(self, row: Row, ground: str) -> Strip:
        """Draw one row; `ground` is how it is chosen: `chosen`, `blurred` or empty for not."""
        raise NotImplementedError

    def is_chosen(self, index: int) -> bool:
        """Tell whether the row at `index` is painted as the chosen one."""
        return index == self.at

    def row_at(self, y: int) -> int | None:
        """Return the index of the row on a line of the widget; None below the last."""
        index = y + self._top
        return index if 0 <= index < len(self._rows) else None

    def on_focus(self) -> None:
        """Show the chosen line as such."""
        self.repaint()

    def on_blur(self) -> None:
        """Show the chosen line faintly."""
        self.repaint()

    def on_resize(self) -> None:
        """Keep the chosen line in view."""
        self._painted.clear()
        self.repaint()
        self.refresh()

    def notify_style_update(self) -> None:
        """Paint in another theme's colours."""
        super().notify_style_update()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        row, ground = self._painted[y] = self._line(y)
        if row is None:
            return Strip.blank(self.size.width, self.rich_style)
        return self.draw_row(row, ground)

    def scrolled(self, top: int, height: int) -> int:
        """Return which row is to be the top one of `height` lines, where `top` was, to see `at`."""
        return min(max(top, self.at - height + 1), self.at)

    def repaint(self) -> None:
        """Bring the chosen row into view, and paint the lines that changed."""
        height = max(self.size.height, 1)
        self._top = min(self.scrolled(self._top, height), max(len(self._rows) - height, 0))
        for y in range(height):
            if self._painted.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def _line(self, y: int) -> tuple[Row | None, str]:
        index = self.row_at(y)
        if index is None:
            return None, ""
        ground = ("chosen" if self.has_focus else "blurred") if self.is_chosen(index) else ""
        return self._rows[index], ground
