"""The panes of the judge's screen: which of them are seen, and what is done in them alone."""

from __future__ import annotations

from typing import Final, Literal, get_args

from ganterm.tui.screens.judging import JudgingScreen
from ganterm.tui.screens.panes import PanedScreen
from ganterm.tui.widgets.extremes import Extremes

Pane = Literal["scores", "classes", "pictures", "others"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
_ALL_COLUMNS, _ALL_ROWS = 100, 34
"""The least screen that has room for every pane."""
_WIDE_COLUMNS: Final = 150
"""From here on two images fit side by side, twice, in less than half of the screen."""


class JudgePanes(PanedScreen[Pane], JudgingScreen):
    """A screen of four panes under one body: all of them where there is room, else one."""

    panes = PANES
    PANE_WORDS = ("1 scores", "2 classes", "3 pictures", "4 runs")

    def divide(self) -> None:
        """Show the panes that there is room for; none of them before there is a judgement."""
        size = self.size
        judged = bool(self.query_one("#body").display)
        every = not self.alone and size.width >= _ALL_COLUMNS and size.height >= _ALL_ROWS
        self.query_one("#body").set_class(every, "-all")
        self.query_one("#body").set_class(size.width >= _WIDE_COLUMNS, "-wide")
        self.name_panes().display = judged and not every
        for pane in PANES:
            self.query_one(f"#{pane}").display = every or pane == self.active
        for column in self.query("#body > Vertical"):
            column.display = any(pane.display for pane in column.children)

    # Pictures

    @property
    def pictures(self) -> Extremes:
        """The pictures."""
        return self.query_one(Extremes)
