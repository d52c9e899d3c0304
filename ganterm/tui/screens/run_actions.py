"""What is done to a run from a screen: train it on, rename it, note something, delete it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ganterm.client.overview import Overview
from ganterm.core.errors import ConfigError, GantermError
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs import manage
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import MAX_STEP, check_name
from ganterm.tui.base import AppScreen
from ganterm.tui.screens.dialogs import ConfirmScreen, PromptScreen

_NAMED = 5
"""Runs that a question names."""


class RunActions:
    """Does something to the run that is chosen on a screen, asking over it where it must."""

    def __init__(self, screen: AppScreen, chosen: Callable[[], Overview | None]) -> None:
        self._screen = screen
        self._chosen = chosen

    def resume(self) -> None:
        """Train the run on; ask for a new length where it has reached its own."""
        run = self._chosen()
        if run is None:
            return
        if run.alive:
            self._screen.app.say(f"{run.name} is training already; Enter shows it.")
        elif run.state == "finished":
            ask = PromptScreen(
                f"{run.name} has made its {run.step:,} steps; how many are they to be in all?",
                check=partial(_longer, run.step),
            )
            self._screen.app.push_screen(ask, partial(self._prolong, run))
        else:
            self._start(run)

    def _prolong(self, run: Overview, steps: str | None) -> None:
        if steps:
            self._start(run, f"--steps={steps.replace(',', '')}")

    def _start(self, run: Overview, *arguments: str) -> None:
        self._screen.app.say(f"Starting {run.name} …")
        self._do(partial(start_worker, run.run, arguments), f"{run.name} trains on.")

    def rename(self) -> None:
        """Ask for another name."""
        run = self._chosen()
        if run and run.alive:
            self._screen.app.say(f"{run.name} is training; open it and stop it first.")
        elif run:
            ask = PromptScreen(f"Another name for {run.name}", run.name, check=check_name)
            self._screen.app.push_screen(ask, partial(self._rename, run))

    def _rename(self, run: Overview, name: str | None) -> None:
        if name and name != run.name:
            self._do(partial(manage.rename, run.run, name), f"{run.name} is now {name}.")

    def note(self) -> None:
        """Ask for a note."""
        if run := self._chosen():
            ask = PromptScreen(f"A note on {run.name}", safe_text(run.note))
            self._screen.app.push_screen(ask, partial(self._note, run))

    def _note(self, run: Overview, note: str | None) -> None:
        if note is not None:
            self._do(partial(manage.write_note, run.run, note), "")

    def delete(self, runs: list[Overview]) -> None:
        """Ask once whether to delete all of these runs."""
        alive = [run.name for run in runs if run.alive]
        if alive:
            many = "are" if len(alive) > 1 else "is"
            which = "them" if len(alive) > 1 else "it"
            self._screen.app.say(
                f"{', '.join(alive)} {many} training; open and stop {which} first."
            )
        elif runs:
            names = ", ".join(run.name for run in runs[:_NAMED])
            more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
            what = f"{names}{more}" if len(runs) == 1 else f"{len(runs)} runs: {names}{more}"
            whose = "Its" if len(runs) == 1 else "Their"
            self._screen.app.push_screen(
                ConfirmScreen(
                    f"Delete {safe_text(what)}?",
                    f"{whose} {words.size(sum(run.size_bytes for run in runs))} of journal, "
                    "samples and checkpoints are gone for good then.",
                    yes="Delete",
                    no="Keep",
                ),
                partial(self._delete, runs),
            )

    def _delete(self, runs: list[Overview], yes: bool | None) -> None:
        if yes:
            many = f"{len(runs)} runs are" if len(runs) > 1 else f"{runs[0].name} is"
            self._do(partial(_delete_all, runs), f"{many} deleted.")

    def _do(self, task: Callable[[], object], done: str) -> None:
        """Do what may take a while off the screen's thread, and say how it went."""
        app = self._screen.app

        def work() -> None:
            try:
                task()
            except GantermError as error:
                app.call_from_thread(app.say_error, error)
            else:
                if done:
                    app.call_from_thread(app.say, done)
            app.poller.hurry()

        self._screen.run_worker(work, thread=True)


def _delete_all(runs: list[Overview]) -> None:
    for run in runs:
        manage.delete(run.run)


def _longer(step: int, text: str) -> None:
    """Raise `ConfigError` unless `text` is a number of steps greater than `step`."""
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdigit() and step < int(digits) < MAX_STEP):
        raise ConfigError(f"give a number of steps greater than {step:,}")
