"""What screens and widgets know of the app, and what every screen and dialog has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from textual import events, getters
from textual.driver import Driver
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.signal import Signal
from textual.widget import Widget

from ganterm.client.feed import RunFeed
from ganterm.client.poller import Poller
from ganterm.config.recorded import refuse_untrusted_run
from ganterm.core.errors import GantermError
from ganterm.render.colour import Canvas, Charset, ColourMode, over_ssh
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import UntrustedError
from ganterm.tui import themes
from ganterm.tui.actions import Acting, Action, Scope
from ganterm.tui.messages import FeedUpdated, RunsListed
from ganterm.tui.terminal.driver import QuietDriver
from ganterm.tui.terminal.pace import Pace
from ganterm.tui.terminal.thrifty import ThriftyApp

FULL_CANVAS: Final = Canvas(ColourMode.TRUECOLOR, Charset.HALFBLOCK, 80, 24)

Result = TypeVar("Result")


@dataclass(frozen=True)
class AppOptions:
    """How the app begins.

    Attributes:
        runs_dir: where the runs live.
        run: the run to watch from the start; None shows the list of all runs.
        theme: one of `themes.BY_NAME`.
        canvas: the colours and characters that the terminal has; its size is not used.
        pace: how often the screen changes.
        background: whether a thread reads the runs; without one only `AppBase.read_now` does.
    """

    runs_dir: Path
    run: RunDir | None = None
    theme: str = themes.DEFAULT
    canvas: Canvas = FULL_CANVAS
    pace: Pace = field(default_factory=lambda: Pace.over(ssh=over_ssh(os.environ)))
    background: bool = True


class AppBase(ThriftyApp, inherit_bindings=False):
    """The runs that the app reads, and the ways from screen to screen.

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

    def __init__(self, options: AppOptions, driver_class: type[Driver] = QuietDriver) -> None:
        self.options = options
        rate = options.pace.bytes_per_second
        super().__init__(driver_class=driver_class, bytes_per_second=rate)
        self.poller = Poller(
            options.runs_dir, interval=options.pace.poll_seconds, wake=self._wake_from_thread
        )
        self.runs_signal: Signal[RunsListed] = Signal(self, "runs")
        self.feed_signal: Signal[FeedUpdated] = Signal(self, "feed")
        self.watched_signal: Signal[RunDir] = Signal(self, "watched")
        self.listed: RunsListed | None = None
        self.watched: RunDir | None = options.run
        self.judged_among: tuple[RunDir, ...] = ()
        self.compared: tuple[RunDir, ...] = ()
        self._opened_from = {"judge": "runs", "explorer": "runs"}

    # From screen to screen

    def watch_run(self, run: RunDir) -> None:
        """Show a run in the monitor, and read it from now on."""
        self._go_to(run, "monitor")

    def judge_run(self, run: RunDir, among: Iterable[RunDir] | None = None) -> None:
        """Show how good a run is, `among` others: those given, or all there are."""
        self._opened_from["judge"] = self.current_mode
        if among is None:
            among = [each.run for each in self.listed.runs] if self.listed else []
        self.judged_among = tuple(among)
        self._go_to(run, "judge")

    def explore_run(self, run: RunDir) -> None:
        """Show what the generator of a run can make."""

        def explore() -> None:
            self._opened_from["explorer"] = self.current_mode
            self._go_to(run, "explorer")

        self.trusting(run, explore)

    def go_back(self) -> None:
        """Leave the judge's screen or the explorer for where it was opened."""
        if self._opened_from[self.current_mode] == "monitor" and self.watched:
            self.watch_run(self.watched)
        else:
            self.show_runs()

    def compare_runs(self, runs: Iterable[RunDir]) -> None:
        """Lay runs over one another, and read them from now on."""
        self.compared = tuple(runs)
        self.poller.watch(*self.compared)
        self.switch_mode("compare")

    def show_runs(self) -> None:
        """Go back to the list of all runs, and read no more than that."""
        self.poller.watch()
        self.switch_mode("runs")

    def _go_to(self, run: RunDir, mode: str) -> None:
        """Watch a run on a screen, which may be the one that is seen and shows another run."""
        self.watched = run
        self.poller.watch(run)
        self.switch_mode(mode)
        self.watched_signal.publish(run)

    # What is known of the runs

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

    # Words from the person, and to the person

    def ask(self, dialog: ModalScreen[Any], then: Callable[[Any], object]) -> None:
        """Show a dialog; `then` is given its answer, unless that is no or none."""

        def answered(answer: Any) -> None:
            if answer is not None and answer is not False:
                then(answer)

        self.push_screen(dialog, answered)

    def do(self, task: Callable[[], Result], then: Callable[[Result], object]) -> None:
        """Do what may take a while off the screen's thread; `then` is given what came of it.

        A `GantermError` is said. Where it takes code that somebody else made, it is asked first
        whether to run that.
        """

        def work() -> None:
            try:
                done = task()
            except UntrustedError as error:
                self.call_from_thread(self.ask_to_trust, error, lambda: self.do(task, then))
            except GantermError as error:
                self.call_from_thread(self.say_error, error)
            else:
                self.call_from_thread(then, done)

        self.run_worker(work, thread=True)

    def trusting(self, run: RunDir, then: Callable[[], object]) -> None:
        """Do what has another process run the code of a run; ask first where it is not trusted."""
        try:
            refuse_untrusted_run(run)
        except UntrustedError as error:
            self.ask_to_trust(error, then)
        except GantermError:
            then()  # That process says what is wrong.
        else:
            then()

    def ask_to_trust(self, error: UntrustedError, then: Callable[[], object]) -> None:
        """Ask whether the code that `error` tells of may be run, and do `then` where it may."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Show a sentence for a while; foreign text is fine."""
        self.notify(safe_text(sentence), markup=False)

    def say_error(self, error: Exception) -> None:
        """Say what went wrong, in the error's own sentence."""
        self.notify(safe_text(str(error)), severity="error", timeout=8, markup=False)


class AppScreen(Acting, Screen[None]):
    """A screen of its own; its bindings are those of `SCOPE` in the table."""

    SCOPE: ClassVar[Scope]
    app = getters.app(AppBase)
    # Widgets paint themselves when the focus comes or goes. Textual would paint the whole screen.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    @property
    def is_seen(self) -> bool:
        """Whether the app shows this screen, be it under a dialog."""
        return self.app.current_mode == self.SCOPE

    def applies(self, action: str) -> bool:
        """Tell whether an action is worth offering as things stand; its keys work all the same.

        Unlike what `check_action` refuses, what does not apply says why when it is tried.
        """
        return True

    def called(self, action: Action) -> str:
        """Return what an action is called as things stand."""
        return action.label

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.refresh_bindings()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self.refresh_bindings()


class Dialog(Acting, ModalScreen[Result]):
    """A question or a text over a screen."""

    SCOPE: ClassVar[Scope]
    AUTO_FOCUS = "*"
    app = getters.app(AppBase)
