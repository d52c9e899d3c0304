"""Having a run judged from a screen: `ganterm judge` in a process of its own, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ganterm.client.feed import RunFeed
from ganterm.client.tasks import Judging, judge_options
from ganterm.components.datasets import DATASETS
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.dialogs import PromptScreen
from ganterm.tui.widgets.task_bar import TaskBar

_IMAGES: Final = (
    "10,000 images are generated and compared with as many real ones, as the judge sees them: a "
    "classifier of the data, or a network that learns from the images alone. ganterm trains it "
    "itself the first time, which takes a minute or two."
)
_POINTS: Final = (
    "10,000 points are generated and compared with as many real ones, where they lie in the plane."
)


class JudgeRequests:
    """Has the run that is watched judged, and shows how far that is on the screen's `TaskBar`."""

    def __init__(self, screen: AppScreen) -> None:
        self._screen = screen

    @property
    def bar(self) -> TaskBar:
        return self._screen.query_one(TaskBar)

    @property
    def under_way(self) -> bool:
        return self.bar.followed is not None

    def begin(self, run: RunDir, options: Mapping[str, Any] | None = None) -> None:
        """Have a run judged; its scores come by its journal."""
        if not self.under_way:
            self._screen.app.trusting(run, partial(self._begin, run, options))

    def _begin(self, run: RunDir, options: Mapping[str, Any] | None) -> None:
        self.bar.follow(Judging(run, options), "x breaks it off")
        self._screen.refresh_bindings()

    def newest(self) -> None:
        if (feed := self._judgeable) is not None:
            self.begin(feed.run)

    def every(self) -> None:
        if (feed := self._judgeable) is not None:
            self.begin(feed.run, {"every": True})

    def ask(self) -> None:
        """Ask which checkpoint is to be judged, on how many images, by whom."""
        if (feed := self._judgeable) is not None:
            ask = PromptScreen(
                "How? step=N: that checkpoint; n=N: so many images; judge=DATASET: its classifier, "
                "or self-supervised; all: every checkpoint.",
                "n=2000",
                check=judge_options,
            )
            self._screen.app.ask(ask, lambda line: self.begin(feed.run, judge_options(line)))

    @property
    def _judgeable(self) -> RunFeed | None:
        """The run if it can be judged now; otherwise it is said why not."""
        feed = self._screen.app.feed(self._screen.app.watched)
        if feed is None:
            self._screen.app.say("The run's history is still being read.")
        elif self.under_way:
            self._screen.app.say("One judgement at a time; x breaks it off.")
        elif not feed.checkpoints:
            self._screen.app.say(f"{feed.run.name} has no checkpoint yet that could be judged.")
        else:
            return feed
        return None

    def end(self, event: TaskBar.Ended) -> None:
        """Say how a judgement ended."""
        event.stop()
        self._screen.refresh_bindings()
        self._screen.app.poller.hurry()
        if not event.error:
            self._screen.app.say(f"{safe_text(event.name)} is judged.")
        elif not self._screen.is_current:
            self._screen.app.say(event.error)


def nothing_words(feed: RunFeed | None) -> str:
    """Return what a run without a judgement needs; foreign text."""
    if feed is None:
        return "Reading its history …"
    if not feed.checkpoints:
        return (
            f"{feed.run.name} has not been judged, and has no checkpoint yet that could be.\n\n"
            "m watches it; there, k has a run that trains write a checkpoint."
        )
    newest = feed.checkpoints[-1].step
    spec = DATASETS.facts(str(feed.config.get("dataset", ""))).spec
    how = _POINTS if spec.is_points else _IMAGES
    return (
        f"{feed.run.name} has not been judged yet.\n\n"
        f"g has its checkpoint of step {newest:,} judged: {how}\n\n"
        "a judges every checkpoint that is kept, G asks how many images, and by which judge.\n"
        f"In a shell: ganterm judge {feed.run.word}\n"
        "While it trains: set judge_every, such as judge_every=2000."
    )
