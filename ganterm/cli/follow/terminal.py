"""Following on a terminal: previews scroll by, and a few lines at the bottom keep moving."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ganterm.cli.follow.follower import RunReporter
from ganterm.cli.follow.reporters import drawn_sheet, progress_words, spread_words
from ganterm.client.comparison import short_words
from ganterm.client.wording import notice_of
from ganterm.components.scores import MAIN, SCORES
from ganterm.core.quantities import drawn_in
from ganterm.core.records import Record, ResumeRecord, SampleRecord
from ganterm.core.series import Series
from ganterm.render.colour import Canvas, Charset, ColourMode, canvas_of, over_ssh
from ganterm.render.curve import plot, sparkline
from ganterm.render.text import safe_text
from ganterm.render.words import clock, duration, number
from ganterm.runs.history import RunHistory, path_inside
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange
from ganterm.runs.state import RunView

PREVIEW_IMAGES = 16
PREVIEW_ROWS = 12
"""Most images of a preview, and rows of the terminal it takes, while training goes on."""
FINAL_IMAGES = 64
"""Most images of the grid that is left on the screen at the end."""

ASK = "Ctrl-C again or s: stop with a checkpoint · d: detach, training goes on · other: follow on"

_TONES = {"text": "", "muted": "dim", "good": "green", "warn": "yellow", "bad": "red"}
"""Styles of what is told."""
_COLOUR_SYSTEMS = {
    ColourMode.TRUECOLOR: "truecolor",
    ColourMode.INDEXED_256: "256",
    ColourMode.INDEXED_16: "standard",
    ColourMode.NONE: None,
}


class TerminalReporter(RunReporter):
    """Draws a run on standard error, which must be a terminal."""

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self.canvas = canvas_of(sys.stderr)
        self.console = Console(
            stderr=True,
            color_system=_COLOUR_SYSTEMS[self.canvas.colour],  # type: ignore[arg-type]  # its names
            no_color=self.canvas.colour is ColourMode.NONE,
            highlight=False,
            emoji=False,
            markup=False,
        )
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        # Over SSH every frame crosses a network; twice a second is calm and enough.
        self._remote = over_ssh(os.environ)
        self._frame_seconds = 0.5 if self._remote else 0.25
        self._next_frame = 0.0
        self._question = ""
        self._began = time.monotonic()

    def open(self, history: RunHistory) -> None:
        """Show the newest preview of what happened before, then start to move."""
        if history.drawn and history.end is None:
            self._preview(history.drawn[-1], history)
        for record in (*history.standing, *history.judged[-1:]):
            self._tell(record, None)
        self.live.start()

    def record(self, record: Record, history: RunHistory) -> None:
        """Print previews, and a line for what a person should know."""
        match record:
            case SampleRecord():
                self._preview(record, history)
            case ResumeRecord():
                self._line(f"Resumed at step {record.step:,}.", "dim")
                for skipped in record.skipped:
                    self._line(f"Passed over a damaged checkpoint, {skipped}.", "yellow")
            case _:
                self._tell(record, history.settings.change)

    def _tell(self, record: Record, change: LiveChange | None) -> None:
        """Print what a record tells, with its time and step, and below it what helps."""
        news = notice_of(record, change)
        if news is None:
            return
        when = f"{clock(record.time)} step {record.step:,}"
        self._line(f"{when}  {news.words}", _TONES[news.tone])
        if news.helps:
            self._line(f"  {news.helps}", "dim")

    def tick(self, view: RunView, history: RunHistory) -> None:
        """Redraw the bottom lines, a few times a second at most."""
        now = time.monotonic()
        if now >= self._next_frame:
            self._next_frame = now + self._frame_seconds
            self.live.update(self._frame(view, history), refresh=True)

    def ask(self) -> None:
        """Show what can be done until a key is pressed."""
        self._question = ASK if self.canvas.charset is Charset.HALFBLOCK else ASK.replace("·", "-")
        self._next_frame = 0.0
        if not self.live.is_started:  # A long history is still being read.
            self._line(self._question, "bold")

    def note(self, sentence: str) -> None:
        """Print it above the moving lines."""
        self._question = ""
        self._line(sentence[0].upper() + sentence[1:] + ".", "dim")

    def close(self, view: RunView, history: RunHistory) -> None:
        """Leave the final grid, the curves and the next commands on the screen."""
        self.live.update(Text(""))
        self.live.stop()
        over = view.state in {"finished", "stopped", "failed"}
        if over:
            self._curves(history)
        if over and history.drawn:
            # What is below the grid must not push it off the screen.
            rows = max(self.canvas.rows - 8, PREVIEW_ROWS)
            self._preview(history.drawn[-1], history, rows=rows, images=FINAL_IMAGES, sparing=False)
        took = "" if history.seconds is None else f" after {duration(history.seconds)}"
        words = f" {view.message}" if view.message else ""
        style = "red" if view.state in {"failed", "crashed"} else "bold"
        self._line(f"{self.run.name}: {view.state} at step {view.step:,}{took}.{words}", style)
        if view.state in {"finished", "stopped"}:
            self._next_commands(view, history)

    def _next_commands(self, view: RunView, history: RunHistory) -> None:
        name = self.run.word
        longer = f"--epochs {2 * history.epochs}" if history.epochs else f"--steps {2 * view.step}"
        commands = [
            (f"ganterm sample {name} -n 32", "draw new images"),
            (f"ganterm resume {name}", "train on from here")
            if view.state == "stopped"
            else (f"ganterm resume {name} {longer}", "train on"),
            ("ganterm recipes", "see what else there is to train"),
        ]
        if self.run.restart:  # There is no command for it.
            del commands[1]
        width = max(len(command) for command, _ in commands)
        for command, what in commands:
            self._line(f"  {command:<{width}}  {what}", "")

    def _preview(
        self,
        record: SampleRecord,
        history: RunHistory,
        *,
        rows: int = PREVIEW_ROWS,
        images: int = PREVIEW_IMAGES,
        sparing: bool | None = None,
    ) -> None:
        """Print samples; `sparing` as for `draw`, by default where a network is between."""
        sparing = self._remote if sparing is None else sparing
        canvas = Canvas(self.canvas.colour, self.canvas.charset, self.console.width, rows)
        if (path := path_inside(record.path)) is None:
            return
        drawn = drawn_sheet(self.run.path / path, canvas, images, sparing=sparing)
        if drawn is None:
            return
        epoch = f" · epoch {history.epochs_done}" if history.epochs_done else ""
        words = f"step {record.step:,}{epoch}" + (f" · {drawn.where}" if drawn.where else "")
        self._line(words.replace("·", "-") if canvas.charset is Charset.ASCII else words, "dim")
        for line in drawn.lines:
            self.console.print(Text.from_ansi(line), no_wrap=True, overflow="crop")

    def _curves(self, history: RunHistory) -> None:
        by_epoch = history.epochs_done > 1
        width = min(self.console.width, 100)
        over = "epochs" if by_epoch else "steps"
        series = history.epoch_series if by_epoch else history.series
        main = SCORES.facts(MAIN)
        drawn: list[tuple[str, Sequence[float]]] = [
            (f"D loss over {over}", _values(series.get("d_loss"))),
            (f"G loss over {over}", _values(series.get("g_loss"))),
            (f"{main.title} by judgements, {main.direction}", history.scores(MAIN)),
        ]
        for title, values in drawn:
            if len(values) < 2:
                continue
            self._line(title, "dim")
            with contextlib.suppress(ValueError):
                for line in plot(values, width, 4, charset=self.canvas.charset):
                    self._line(line, "")

    def _frame(self, view: RunView, history: RunHistory) -> Group:
        if not history.series:
            waited = duration(time.monotonic() - self._began)
            what = "loading PyTorch and the data" if not history.steps else "the first steps"
            if view.state == "starting" and view.message:
                what = safe_text(view.message)
            lines = [Text(safe_text(f"{self.run.name}: {what} … {waited}"), style="dim")]
        else:
            lines = [self._bar(view, history), self._losses(history)]  # type: ignore[list-item]
            if history.judged:
                lines.append(self._scores(history))
        if self._question:
            lines.append(Text(self._question, style="bold yellow"))
        return Group(*lines)

    def _bar(self, view: RunView, history: RunHistory) -> Table:
        row = Table.grid(expand=True, padding=(0, 1))
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        row.add_column(no_wrap=True, justify="right")
        name = f"{self.run.name} paused" if view.state == "paused" else self.run.name
        row.add_row(
            Text(safe_text(name), style="bold"),
            ProgressBar(total=max(history.steps, 1), completed=history.last_step),
            Text(progress_words(history)),
        )
        return row

    def _scores(self, history: RunHistory) -> Text:
        """Return the newest scores, and how the Frechet distance has gone so far."""
        newest, way = history.judged[-1], history.scores(MAIN)
        words = f"{short_words(newest)} at step {newest.step:,}"
        room = min(max(self.console.width - len(words) - 2, 0), 30)
        drawn = sparkline(way, room, charset=self.canvas.charset) if len(way) > 1 < room else ""
        return Text(f"{words} {drawn}", style="green", no_wrap=True, overflow="crop")

    def _losses(self, history: RunHistory) -> Table:
        row = Table.grid(expand=False, padding=(0, 1))
        width = max((self.console.width - 66) // 2, 6)
        cells: list[Text] = []
        for name, title, style in (("d_loss", "D", "cyan"), ("g_loss", "G", "magenta")):
            values = _values(history.series.get(name))
            line = sparkline(values[-8 * width :], width, charset=self.canvas.charset)
            cells += [
                Text(f"{title} loss {number(history.latest(name))}", style=style),
                Text(line.ljust(width), style=style),
            ]
        cells.append(
            Text(
                " ".join(
                    f"{label} {number(history.latest(name))}"
                    for name, label in drawn_in("outputs").items()
                )
            )
        )
        if words := spread_words(history):
            cells[-1] = Text(words)
        row.add_row(*cells)
        return row

    def _line(self, words: str, style: str) -> None:
        self.console.print(Text(safe_text(words), style=style), soft_wrap=True)


def _values(series: Series | None) -> Sequence[float]:
    return series.values if series else ()
