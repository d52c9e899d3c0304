"""The app: its screens, the runs it watches, and how it fits the terminal.

It owns no state that the run directories do not have: closing it, or losing it, loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import SystemCommand
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.signal import Signal

from ganterm.overview import Overview
from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.tui import terminal, themes
from ganterm.tui.actions import bindings
from ganterm.tui.driver import QuietDriver
from ganterm.tui.feed.change import FeedChange
from ganterm.tui.feed.poller import Poller
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.pace import Pace
from ganterm.tui.palette import offered_commands
from ganterm.tui.stylesheet import LazyStylesheet
from ganterm.tui.thrifty import ThriftyApp

if TYPE_CHECKING:
    from ganterm.tui.screens.setup import RunStarted

FULL_CANVAS: Final = Canvas(ColourMode.TRUECOLOR, Charset.HALFBLOCK, 80, 24)


@dataclass(frozen=True)
class AppOptions:
    """How the app begins.

    Attributes:
        runs_dir: where the runs live.
        run: the run to watch from the start; None shows the list of all runs.
        theme: one of `themes.BY_NAME`.
        canvas: the colours and characters that the terminal has; its size is not used.
        pace: how often the screen changes.
        background: whether a thread reads the runs; without one only `GantermApp.read_now` does.
    """

    runs_dir: Path
    run: RunDir | None = None
    theme: str = themes.DEFAULT
    canvas: Canvas = FULL_CANVAS
    pace: Pace = field(default_factory=lambda: Pace.detect(os.environ))
    background: bool = True


@dataclass(frozen=True)
class RunsListed:
    """The list of all runs as it stands; `trouble` says why it cannot be had."""

    runs: Sequence[Overview]
    trouble: str = ""


@dataclass(frozen=True)
class FeedUpdated:
    """Something is new in a run that is watched."""

    feed: RunFeed
    change: FeedChange


def _runs() -> Screen[None]:
    from ganterm.tui.screens.runs import RunsScreen  # noqa: PLC0415 - the first paint is quick

    return RunsScreen()


def _setup() -> Screen[None]:
    from ganterm.tui.screens.setup import SetupScreen  # noqa: PLC0415

    return SetupScreen()


def _monitor() -> Screen[None]:
    from ganterm.tui.screens.monitor import MonitorScreen  # noqa: PLC0415

    return MonitorScreen()


def _judge() -> Screen[None]:
    from ganterm.tui.screens.judge import JudgeScreen  # noqa: PLC0415

    return JudgeScreen()


def _explorer() -> Screen[None]:
    from ganterm.tui.screens.explorer import ExplorerScreen  # noqa: PLC0415

    return ExplorerScreen()


def _compare() -> Screen[None]:
    from ganterm.tui.screens.compare import CompareScreen  # noqa: PLC0415

    return CompareScreen()


class GantermApp(ThriftyApp, inherit_bindings=False):
    """The app.

    Attributes:
        options: how it began.
        poller: reads runs in the background.
        runs_signal: published with `RunsListed` when the list of all runs changed.
        feed_signal: published with `FeedUpdated` when there is news of a watched run.
        watched_signal: published with the run that is watched from now on.
        listed: the list of all runs; None before the first look.
        watched: the run that the monitor shows, or the judge's screen, or the explorer.
        judged_among: the runs that it is compared with there.
        compared: the runs that are laid over one another.
    """

    TITLE = "ganterm"
    # Styles of what must be there at a key are read at the start, not at the key.
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "app.tcss",
        "screens/help.tcss",
        "screens/dialog.tcss",
    ]
    BINDINGS = bindings("app")
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "runs": _runs,
        "setup": _setup,
        "monitor": _monitor,
        "judge": _judge,
        "explorer": _explorer,
        "compare": _compare,
    }

    def __init__(self, options: AppOptions, driver_class: type[Driver] = QuietDriver) -> None:
        self.options = options
        self._filters_of_terminal: list[LineFilter] = []
        rate = options.pace.bytes_per_second
        super().__init__(driver_class=driver_class, bytes_per_second=rate)
        self.console = terminal.console()
        self.stylesheet = LazyStylesheet(variables=self.get_css_variables())
        self._offer_themes(options.theme)
        self.animation_level = "full" if options.pace.animations else "none"
        self.poller = Poller(
            options.runs_dir, interval=options.pace.poll_seconds, wake=self._wake_from_thread
        )
        self.runs_signal: Signal[RunsListed] = Signal(self, "runs")
        self.feed_signal: Signal[FeedUpdated] = Signal(self, "feed")
        self.watched_signal: Signal[RunDir] = Signal(self, "watched")
        self.listed: RunsListed | None = None
        self.watched: RunDir | None = options.run
        self._judged_from = "runs"
        self._explored_from = "runs"
        self.judged_among: tuple[RunDir, ...] = ()
        self.compared: tuple[RunDir, ...] = ()

    def on_mount(self) -> None:
        """Show the first screen and begin to read."""
        # Not by DEFAULT_MODE: where tasks start eagerly, as Textual lets them from Python 3.12
        # on, that screen's widgets are mounted while there is no screen that they could ask.
        self.switch_mode("monitor" if self.watched else "runs")
        if self.watched:
            self.poller.watch(self.watched)
        if self.options.background:
            self.poller.start()
        self.set_interval(self.options.pace.poll_seconds, self.paint_what_is_owed)

    def on_unmount(self) -> None:
        """Stop reading."""
        self.poller.stop()

    # What it shows

    def watch_run(self, run: RunDir) -> None:
        """Show a run in the monitor, and read it from now on."""
        self._go_to(run, "monitor")

    def judge_run(self, run: RunDir, among: Iterable[RunDir] | None = None) -> None:
        """Show how good a run is, `among` others: those given, or all there are."""
        self._judged_from = self.current_mode
        if among is None:
            among = [each.run for each in self.listed.runs] if self.listed else []
        self.judged_among = tuple(among)
        self._go_to(run, "judge")

    def leave_judge(self) -> None:
        """Go back to where the judge's screen was opened."""
        if self._judged_from == "monitor" and self.watched:
            self.watch_run(self.watched)
        else:
            self.show_runs()

    def explore_run(self, run: RunDir) -> None:
        """Show what the generator of a run can make."""
        self._explored_from = self.current_mode
        self._go_to(run, "explorer")

    def leave_explorer(self) -> None:
        """Go back to where the explorer was opened."""
        if self._explored_from == "monitor" and self.watched:
            self.watch_run(self.watched)
        else:
            self.show_runs()

    def _go_to(self, run: RunDir, mode: str) -> None:
        """Watch a run on a screen, which may be the one that is seen and shows another run."""
        self.watched = run
        self.poller.watch(run)
        self.switch_mode(mode)
        self.watched_signal.publish(run)

    def on_run_started(self, event: RunStarted) -> None:
        """Watch the run that was set up."""
        self.watch_run(event.run)

    def compare_runs(self, runs: Iterable[RunDir]) -> None:
        """Lay runs over one another, and read them from now on."""
        self.compared = tuple(runs)
        self.poller.watch(*self.compared)
        self.switch_mode("compare")

    def show_runs(self) -> None:
        """Go back to the list of all runs, and read no more than that."""
        self.poller.watch()
        self.switch_mode("runs")

    def feed(self, run: RunDir | None) -> RunFeed | None:
        """Return what is known of a watched run; None until its history has been read."""
        return self.poller.feeds.get(run.name) if run else None

    def read_now(self) -> None:
        """Read everything in this thread and publish what is new."""
        self.poller.hurry()
        self.poller.poll()
        self._publish()

    def _wake_from_thread(self) -> None:
        self.call_later(self._publish_in_time)

    def _publish_in_time(self) -> None:
        """Publish what is new as soon as the connection has carried what was sent before."""
        if wait := self.link_seconds:
            self.set_timer(wait, self._publish)
        else:
            self._publish()

    def _publish(self) -> None:
        news = self.poller.take()
        if news.runs is not None:
            self.listed = RunsListed(news.runs, news.trouble)
            self.runs_signal.publish(self.listed)
        for name, change in news.changes.items():
            if feed := self.poller.feeds.get(name):
                self.feed_signal.publish(FeedUpdated(feed, change))

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
        self._filters_of_terminal = terminal.filters_for(
            self.options.canvas, themes.BY_NAME.get(theme, themes.PALETTES[0])
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return ganterm's own variables, for style sheets read before a theme is chosen."""
        return themes.to_theme(themes.BY_NAME[self.options.theme]).variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what every line passes before it is painted."""
        return self._filters_of_terminal

    # What can be done everywhere

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return what the command palette offers."""
        return offered_commands(self, screen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep the app's own dialogs from what lies over a screen already."""
        if action in {"help", "command_palette"} and isinstance(self.screen, ModalScreen):
            return False
        return super().check_action(action, parameters)

    def action_help(self) -> None:
        """Show what every key does."""
        from ganterm.tui.screens.help import HelpScreen  # noqa: PLC0415

        self.push_screen(HelpScreen(getattr(self.screen, "SCOPE", "app")))

    def action_next_theme(self) -> None:
        """Change to the theme after the present one."""
        names = list(themes.BY_NAME)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.notify(themes.BY_NAME[self.theme].title, title="Theme", timeout=2)

    def action_save_picture(self) -> None:
        """Save the screen as an SVG file in the current directory."""
        name = f"ganterm-{datetime.now():%Y%m%d-%H%M%S}.svg"
        try:
            Path(name).write_text(self.export_screenshot(title="ganterm"), encoding="utf-8")
        except OSError as error:
            self.notify(f"{name} cannot be written: {error.strerror}.", severity="error")
        else:
            self.notify(f"Saved {name}.")

    def say(self, sentence: str) -> None:
        """Show a sentence for a while; foreign text is fine."""
        self.notify(safe_text(sentence), markup=False)

    def tell(self, error: Exception) -> None:
        """Say what went wrong, in the error's own sentence."""
        self.notify(safe_text(str(error)), severity="error", timeout=8, markup=False)
