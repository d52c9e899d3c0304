"""From a plan to a run at work: its data are downloaded if need be, then its worker is started."""

from __future__ import annotations

from dataclasses import dataclass

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from ganterm.client.planning import Plan
from ganterm.client.tasks import Fetch
from ganterm.core.errors import GantermError
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppBase
from ganterm.tui.screens.dialogs import ConfirmScreen
from ganterm.tui.widgets.task_bar import TaskBar


class Launcher(Vertical):
    """Starts runs, one at a time, and shows how far a download for one is."""

    app = getters.app(AppBase)

    DEFAULT_CSS = """
    Launcher { height: auto; }
    """

    class Changed(Message):
        """Something began or ended: `starting` or `fetching` is another than before."""

    @dataclass
    class Launched(Message):
        """A worker is at work on `run`, or it is queued."""

        run: RunDir
        queued: bool

    def __init__(self) -> None:
        super().__init__()
        self.starting = False
        self._planned: tuple[Plan, bool] | None = None
        """What is to be started, or queued, when the download has ended."""

    def compose(self) -> ComposeResult:
        yield TaskBar()

    bar = getters.query_one(TaskBar)

    @property
    def fetching(self) -> bool:
        return self.bar.followed is not None

    def start(self, plan: Plan, *, queue: bool) -> None:
        """Start the run that is planned, or `queue` it.

        Ask first where its data have to be downloaded.
        """
        missing = plan.missing
        if self.starting or self.fetching:
            return
        if not missing:
            self.starting = True
            self.post_message(self.Changed())
            self._start(plan, queue)
            return
        detail = (
            f"Download it now, as `ganterm data fetch {missing}` does, and start then? Without a "
            f"connection, bring its files over and use `ganterm data import {missing} PATH`."
        )
        question = ConfirmScreen(
            f"{missing} is not on this machine yet.", detail, yes="Download", no="Not now"
        )
        self.app.ask(question, lambda _yes: self.fetch(missing, (plan, queue)))

    def fetch(self, dataset: str, planned: tuple[Plan, bool] | None = None) -> None:
        """Download a dataset, for what is `planned`; or break off what is being downloaded."""
        if self.fetching:
            self.bar.cancel()
        elif dataset:
            self._planned = planned
            self.bar.follow(Fetch(dataset), "^d breaks it off")
            self.post_message(self.Changed())

    @on(TaskBar.Ended)
    def _fetched(self, event: TaskBar.Ended) -> None:
        planned, self._planned = self._planned, None
        if not event.error:
            self.notify(f"{event.name} is here now.", markup=False)
        self.post_message(self.Changed())
        if planned is not None and not event.error:
            self.start(planned[0], queue=planned[1])

    @work(thread=True)
    def _start(self, plan: Plan, queue: bool) -> None:
        """Start it off the screen's thread: a worker takes a moment to report."""
        try:
            run = plan.start(queue=queue)
        except GantermError as error:
            self.app.call_from_thread(self._started, None, queue, error)
        else:
            self.app.call_from_thread(self._started, run, queue, None)

    def _started(self, run: RunDir | None, queued: bool, error: GantermError | None) -> None:
        self.starting = False
        self.post_message(self.Changed())
        if error is not None:
            self.app.say_error(error)
        if run is not None:
            self.post_message(self.Launched(run, queued))
