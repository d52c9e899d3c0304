"""The app: its screens, the runs it watches, and how it fits the terminal.

It owns no state that the run directories do not have: closing it, or losing it, loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, ClassVar, Final

from textual.app import SystemCommand
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen

from ganterm.core.errors import GantermError
from ganterm.render.text import safe_text
from ganterm.runs.parts import UntrustedError
from ganterm.tui import themes
from ganterm.tui.actions import Acting, Scope, key_name, offered
from ganterm.tui.base import AppBase, AppOptions, AppScreen
from ganterm.tui.messages import RunStarted
from ganterm.tui.terminal.driver import QuietDriver
from ganterm.tui.terminal.filters import console

_SCREENS: Final = {
    "runs": "RunsScreen",
    "setup": "SetupScreen",
    "monitor": "MonitorScreen",
    "judge": "JudgeScreen",
    "explorer": "ExplorerScreen",
    "compare": "CompareScreen",
}
"""The screen of each mode, in the module of that name; one is imported when it is first shown."""


def _make(mode: str) -> Screen[None]:
    screen: type[Screen[None]] = getattr(
        import_module(f"ganterm.tui.screens.{mode}"), _SCREENS[mode]
    )
    return screen()


class GantermApp(Acting, AppBase, inherit_bindings=False):
    """The app."""

    SCOPE = "app"
    TITLE = "ganterm"
    # Styles of what must be there at a key are read at the start, not at the key.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/dialog.tcss"]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        mode: partial(_make, mode) for mode in _SCREENS
    }

    def __init__(self, options: AppOptions, driver_class: type[Driver] = QuietDriver) -> None:
        self._filters_of_terminal: list[LineFilter] = []
        super().__init__(options, driver_class)
        self.console = console()
        self._offer_themes(options.theme)
        self.animation_level = "full" if options.pace.animations else "none"

    def on_mount(self) -> None:
        # Not by DEFAULT_MODE: where tasks start eagerly, as Textual lets them from Python 3.12
        # on, that screen's widgets are mounted while there is no screen that they could ask.
        self.switch_mode("monitor" if self.watched else "runs")
        if self.watched:
            self.poller.watch(self.watched)
        if self.options.background:
            self.poller.start()
        self.set_interval(self.options.pace.poll_seconds, self.repaint_if_behind)

    def on_unmount(self) -> None:
        self.poller.stop()

    def on_run_started(self, event: RunStarted) -> None:
        self.watch_run(event.run)

    # How it looks

    def _offer_themes(self, name: str) -> None:
        """Offer ganterm's themes alone: only of those is it known that they can be read."""
        for palette in themes.PALETTES:
            self.register_theme(themes.to_theme(palette))
        self.theme = name
        self.watch_theme(name)
        for other in set(self.available_themes) - set(themes.BY_NAME):
            self.unregister_theme(other)

    def watch_theme(self, theme: str) -> None:
        """Let the lines be painted in the theme's colours as far as the terminal has them."""
        self._filters_of_terminal = themes.filters_for(
            self.options.canvas, themes.BY_NAME.get(theme, themes.PALETTES[0])
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return ganterm's own variables, for style sheets read before a theme is chosen."""
        return themes.to_theme(themes.BY_NAME[self.options.theme]).variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line passes before it is painted."""
        return self._filters_of_terminal

    # What can be done everywhere

    def get_system_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Yield a command for each action that can be done on `screen` now, and for each theme."""
        scope: Scope = getattr(screen, "SCOPE", "app")
        for of, action in offered(scope):
            target = self if of == "app" else screen
            if of != "app" and isinstance(screen, AppScreen) and not screen.applies(action.id):
                continue
            if action.id != "command_palette" and target.check_action(action.id, ()) is True:
                called = screen.called(action) if isinstance(screen, AppScreen) else action.label
                yield SystemCommand(
                    f"{called} ({key_name(action.keys.partition(',')[0])})",
                    action.help,
                    partial(target.run_action, action.id),
                )
        for palette in themes.PALETTES:
            if palette.name != self.theme:
                yield SystemCommand(
                    f"theme {palette.name}",
                    f"Use the theme {palette.title}.",
                    partial(setattr, self, "theme", palette.name),
                )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"help", "command_palette"} and isinstance(self.screen, ModalScreen):
            return False
        return super().check_action(action, parameters)

    def ask_to_trust(self, error: UntrustedError, then: Callable[[], object]) -> None:
        from ganterm.tui.screens.dialogs import ConfirmScreen  # noqa: PLC0415

        def trusted(_yes: bool) -> None:
            try:
                error.trust()
            except GantermError as trouble:
                self.say_error(trouble)
            else:
                then()

        lines = ["It can do all that you can.", *error.code]
        lines += [] if error.place is None else [f"Look at it in {error.place}."]
        question = ConfirmScreen(
            f"Run somebody else's code, of which {error.run} is made?",
            "\n".join(map(safe_text, lines)),
            yes="Run it",
            no="Not now",
        )
        self.ask(question, trusted)

    def show_help(self) -> None:
        from ganterm.tui.screens.dialogs import HelpScreen  # noqa: PLC0415

        self.push_screen(HelpScreen(getattr(self.screen, "SCOPE", "app")))

    def next_theme(self) -> None:
        names = list(themes.BY_NAME)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.notify(themes.BY_NAME[self.theme].title, title="Theme", timeout=2)

    def save_picture(self) -> None:
        """Save the screen as an SVG file in the current directory."""
        name = f"ganterm-{datetime.now():%Y%m%d-%H%M%S}.svg"
        try:
            Path(name).write_text(self.export_screenshot(title="ganterm"), encoding="utf-8")
        except OSError as error:
            self.notify(f"{name} cannot be written: {error.strerror}.", severity="error")
        else:
            self.notify(f"Saved {name}.")
