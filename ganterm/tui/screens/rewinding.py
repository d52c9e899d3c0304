"""Going back: a new run from an earlier checkpoint of the one that is watched."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from functools import partial

from textual import work

from ganterm.client.preflight import inspect
from ganterm.config.branch import branch, checkpoint_steps
from ganterm.config.draft import to_text
from ganterm.config.fields import Value
from ganterm.errors import GantermError
from ganterm.render import words
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir
from ganterm.tui.choices import Option
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.screens.picker import PickerScreen
from ganterm.tui.screens.prompt import PromptScreen
from ganterm.tui.screens.watching import WatchingScreen
from ganterm.tui.watch.changes import parse_changes


class RewindingScreen(WatchingScreen):
    """A screen on which a run can be taken up again from an earlier checkpoint, as a branch."""

    @work
    async def ask_for_branch(self) -> None:
        """Ask from which checkpoint to go on, and with what changed."""
        feed = self.feed
        if feed is None:
            return
        steps = await asyncio.to_thread(checkpoint_steps, feed.run)
        if not steps:
            self.app.say(f"{feed.run.name} has no checkpoint yet; k writes one.")
            return
        wanted = self.charts.window.cursor
        near = steps[-1] if wanted is None else min(steps, key=lambda each: abs(each - wanted))
        self.app.push_screen(
            PickerScreen(
                f"From which checkpoint of {feed.run.name} is a new run to go on?",
                options_of(feed, steps),
                str(near),
                "The run itself stays as it is. Point at a step in the charts to begin there.",
            ),
            partial(self._ask_for_changes, feed.run),
        )

    def _ask_for_changes(self, run: RunDir, step: str | None) -> None:
        if step is not None:
            ask = PromptScreen(
                f"What is to differ from {run.name} at step {int(step):,}? Such as lr_g=1e-4 "
                "d_steps=2, or nothing.",
                check=parse_changes,
            )
            self.app.push_screen(ask, partial(self._branch, run, int(step)))

    def _branch(self, run: RunDir, step: int, line: str | None) -> None:
        if line is not None:
            self.app.say(f"Branching from {run.name} at step {step:,} …")
            self._begin_branch(run, step, parse_changes(line))

    @work(thread=True)
    def _begin_branch(self, run: RunDir, step: int, changes: dict[str, Value]) -> None:
        """Make the branch, start its worker and watch it."""
        app = self.app
        typed = [f"--set={key}={to_text(value)}" for key, value in changes.items()]
        command = shlex.join(["ganterm", "branch", run.name, f"--step={step}", *typed])
        try:
            made = branch(
                run,
                step,
                app.options.runs_dir,
                changes=changes,
                command=command,
                before=lambda config: inspect(config, app.options.runs_dir),
            )
            start_worker(made)
        except GantermError as error:
            app.call_from_thread(app.say_error, error)
        else:
            app.call_from_thread(app.watch_run, made)


def options_of(feed: RunFeed, steps: Sequence[int]) -> list[Option]:
    """Return what there is to choose from: the newest first, with the losses they had."""
    return [
        Option(str(step), "newest" if step == steps[-1] else "", _losses_at(feed, step))
        for step in reversed(steps)
    ]


def _losses_at(feed: RunFeed, step: int) -> str:
    said = []
    for name, title in (("d_loss", "D loss"), ("g_loss", "G loss")):
        found = feed.series[name].nearest(step) if name in feed.series else None
        if found is not None:
            said.append(f"{title} {words.number(found[1])}")
    return "  ".join(said)
