"""Following without a terminal: one plain line every few seconds, and one for what happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from ganterm.cli.follow.drawn import drawn_sheet
from ganterm.cli.follow.history import History
from ganterm.cli.follow.words import loss_words, progress_words
from ganterm.cli.narrate import say
from ganterm.render.colour import canvas_of
from ganterm.render.words import duration
from ganterm.runs.layout import RunDir
from ganterm.runs.records import Record
from ganterm.runs.state import RunView

LINE_SECONDS = 5.0
"""Time between two lines of progress."""
SAMPLE_IMAGES, SAMPLE_ROWS = 64, 24
"""Most images of the samples that are drawn at the end, and most lines they take."""


class PlainReporter:
    """Narrates a run on standard error in lines that a log file can keep."""

    def __init__(self, run: RunDir, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.run = run
        self.name = run.name
        self._clock = clock
        self._began = clock()
        self._next_line = 0.0
        self._reported = -1
        self._waits_said: set[str] = set()

    @property
    def stream(self) -> TextIO:
        """Standard error."""
        return sys.stderr

    def open(self, history: History) -> None:
        """Say where the run stands."""
        if history.metrics:
            say(f"{self.name}: {progress_words(history)}  {loss_words(history)}")
            self._reported = history.step
        self._next_line = self._clock() + 1.0

    def record(self, record: Record, history: History) -> None:
        """Say what happens now and then; metrics wait for the next line of progress."""
        step = record["step"]
        match record["kind"]:
            case "start" if file := record.get("imported"):
                say(f"{self.name}: imported from {file}")
            case "start":
                origin = f", on from {parent}" if (parent := record.get("parent")) else ""
                many = f"{history.steps:,} steps on {history.place}"
                say(f"{self.name}: training for {many}{origin}")
            case "resume":
                say(f"{self.name}: resumed at step {step:,} on {history.place}")
                for skipped in record.get("skipped", []):
                    say(f"{self.name}: passed over a damaged checkpoint, {skipped}")
            case "sample" | "checkpoint":
                say(f"{self.name}: {record['kind']} at step {step:,}: {record['path']}")
            case "alert":
                say(f"{self.name}: {record['message']}")
            case "control":
                verdict = f"refused: {record['error']}" if record["error"] else "done"
                words = " ".join(map(str, record["args"].values()))
                say(f"{self.name}: {record['name']} {words} at step {step:,}: {verdict}")

    def tick(self, view: RunView, history: History) -> None:
        """Write a line of progress when it is time."""
        now = self._clock()
        if now < self._next_line:
            return
        if history.step != self._reported and history.metrics:
            say(f"{self.name}: {progress_words(history)}  {loss_words(history)}")
            self._reported = history.step
            self._next_line = now + LINE_SECONDS
        elif not history.metrics:
            doing = view.message if view.state == "starting" else ""
            self._say_once(doing or "loading PyTorch and the data")

    def _say_once(self, what: str) -> None:
        if what not in self._waits_said:
            self._waits_said.add(what)
            say(f"{self.name}: {what}")

    def ask(self) -> None:
        """Tell what a second Ctrl-C does."""
        say("Ctrl-C again stops training with a checkpoint.")

    def note(self, sentence: str) -> None:
        """Narrate it."""
        say(f"{self.name}: {sentence}")

    def close(self, view: RunView, history: History) -> None:
        """Draw the samples of a run that is over as text, and say how the run stands now."""
        if view.state in {"finished", "stopped", "failed"} and history.sample is not None:
            self._draw(history.sample)
        took = "" if history.seconds is None else f" after {duration(history.seconds)}"
        words = f": {view.message}" if view.message else ""
        say(f"{self.name}: {view.state} at step {view.step:,}{took}{words}")

    def _draw(self, record: Record) -> None:
        canvas = replace(canvas_of(sys.stderr), rows=SAMPLE_ROWS)
        drawn = drawn_sheet(self.run.path / record["path"], canvas, SAMPLE_IMAGES)
        if drawn is None:
            return
        where = f", {drawn.where}" if drawn.where else ""
        say(f"{self.name}: samples of step {record['step']:,}{where}:")
        # As they are: where colours were asked for, a notebook shows them.
        sys.stderr.write("".join(f"{line}\n" for line in drawn.lines))
