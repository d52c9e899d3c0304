"""What is done to a run from a screen, and the runs that are begun from it there."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ganterm.client import queueing
from ganterm.client.choices import Option
from ganterm.client.feed import RunFeed, evidence_words, offers_of
from ganterm.client.launching import go_on, typed_words
from ganterm.client.overview import Overview
from ganterm.config import RunConfig
from ganterm.config.branch import FIXED, branch, checkpoint_steps
from ganterm.config.draft import to_text
from ganterm.config.fields import Value, field, parse_value
from ganterm.config.recorded import recorded_config
from ganterm.core.errors import ConfigError
from ganterm.core.records import MAX_STEP
from ganterm.doctor.applicable import ApplicableRemedy
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs import manage
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir, check_name
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.dialogs import ConfirmScreen, PickerScreen, PromptScreen

_NAMED = 5
"""Runs that a question names."""


def _look(runs_dir: Path, config: RunConfig) -> None:
    """Find out whether a run of `config` can begin in a directory; raises where it cannot."""
    # The list of runs is there without what looks a configuration over.
    from ganterm.client.preflight import inspect  # noqa: PLC0415

    if missing := inspect(config, runs_dir).missing:
        raise ConfigError(
            f"{missing} is not on this machine yet; `ganterm data fetch {missing}` gets it."
        )


class RunActions:
    """Trains the run that is chosen on, renames it, notes something, deletes it."""

    def __init__(self, screen: AppScreen, chosen: Callable[[], Overview | None]) -> None:
        self._screen = screen
        self._chosen = chosen

    def resume(self) -> None:
        """Train the run on; ask for a new length where it has reached its own."""
        if run := self._chosen():
            self._train_on(run, self._start)

    def _train_on(self, run: Overview, begin: Callable[[Overview, dict[str, str]], None]) -> None:
        if run.alive:
            self._screen.app.say(f"{run.name} is training already; Enter shows it.")
        elif way := run.run.restart:
            self._screen.app.say(f"ganterm cannot train {run.name} on: {way}.")
        elif run.state == "finished":
            ask = PromptScreen(
                f"{run.name} has made its {run.step:,} steps; how many are they to be in all?",
                check=partial(_longer, run.step),
            )
            self._screen.app.ask(ask, lambda steps: begin(run, {"steps": steps.replace(",", "")}))
        else:
            begin(run, {})

    def _start(self, run: Overview, given: dict[str, str]) -> None:
        def start() -> None:
            start_worker(run.run, go_on(run.run, given, partial(_look, run.path)))

        self._screen.app.say(f"Starting {run.name} …")
        self._do(start, f"{run.name} trains on.")

    def queue(self) -> None:
        """Take a queued run out of the queue; put another one into it, as `resume` would start it.

        Ask for a new length where it has reached its own.
        """
        run = self._chosen()
        if run and run.place is not None:
            self._do(partial(queueing.drop, run.run), f"{run.name} is out of the queue.")
        elif run:
            self._train_on(run, self._enqueue)

    def _enqueue(self, run: Overview, given: dict[str, str]) -> None:
        def enqueue() -> None:
            arguments = go_on(run.run, given, partial(_look, run.path))
            queueing.enqueue(run.run, recorded_config(run.run).device, arguments)

        self._do(enqueue, f"{run.name} is queued.")

    def shift(self, by: int) -> None:
        """Move a queued run to an earlier place (< 0) or a later one."""
        run = self._chosen()
        if run and run.place is not None:
            self._do(partial(queueing.move, run.run, max(run.place + by, 1)))
        elif run:
            self._screen.app.say(f"{run.name} is not in the queue; Q puts it there.")

    def rename(self) -> None:
        run = self._chosen()
        if run and run.alive:
            self._screen.app.say(f"{run.name} is training; open it and stop it first.")
        elif run:
            ask = PromptScreen(f"Another name for {run.name}", run.name, check=check_name)
            self._screen.app.ask(ask, partial(self._rename, run))

    def _rename(self, run: Overview, name: str) -> None:
        if name != run.name:
            self._do(partial(manage.rename, run.run, name), f"{run.name} is now {name}.")

    def note(self) -> None:
        if run := self._chosen():
            self._screen.app.ask(
                PromptScreen(f"A note on {run.name}", safe_text(run.note)),
                lambda note: self._do(partial(manage.write_note, run.run, note)),
            )

    def delete(self, runs: list[Overview]) -> None:
        """Ask once whether to delete all of these runs."""
        alive = [run.name for run in runs if run.alive]
        if alive:
            many, which = ("are", "them") if len(alive) > 1 else ("is", "it")
            self._screen.app.say(
                f"{', '.join(alive)} {many} training; open and stop {which} first."
            )
        elif runs:
            names = ", ".join(run.name for run in runs[:_NAMED])
            more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
            what = f"{names}{more}" if len(runs) == 1 else f"{len(runs)} runs: {names}{more}"
            whose = "Its" if len(runs) == 1 else "Their"
            ask = ConfirmScreen(
                f"Delete {safe_text(what)}?",
                f"{whose} {words.size(sum(run.size_bytes for run in runs))} of journal, "
                "samples and checkpoints are gone for good then.",
                yes="Delete",
                no="Keep",
            )
            many = f"{len(runs)} runs are" if len(runs) > 1 else f"{runs[0].name} is"
            self._screen.app.ask(
                ask, lambda _yes: self._do(partial(_delete_all, runs), f"{many} deleted.")
            )

    def _do(self, task: Callable[[], object], done: str = "") -> None:
        """Do what may take a while, and say that it is done; look at the runs again."""
        app = self._screen.app

        def work() -> None:
            try:
                task()
            finally:
                app.poller.hurry()

        app.do(work, lambda _none: app.say(done) if done else None)


def _delete_all(runs: list[Overview]) -> None:
    for run in runs:
        manage.delete(run.run)


def _longer(step: int, text: str) -> None:
    """Raise `ConfigError` unless `text` is a number of steps greater than `step`."""
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdigit() and step < int(digits) < MAX_STEP):
        raise ConfigError(f"give a number of steps greater than {step:,}")


class Branching:
    """Asks over a screen where a branch is to begin and what is to differ, and begins it."""

    def __init__(self, screen: AppScreen) -> None:
        self._screen = screen

    def ask(self, feed: RunFeed, step: int | None) -> None:
        """Ask from which checkpoint to go on, the one nearest to `step` first, or the newest."""
        if way := feed.run.restart:
            self._screen.app.say(f"ganterm cannot branch off {feed.run.name}: {way}.")
            return
        self._screen.run_worker(self._ask_for_checkpoint(feed, step))

    async def _ask_for_checkpoint(self, feed: RunFeed, wanted: int | None) -> None:
        steps = await asyncio.to_thread(checkpoint_steps, feed.run)
        if not steps:
            self._screen.app.say(f"{feed.run.name} has no checkpoint yet; k writes one.")
            return
        near = steps[-1] if wanted is None else min(steps, key=lambda each: abs(each - wanted))
        ask = PickerScreen(
            f"From which checkpoint of {feed.run.name} is a new run to go on?",
            _checkpoints(feed, steps),
            str(near),
            "The run itself stays as it is. Point at a step in the charts to begin there.",
        )
        self._screen.app.ask(ask, lambda step: self._ask_for_changes(feed.run, int(step)))

    def _ask_for_changes(self, run: RunDir, step: int) -> None:
        ask = PromptScreen(
            f"What is to differ from {run.name} at step {step:,}? Such as lr_g=1e-4 "
            "d_steps=2, or nothing.",
            check=parse_changes,
        )
        self._screen.app.ask(ask, lambda line: self._branch(run, step, parse_changes(line)))

    def _branch(self, run: RunDir, step: int, changes: dict[str, Value]) -> None:
        app = self._screen.app
        typed = [f"--set={key}={to_text(value)}" for key, value in changes.items()]
        command = shlex.join(["ganterm", "branch", run.name, f"--step={step}", *typed])

        def begin() -> RunDir:
            made = branch(
                run,
                step,
                app.options.runs_dir,
                changes=changes,
                command=command,
                before=partial(_look, app.options.runs_dir),
            )
            start_worker(made)
            return made

        app.say(f"Branching from {run.name} at step {step:,} …")
        app.do(begin, app.watch_run)


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


def _checkpoints(feed: RunFeed, steps: Sequence[int]) -> list[Option]:
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


class Remedies:
    """Applies what the doctor advises: live where the run can, else in another run.

    `set_live` is given the run and the settings of one that is to be changed while it trains.
    """

    def __init__(
        self, screen: AppScreen, set_live: Callable[[RunDir, dict[str, object]], None]
    ) -> None:
        self._screen = screen
        self._set_live = set_live
        self._beginning = False

    def apply_first(self, feed: RunFeed) -> None:
        if offers := self._offers(feed):
            self._apply(feed, offers[0])

    def choose(self, feed: RunFeed) -> None:
        if offers := self._offers(feed):
            ask = PickerScreen(
                "What is to be done?",
                [Option(offer.id, offer.how, offer.remedy.label) for offer in offers],
                offers[0].id,
                f"{evidence_words(offers[0].trouble)} u takes a live change back.",
            )
            self._screen.app.ask(ask, partial(self._chosen, feed))

    def _offers(self, feed: RunFeed) -> list[ApplicableRemedy]:
        """Return the remedies there are; where there are none, it is said."""
        offers = offers_of(feed)
        if not offers:
            self._screen.app.say(
                f"The doctor knows of nothing to be done about {feed.run.name}."
                if feed.troubles
                else f"The doctor finds nothing wrong with {feed.run.name}."
            )
        return offers

    def _chosen(self, feed: RunFeed, identity: str) -> None:
        # The trouble may have passed while the list was open.
        feed = self._screen.app.feed(feed.run) or feed
        for offer in self._offers(feed):
            if offer.id == identity:
                self._apply(feed, offer)

    def _apply(self, feed: RunFeed, offer: ApplicableRemedy) -> None:
        if offer.live:
            self._set_live(feed.run, offer.remedy.settings)
            return
        does = "trains on as it is, and takes its share of the machine"
        if feed.view.alive is False:
            does = "stays as it is"
        ask = ConfirmScreen(
            f"Begin another run: {offer.remedy.label}?",
            f"{feed.run.name} {does}; the new run is watched then.",
            yes="Begin",
            no="Not now",
        )
        self._screen.app.ask(ask, lambda _yes: self._begin(feed.run, offer))

    def _begin(self, run: RunDir, offer: ApplicableRemedy) -> None:
        """Make the run that begins with the remedy, start its worker and watch it."""
        app = self._screen.app
        runs_dir = app.options.runs_dir

        def begin() -> RunDir:
            try:
                made = offer.begin(run, runs_dir, partial(_look, runs_dir))
                start_worker(made)
            finally:
                self._beginning = False
            return made

        if not self._beginning:
            self._beginning = True
            app.say(f"Beginning another run: {offer.remedy.label} …")
            app.do(begin, app.watch_run)
