"""A terminal that only counts: what the app would have sent, and the screen it makes."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size

from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppOptions
from ganterm.tui.terminal.painter import Painter
from tests.tui.emulator import Emulator


class RecordingDriver(Driver):
    """Paints as the real driver does, on a screen in memory.

    Attributes:
        sent: everything that was sent since it was last emptied.
        screen: what a terminal would show; None before its size is known.
    """

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.painter = Painter()
        self.sent = ""
        self.screen = Emulator(*(size or (80, 24)))

    def write(self, data: str) -> None:
        sparing = self.painter.paint(data)
        self.sent += sparing
        self.screen.feed(sparing)

    def start_application_mode(self) -> None:
        size = Size(self.screen.columns, self.screen.rows)
        asyncio.get_running_loop().call_soon(self._app.post_message, events.Resize(size, size))

    def disable_input(self) -> None:
        pass

    def stop_application_mode(self) -> None:
        pass


def recorded(options: AppOptions) -> GantermApp:
    """Return an app for `run_test(headless=False)` whose output can be looked at."""
    return GantermApp(options, driver_class=RecordingDriver)


def driver_of(app: GantermApp) -> RecordingDriver:
    """Return the terminal of a recorded app."""
    assert isinstance(app._driver, RecordingDriver)
    return app._driver


def taken(app: GantermApp) -> int:
    """Return how many bytes were sent since the last call."""
    driver = driver_of(app)
    count, driver.sent = len(driver.sent.encode()), ""
    return count
