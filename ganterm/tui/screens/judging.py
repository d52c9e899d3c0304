"""Having a run judged from a screen: `ganterm judge` in a process of its own, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from textual import on

from ganterm.client.tasks import Judging, judge_options
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppScreen
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.screens.prompt import PromptScreen
from ganterm.tui.widgets.task_bar import TaskBar


class JudgingScreen(AppScreen):
    """A screen with a `TaskBar` on which the run that is watched can be judged."""

    @property
    def feed(self) -> RunFeed | None:
        """The run; None before its history has been read."""
        return self.app.feed(self.app.watched)

    @property
    def bar(self) -> TaskBar:
        """The line about the judgement under way."""
        return self.query_one(TaskBar)

    @property
    def judging(self) -> bool:
        """Whether a judgement is under way."""
        return self.bar.followed is not None

    def begin(self, run: RunDir, options: Mapping[str, Any] | None = None) -> None:
        """Have a run judged; its scores come by its journal."""
        if self.judging:
            return
        self.bar.follow(Judging(run, options), "x breaks it off")
        self.refresh_bindings()

    def judge(self) -> None:
        """Judge the newest checkpoint."""
        if (feed := self._judgeable) is not None:
            self.begin(feed.run)

    def judge_all(self) -> None:
        """Judge every checkpoint that is kept."""
        if (feed := self._judgeable) is not None:
            self.begin(feed.run, {"every": True})

    def judge_with(self) -> None:
        """Ask which checkpoint is to be judged, on how many images, by whom."""
        if (feed := self._judgeable) is not None:
            ask = PromptScreen(
                "How? step=N: that checkpoint; n=N: so many images; judge=DATASET: its classifier; "
                "all: every checkpoint.",
                "n=2000",
                check=judge_options,
            )
            self.app.push_screen(ask, partial(self._begin_with, feed.run))

    def _begin_with(self, run: RunDir, line: str | None) -> None:
        if line is not None:
            self.begin(run, judge_options(line))

    @property
    def _judgeable(self) -> RunFeed | None:
        """The run if it can be judged now; otherwise it is said why not."""
        feed = self.feed
        if feed is None:
            self.app.say("The run's history is still being read.")
        elif self.judging:
            self.app.say("One judgement at a time; x breaks it off.")
        elif not feed.checkpoints:
            self.app.say(f"{feed.run.name} has no checkpoint yet that could be judged.")
        else:
            return feed
        return None

    @on(TaskBar.Ended)
    def _judged(self, event: TaskBar.Ended) -> None:
        event.stop()
        self.refresh_bindings()
        self.app.poller.hurry()
        if not event.error:
            self.app.say(f"{safe_text(event.name)} is judged.")
        elif not self.is_current:
            self.app.say(event.error)
