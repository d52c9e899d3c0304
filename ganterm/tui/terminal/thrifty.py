"""An app that sends a slow terminal no more than it takes, and the newest first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.screen import Screen

from ganterm.tui.terminal.driver import QuietDriver
from ganterm.tui.terminal.painter import Painter

if TYPE_CHECKING:
    from rich.console import RenderableType

BACKLOG: Final = 2
"""Paintings that may wait for a slow terminal; then painting stops until it has caught up."""
MOST_SECONDS: Final = 4.0
"""However much was sent, changes wait no longer than this; the connection may be quicker."""


class Link:
    """A connection that carries so many bytes a second, as far as is known.

    Nothing is measured: what was sent takes its time, and what comes by itself waits for that.
    """

    def __init__(
        self, bytes_per_second: float | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with an empty connection; None for one that carries anything at once."""
        self._rate = bytes_per_second
        self._clock = clock
        self._total = 0
        self._free_at = 0.0

    def sent(self, total: int) -> None:
        """Tell how many bytes were sent so far, all in all."""
        now, count, self._total = self._clock(), total - self._total, total
        if self._rate and count > 0:
            begin = max(self._free_at, now)
            self._free_at = min(begin + count / self._rate, now + MOST_SECONDS)

    @property
    def seconds_left(self) -> float:
        """Seconds until it has carried everything; 0 where it has."""
        return max(self._free_at - self._clock(), 0.0)


class LazyStylesheet(Stylesheet):
    """A style sheet that parses every source once for the same variables.

    Textual parses all of them anew, twice, whenever a screen is shown for the first time; for a key
    that opens one that would be most of the time.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._given = dict(variables or {})

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables, and forget what was parsed with others."""
        if variables != self._given:
            self._given = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what was not parsed with the present variables; raises as `parse` does."""
        self.parse()


class ThriftyApp(App[None], inherit_bindings=False):
    """Keeps away from a terminal what it could not show in time.

    Attributes:
        link: the connection to the terminal.
    """

    def __init__(self, *, driver_class: type[Driver], bytes_per_second: float | None) -> None:
        super().__init__(driver_class=driver_class)
        self.link = Link(bytes_per_second)
        self.stylesheet = LazyStylesheet(variables=self.get_css_variables())
        self._is_behind = False

    @property
    def link_seconds(self) -> float:
        """Seconds for which nothing should change by itself: the connection is busy that long."""
        if painter := self._painter:
            self.link.sent(painter.sent)
        return self.link.seconds_left

    def repaint_if_behind(self) -> None:
        """Paint what a terminal that was behind has not seen, once it has caught up."""
        if self._is_behind and not self._backlog:
            self._is_behind = False
            self.refresh()

    def action_redraw(self) -> None:
        if painter := self._painter:
            painter.forget()
        self.refresh()

    @on(Driver.SignalResume)
    def _repaint_after_suspend(self) -> None:
        self.action_redraw()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Paint, unless the terminal is behind: it gets the newest state once it is not."""
        if self._backlog > BACKLOG:
            self._is_behind = True
        else:
            super()._display(screen, renderable)

    @property
    def _backlog(self) -> int:
        return self._driver.backlog if isinstance(self._driver, QuietDriver) else 0

    @property
    def _painter(self) -> Painter | None:
        painter = getattr(self._driver, "painter", None)
        return painter if isinstance(painter, Painter) else None
