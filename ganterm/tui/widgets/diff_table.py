"""Settings of several runs side by side: a line a setting, a column a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ganterm.config.differences import Compared, differing
from ganterm.render.chart import STYLES
from ganterm.render.text import safe_text
from ganterm.tui.widgets.run_columns import padded

_GAP = 2
_WIDEST = 28


@dataclass(frozen=True)
class Subject(Compared):
    """A run in the table.

    Attributes:
        mark: the sign of its curve; `style`: the index of its colour.
    """

    mark: str
    style: int


class DiffTable(ScrollView, can_focus=True):
    """Shows where the settings of runs differ."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--heading",
        "diff--key",
        "diff--value",
        "diff--usual",
        *(f"diff--run-{index}" for index in range(STYLES)),
    }
    DEFAULT_CSS = (
        """
    DiffTable {
        background: $background;
        & > .diff--heading { color: $text-muted; background: $surface; }
        & > .diff--key { color: $text-muted; }
        & > .diff--value { color: $text; text-style: bold; }
        & > .diff--usual { color: $text; }
        """
        + "\n".join(
            f"& > .diff--run-{index} {{ color: $series-{index}; background: $surface; }}"
            for index in range(STYLES)
        )
        + "\n}"
    )

    def __init__(self) -> None:
        super().__init__()
        self._subjects: Sequence[Subject] = ()
        self._lines: list[list[str]] = []
        self._widths: list[int] = []

    @property
    def lines(self) -> list[list[str]]:
        """What it shows: of each line the setting and its value in each run."""
        return self._lines

    def show(self, subjects: Sequence[Subject], *, everything: bool = False) -> None:
        """Show other runs, or the same as they stand now."""
        lines = differing(subjects, everything=everything)
        if (subjects, lines) == (self._subjects, self._lines):
            return
        self._subjects, self._lines = subjects, lines
        titles = ["SETTING", *(f"{each.mark} {each.name}" for each in subjects)]
        self._widths = [
            min(max(map(cell_len, map(safe_text, column))), _WIDEST)
            for column in zip(titles, *lines, strict=True)
        ]
        width = sum(self._widths) + _GAP * len(self._widths)
        self.virtual_size = Size(width + 1, max(len(lines), 1) + 1)
        # No taller than it needs, with a line for the scroll bar: the rest is the chart's.
        self.styles.height = self.virtual_size.height + int(width + 1 > self.size.width)
        self.refresh()

    def notify_style_update(self) -> None:
        """Paint in another theme's colours."""
        super().notify_style_update()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the heading or one setting."""
        left, top = self.scroll_offset
        strip = self._heading() if y == 0 else self._line(y - 1 + top)
        return strip.crop_extend(left, left + self.size.width, self.rich_style)

    def _heading(self) -> Strip:
        style = self.get_component_rich_style("diff--heading")
        if not self._subjects:
            return Strip([Segment("", style)])
        segments = [Segment(" " + _fit("SETTING", self._widths[0]), style)]
        for subject, width in zip(self._subjects, self._widths[1:], strict=True):
            run = self.get_component_rich_style(f"diff--run-{subject.style % STYLES}")
            segments.append(Segment(_fit(f"{subject.mark} {subject.name}", width), run))
        return Strip(segments).extend_cell_length(self.size.width + self.scroll_offset.x, style)

    def _line(self, index: int) -> Strip:
        key = self.get_component_rich_style("diff--key")
        if not self._lines and index == 0 and self._subjects:
            return Strip([Segment(" The settings do not differ.", key)])
        if index >= len(self._lines):
            return Strip.blank(self.size.width, Style())
        first, *values = self._lines[index]
        segments = [Segment(" " + _fit(first, self._widths[0]), key)]
        most = max(set(values), key=values.count)
        for value, width in zip(values, self._widths[1:], strict=True):
            usual = value == most and values.count(value) > 1
            name = "diff--usual" if usual else "diff--value"
            segments.append(Segment(_fit(value, width), self.get_component_rich_style(name)))
        return Strip(segments)


def _fit(text: str, width: int) -> str:
    return padded(safe_text(text), width) + " " * _GAP
