"""Following without a terminal: a plain line every few seconds, or records as JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TextIO

from ganterm.cli.follow.follower import RunReporter
from ganterm.cli.narrate import say
from ganterm.client.wording import notice_of
from ganterm.components.datasets import DATASETS
from ganterm.config.cadence import log_spaced
from ganterm.core import jsontext
from ganterm.core.codec import encode
from ganterm.core.errors import GantermError
from ganterm.core.quantities import headlines
from ganterm.core.records import CheckpointRecord, Record, ResumeRecord, SampleRecord, StartRecord
from ganterm.render.byclass import draw_by_class, in_turn
from ganterm.render.colour import Canvas, canvas_of
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.render.show import draw_many
from ganterm.render.words import clock as time_of_day
from ganterm.render.words import duration, number
from ganterm.runs.history import RunHistory, path_inside
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange
from ganterm.runs.state import RunView


class DrawnSheet(NamedTuple):
    """A drawing, and in words what is where in it, if that is not plain."""

    lines: list[str]
    where: str


def drawn_sheet(
    path: Path, canvas: Canvas, images: int, *, sparing: bool = False
) -> DrawnSheet | None:
    """Draw what fits of a sample grid, at most so many of its images; `sparing` as for `draw`.

    None where it was deleted meanwhile; a preview is not worth a word.
    """
    try:
        rasters, classes = load_sheet(path), rows_of_sheet(path)
    except GantermError:
        return None
    by_class = draw_by_class(rasters, classes, canvas, sparing=sparing) if classes else None
    if by_class is not None:
        return DrawnSheet(by_class.lines, by_class.where)
    if classes:
        rasters = [rasters[index] for index in in_turn(len(classes), len(rasters))]
    lines, _ = draw_many(rasters[:images], canvas, scroll=False, sparing=sparing)
    return DrawnSheet(lines, "")


def progress_words(history: RunHistory) -> str:
    """Return how far the run is: `1,230/22,600  epoch 10/200  2,310 images/s  ETA 2 min 5 s`."""
    parts = [
        f"{history.last_step:,}/{history.steps:,}" if history.steps else f"{history.last_step:,}"
    ]
    if history.epochs and history.series:
        parts.append(f"epoch {int(history.latest('epoch') or 0)}/{history.epochs}")
    rate = history.latest("images_per_s")
    if rate:
        parts.append(f"{rate:,.0f} images/s")
    left = history.seconds_left
    if left is not None:
        parts.append(f"ETA {duration(left)}")
    return "  ".join(parts)


def spread_words(history: RunHistory) -> str:
    """Return what a run on points covers of its data: `modes 2 of 8  diversity lost 75 %`.

    Empty for a run on images, whose modes are not counted.
    """
    modes = history.latest("modes")
    if modes is None:
        return ""
    count = len(DATASETS.facts(str(history.config.get("dataset", ""))).centres)
    if not count:
        return f"modes {modes:.0f}"
    lost = f"{max(0.0, 1 - modes / count):.0%}".replace("%", " %")
    return f"modes {modes:.0f} of {count}  diversity lost {lost}"


def loss_words(history: RunHistory) -> str:
    """Return the newest losses and what D makes of real and fake images."""
    parts = [
        f"{each.label} {number(history.latest(each.name))}" for each in headlines(history.series)
    ]
    parts += [words] if (words := spread_words(history)) else []
    return "  ".join(parts)


LINE_SECONDS = 5.0
"""Time between two lines of progress."""
SAMPLE_IMAGES, SAMPLE_ROWS = 64, 24
"""Most images of the samples that are drawn at the end, and most lines they take."""
EARLY_IMAGES, EARLY_ROWS = 10, 9
"""The same of those that are drawn on the way, where a run changes most."""


class PlainReporter(RunReporter):
    """Narrates a run on standard error in lines with their time, which a log file can keep."""

    def __init__(
        self, run: RunDir, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Narrate `run`; if `quiet`, how it begins and ends, and grave news."""
        self.run = run
        self.name = run.name
        self.quiet = quiet
        self._clock = clock
        self._next_line = 0.0
        self._reported = -1
        self._waits_said: set[str] = set()

    def open(self, history: RunHistory) -> None:
        """Say where the run stands."""
        if history.series and not self.quiet:
            self._say(f"{progress_words(history)}  {loss_words(history)}")
            self._reported = history.last_step
        for record in (*history.standing, *history.judged[-1:]):
            self._tell(record, None)
        self._next_line = self._clock() + 1.0

    def record(self, record: Record, history: RunHistory) -> None:
        """Say what happens now and then; metrics wait for the next line of progress."""
        step, at = record.step, record.time
        match record:
            case StartRecord(imported=str(file)):
                self._say(f"imported from {file}", at)
            case StartRecord():
                origin = f", on from {record.parent}" if record.parent else ""
                many = f"for {history.steps:,} steps " if history.steps else ""
                self._say(f"training {many}on {history.place}{origin}", at)
            case ResumeRecord():
                self._say(f"resumed at step {step:,} on {history.place}", at)
                for skipped in record.skipped:
                    self._say(f"passed over a damaged checkpoint, {skipped}", at)
            case SampleRecord() | CheckpointRecord() if not self.quiet:
                self._say(f"{record.kind} at step {step:,}: {record.path}", at)
                if isinstance(record, SampleRecord) and log_spaced(step):
                    self._draw(record, EARLY_IMAGES, EARLY_ROWS)
        self._tell(record, history.settings.change)

    def tick(self, view: RunView, history: RunHistory) -> None:
        """Write a line of progress when it is time."""
        now = self._clock()
        if self.quiet or now < self._next_line:
            return
        if history.last_step != self._reported and history.series:
            self._say(f"{progress_words(history)}  {loss_words(history)}")
            self._reported = history.last_step
            self._next_line = now + LINE_SECONDS
        elif not history.series:
            doing = view.message if view.state == "starting" else ""
            self._say_once(doing or "loading PyTorch and the data")

    def _tell(self, record: Record, change: LiveChange | None) -> None:
        news = notice_of(record, change)
        if news is not None and (news.grave or not self.quiet):
            self._say(f"step {record.step:,}: {news.in_full}", record.time)

    def _say_once(self, what: str) -> None:
        if what not in self._waits_said:
            self._waits_said.add(what)
            self._say(what)

    def _say(self, words: str, at: float | None = None) -> None:
        """Say something that happened at a moment, in seconds since 1970; now, without one."""
        say(f"{time_of_day(time.time() if at is None else at)} {self.name}: {words}")

    def note(self, sentence: str) -> None:
        """Narrate it."""
        self._say(sentence)

    def close(self, view: RunView, history: RunHistory) -> None:
        """Draw the samples of a run that is over as text, and say how the run stands now."""
        over = view.state in {"finished", "stopped", "failed"}
        if over and not self.quiet and history.drawn:
            self._say(f"samples of step {history.drawn[-1].step:,}:")
            self._draw(history.drawn[-1], SAMPLE_IMAGES, SAMPLE_ROWS)
        took = "" if history.seconds is None else f" after {duration(history.seconds)}"
        words = f": {view.message}" if view.message else ""
        self._say(f"{view.state} at step {view.step:,}{took}{words}")

    def _draw(self, record: SampleRecord, images: int, rows: int) -> None:
        if (path := path_inside(record.path)) is None:
            return
        canvas = replace(canvas_of(sys.stderr), rows=rows)
        drawn = drawn_sheet(self.run.path / path, canvas, images)
        if drawn is None:
            return
        if drawn.where:
            self._say(drawn.where, record.time)
        # As they are: where colours were asked for, a notebook shows them.
        sys.stderr.write("".join(f"{line}\n" for line in drawn.lines))


class JsonReporter(RunReporter):
    """Prints each record as the journal has it, one a line, as soon as it is there."""

    @property
    def stream(self) -> TextIO:
        """Standard output."""
        return sys.stdout

    def record(self, record: Record, history: RunHistory) -> None:
        """Print the record."""
        sys.stdout.buffer.write(jsontext.dump_line(encode(record)))
        sys.stdout.buffer.flush()
