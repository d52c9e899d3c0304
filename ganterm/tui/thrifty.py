"""An app that sends a slow terminal no more than it takes, and the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen

from ganterm.tui.driver import QuietDriver
from ganterm.tui.link import Link
from ganterm.tui.paint.painter import Painter

if TYPE_CHECKING:
    from rich.console import RenderableType

BACKLOG: Final = 2
"""Paintings that may wait for a slow terminal; then painting stops until it has caught up."""


class ThriftyApp(App[None], inherit_bindings=False):
    """Keeps away from a terminal what it could not show in time.

    Attributes:
        link: the connection to the terminal.
    """

    def __init__(self, *, driver_class: type[Driver], bytes_per_second: float | None) -> None:
        super().__init__(driver_class=driver_class)
        self.link = Link(bytes_per_second)
        self._owes_painting = False

    @property
    def link_seconds(self) -> float:
        """Seconds for which nothing should change by itself: the connection is busy that long."""
        if painter := self._painter:
            self.link.sent(painter.sent)
        return self.link.seconds_left

    def paint_what_is_owed(self) -> None:
        """Paint what a terminal that was behind has not seen, once it has caught up."""
        if self._owes_painting and not self._backlog:
            self._owes_painting = False
            self.refresh()

    def action_redraw(self) -> None:
        """Paint the whole screen: something else wrote to it."""
        if painter := self._painter:
            painter.forget()
        self.refresh()

    @on(Driver.SignalResume)
    def _paint_after_the_shell(self) -> None:
        self.action_redraw()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Paint, unless the terminal is behind: it gets the newest state once it is not."""
        if self._backlog > BACKLOG:
            self._owes_painting = True
        else:
            super()._display(screen, renderable)

    @property
    def _backlog(self) -> int:
        return self._driver.backlog if isinstance(self._driver, QuietDriver) else 0

    @property
    def _painter(self) -> Painter | None:
        painter = getattr(self._driver, "painter", None)
        return painter if isinstance(painter, Painter) else None
