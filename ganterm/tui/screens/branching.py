"""Going back: a new run from an earlier checkpoint of the one that is watched."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from functools import partial

from ganterm.client.choices import Option
from ganterm.client.feed import RunFeed
from ganterm.client.launching import typed_words
from ganterm.client.preflight import inspect
from ganterm.config.branch import FIXED, branch, checkpoint_steps
from ganterm.config.draft import to_text
from ganterm.config.fields import Value, field, parse_value
from ganterm.core.errors import ConfigError, GantermError
from ganterm.render import words
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.dialogs import PickerScreen, PromptScreen


class Branching:
    """Asks over a screen where a branch is to begin and what is to differ, and begins it."""

    def __init__(self, screen: AppScreen) -> None:
        self._screen = screen

    def ask(self, feed: RunFeed, step: int | None) -> None:
        """Ask from which checkpoint to go on, the one nearest to `step` first, or the newest."""
        self._screen.run_worker(self._ask_for_checkpoint(feed, step))

    async def _ask_for_checkpoint(self, feed: RunFeed, wanted: int | None) -> None:
        steps = await asyncio.to_thread(checkpoint_steps, feed.run)
        if not steps:
            self._screen.app.say(f"{feed.run.name} has no checkpoint yet; k writes one.")
            return
        near = steps[-1] if wanted is None else min(steps, key=lambda each: abs(each - wanted))
        self._screen.app.push_screen(
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
            self._screen.app.push_screen(ask, partial(self._branch, run, int(step)))

    def _branch(self, run: RunDir, step: int, line: str | None) -> None:
        if line is not None:
            self._screen.app.say(f"Branching from {run.name} at step {step:,} …")
            begin = partial(self._begin, run, step, parse_changes(line))
            self._screen.run_worker(begin, thread=True)

    def _begin(self, run: RunDir, step: int, changes: dict[str, Value]) -> None:
        """Make the branch, start its worker and watch it."""
        app = self._screen.app
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


def parse_changes(line: str) -> dict[str, Value]:
    """Return the settings of a line by name; a value with blanks stands in quotes.

    Raises:
        ConfigError: a word is no KEY=VALUE, there is no such setting, the value is none of its
            values, or a branch cannot change it.
    """
    others, given = typed_words(line)
    for word in others:
        raise ConfigError(f"{word!r} is not KEY=VALUE, such as lr_g=1e-4.")
    changes: dict[str, Value] = {}
    for name, text in given.items():
        spec = field(name)
        if spec.name in FIXED:
            raise ConfigError(f"{spec.name} stays what it is in a branch; begin a new run instead.")
        changes[spec.name] = parse_value(spec.name, text)
    return changes


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
