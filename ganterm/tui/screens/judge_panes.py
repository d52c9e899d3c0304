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

    def action_pane_scores(self) -> None:
        """Go to the scores."""
        self.go_to("scores")

    def action_pane_classes(self) -> None:
        """Go to the classes."""
        self.go_to("classes")

    def action_pane_pictures(self) -> None:
        """Go to the pictures."""
        self.go_to("pictures")

    def action_pane_others(self) -> None:
        """Go to the other runs."""
        self.go_to("others")

    # Pictures

    @property
    def pictures(self) -> Extremes:
        """The pictures."""
        return self.query_one(Extremes)

    def action_extreme(self) -> None:
        """Show the worst in the place of the best, or the other way round."""
        self.pictures.turn()

    def action_real(self) -> None:
        """Show real data beside, or not."""
        self.pictures.toggle_real()

    def action_image(self) -> None:
        """Show one image alone, or all again."""
        self.pictures.pair.zoom()

    def action_next_image(self) -> None:
        """Show the image after."""
        self.pictures.pair.step_image(1)

    def action_previous_image(self) -> None:
        """Show the image before."""
        self.pictures.pair.step_image(-1)

    def action_colours(self) -> None:
        """Paint the pictures in other colours."""
        self.pictures.next_tint()

    def action_contrast(self) -> None:
        """Paint the pictures with another contrast."""
        self.pictures.next_contrast()
