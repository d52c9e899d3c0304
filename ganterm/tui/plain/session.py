"""A session in lines: what is watched, what is told of it, and what is done when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from ganterm.config.fields import field, parse_value
from ganterm.errors import ConfigError, GantermError, WorkerError
from ganterm.render.text import safe_text
from ganterm.runs import control, manage
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir, resolve_run
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.feed.runlist import RunList
from ganterm.tui.plain import report
from ganterm.tui.plain.lines import LineReader

LOOK_SECONDS: Final = 0.5
"""How often the run that is watched is looked at."""
TELL_SECONDS: Final = 10.0
"""How often its progress is told unless `every` says otherwise."""

Command = Callable[[str], None]


class PlainSession:
    """Prints with `write`, a line at a time, and reads commands from `reader` until it is left."""

    def __init__(
        self,
        runs_dir: Path,
        reader: LineReader,
        write: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs_dir = runs_dir
        self._reader = reader
        self._write = write
        self._clock = clock
        self._feed: RunFeed | None = None
        self._told_state = ""
        self._told_step = -1
        self._tell_every = TELL_SECONDS
        self._tell_at = 0.0
        self._left = False
        steer = {
            name: partial(self._post, name) for name in ("pause", "stop", "checkpoint", "sample")
        }
        self._commands: dict[str, tuple[Command, str]] = {
            "help": (self._help, "say what can be typed"),
            "runs": (self._runs, "list the runs; runs WORDS: those that hold the words"),
            "watch": (self._watch, "watch NAME: tell what a run does; watch alone: no run"),
            "now": (self._now, "say where the run stands"),
            "every": (self._every, "every SECONDS: how often to tell the progress; 0: not at all"),
            "settings": (self._settings, "say the settings in force"),
            "log": (self._log, "print the last lines of the worker"),
            "pause": (steer["pause"], "pause the training"),
            "go": (partial(self._post, "resume"), "go on after a pause"),
            "stop": (steer["stop"], "write a checkpoint and stop"),
            "checkpoint": (steer["checkpoint"], "write a checkpoint now"),
            "sample": (steer["sample"], "draw the samples now"),
            "set": (self._set, "set KEY=VALUE: change a setting while it trains"),
            "resume": (self._resume, "train a run on that has ended; resume NAME: another run"),
            "note": (self._note, "note TEXT: write a note on the run"),
            "quit": (self._quit, "leave; what trains goes on training"),
        }

    def run(self, run: RunDir | None) -> None:
        """Go on until `quit`, or until nothing can be typed and nothing more will happen."""
        self._say("ganterm in plain lines. Type help and Enter for what can be typed.")
        if run is None:
            self._runs("")
        else:
            self._begin(run)
        while not self._left:
            for line in self._reader.wait(LOOK_SECONDS):
                self.obey(line)
            self.look()
            if self._reader.ended and not self._alive:
                return

    def obey(self, line: str) -> None:
        """Do what a line says; what is wrong is told in a sentence."""
        name, _, rest = line.partition(" ")
        command = self._commands.get(name.lower())
        try:
            if command is None:
                raise ConfigError(f"{name} is no command; help lists them.")
            command[0](rest.strip())
        except GantermError as error:
            self._say(str(error))

    def look(self) -> None:
        """Tell what is new in the run that is watched."""
        if self._feed is None:
            return
        change = self._feed.refresh()
        for said in report.news(self._feed, change):
            self._say(said)
        now = report.state(self._feed)
        if now != self._told_state:
            self._told_state = now
            self._say(now)
            self._progress()
        elif self._tell_every and self._clock() >= self._tell_at:
            self._progress()

    @property
    def _alive(self) -> bool:
        return self._feed is not None and self._feed.view.alive is not False

    @property
    def _watched(self) -> RunFeed:
        if self._feed is None:
            raise ConfigError("No run is watched; watch NAME begins, and runs lists the names.")
        return self._feed

    def _say(self, line: str) -> None:
        self._write(safe_text(line) + "\n")

    def _progress(self) -> None:
        self._tell_at = self._clock() + self._tell_every
        if self._feed is not None and self._feed.step != self._told_step:
            self._told_step = self._feed.step
            self._say(report.progress(self._feed))

    def _begin(self, run: RunDir) -> None:
        self._feed = RunFeed(run)
        self._told_state, self._told_step = "", -1
        self.look()

    # What can be typed

    def _help(self, _rest: str) -> None:
        for name, (_, words) in self._commands.items():
            self._say(f"{name}: {words}.")

    def _runs(self, rest: str) -> None:
        wanted = rest.casefold().split()
        listing = RunList(self._runs_dir)
        lines = [report.listed(run) for run in listing.poll()]
        found = [line for line in lines if all(word in line.casefold() for word in wanted)]
        if listing.trouble:
            raise ConfigError(listing.trouble)
        self._say(
            f"{len(found)} of {len(lines)} runs in {self._runs_dir}:"
            if lines
            else f"There are no runs in {self._runs_dir}; ganterm train starts one."
        )
        for line in found:
            self._say(line)

    def _watch(self, rest: str) -> None:
        if rest:
            self._begin(resolve_run(rest, self._runs_dir))
        else:
            self._feed = None

    def _now(self, _rest: str) -> None:
        self._say(report.state(self._watched))
        self._say(report.progress(self._watched))

    def _every(self, rest: str) -> None:
        try:
            seconds = float(rest)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= 86400:
            raise ConfigError("every takes a number of seconds from 0 to 86400, such as every 30.")
        self._tell_every = seconds
        self._tell_at = self._clock() + seconds

    def _settings(self, _rest: str) -> None:
        for key, value in self._watched.config.items():
            self._say(f"{key}: {'unset' if value is None else value}")

    def _log(self, _rest: str) -> None:
        for line in self._watched.log or ["The worker printed nothing."]:
            self._say(line)

    def _post(self, name: str, rest: str, **args: object) -> None:
        feed = self._watched
        if rest:
            raise ConfigError(f"{name} takes nothing after it.")
        if feed.view.alive is False:
            raise WorkerError(f"{feed.run.name} is not training; resume trains it on.")
        control.post(feed.run.control, name, **args)
        self._say("Asked for; the answer comes at the next step.")

    def _set(self, rest: str) -> None:
        key, equals, text = rest.partition("=")
        if not equals:
            raise ConfigError("set takes KEY=VALUE, such as set lr_g=1e-4.")
        spec = field(key.strip().replace("-", "_"))
        if not spec.live:
            raise ConfigError(f"{spec.name} cannot be changed while training.")
        self._post("set", "", key=spec.name, value=parse_value(spec.name, text.strip()))

    def _resume(self, rest: str) -> None:
        run = resolve_run(rest, self._runs_dir) if rest else self._watched.run
        self._say(f"Starting {run.name}.")
        start_worker(run)
        self._begin(run)

    def _note(self, rest: str) -> None:
        manage.write_note(self._watched.run, rest)
        self._say("Noted." if rest else "The note is removed.")

    def _quit(self, _rest: str) -> None:
        self._left = True
