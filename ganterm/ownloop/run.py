"""A run that a loop of one's own trains: what it is told goes to its directory, and commands come.

Nothing that goes wrong with the directory reaches the loop. It is said once, on standard error and
in the journal as soon as that can be written, and training goes on.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import torch

from ganterm.config.ownloop import fields_of, in_schema
from ganterm.core.codec import judged_record
from ganterm.core.files import write_atomically
from ganterm.core.records import (
    AlertRecord,
    ControlRecord,
    EndRecord,
    MetricsRecord,
    Record,
    ResumeRecord,
    SampleRecord,
    StartRecord,
)
from ganterm.doctor.doctor import Doctor
from ganterm.ownloop.generator import Generators, Shape
from ganterm.ownloop.journal import PatientJournal, how_it_ended, say, words_of
from ganterm.ownloop.measures import Measures
from ganterm.ownloop.parts import Chance, put_back, taken_apart
from ganterm.ownloop.pictures import pictures_of
from ganterm.ownloop.settings import OwnSettings
from ganterm.render.sheet import save_sheet
from ganterm.runs import checkpoints
from ganterm.runs.control import JudgedOrder, SetOrder
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status
from ganterm.worker.checkpoint import checkpoint_record, load_tensors, write_tensors
from ganterm.worker.commands import Inbox, LiveChanges
from ganterm.worker.job import waiting_commands
from ganterm.worker.logs import LogProcesses
from ganterm.worker.opening import machine
from ganterm.worker.reporting import StatusReporter
from ganterm.worker.trouble import Extras

LOOK_SECONDS: Final = 0.1
"""How often commands are looked for."""
FLUSH_SECONDS: Final = 0.5
"""How often what was logged is written, and fetched from a GPU."""
SAMPLE_SECONDS: Final = 2.0
"""Least time between two pictures; later in a run they are a 200th of its time apart."""
_KEEP: Final = 3


class Run:
    """A run of one's own loop; `ganterm.init` makes it, and leaving its `with` block ends it.

    Attributes:
        config: the settings by name, as they are now: the app and `ganterm ctl` can change them.
        should_stop: whether somebody asked for the end: leave the loop.
        path: the run's directory.
    """

    def __init__(
        self,
        run: RunDir,
        lock: WorkerLock,
        journal: PatientJournal,
        settings: OwnSettings,
        records: Sequence[Record],
        *,
        steps: int,
        log_to: Sequence[str],
        held: ExitStack,
    ) -> None:
        self.config: Mapping[str, Any] = settings.values
        self.should_stop = False
        self.path = run.path
        self._run, self._lock, self._journal = run, lock, journal
        self._settings, self._held, self._steps = settings, held, steps
        self._measures = Measures()
        self._parts: dict[str, Any] = {}
        self._generators = Generators(run, self._tell)
        self._shown: Shape | None = None
        self._changes = LiveChanges(settings, journal, settings.made, settings.pending)
        self._inbox = Inbox(run.control, *waiting_commands(run, records))
        self._extras = Extras(journal, lock, story="its traceback is on standard error")
        self._logs = LogProcesses(run, log_to, self._extras, settings.step)
        began = time.time()
        status = Status(state="running", step=settings.step, steps=steps, started=began)
        self._reporter = StatusReporter(run, lock, self._extras, status)
        self._doctor = Doctor(in_schema(settings.config), fields_of(settings.config))
        self._doctor.remember(each for each in records if each.step <= settings.step)
        self._saved_step = -1
        self._paused = self._closed = False
        self._busy = threading.RLock()
        self._signed = False
        self._told: set[str] = set()
        self._began = self._measured_at = time.monotonic()
        self._measured = settings.step
        self._next_look = self._next_flush = self._next_sample = 0.0
        self._open(resumed=bool(records))

    @property
    def name(self) -> str:
        """The run's name."""
        return self._run.name

    def _open(self, *, resumed: bool) -> None:
        settings = self._settings
        told: dict[str, Any] = {
            "step": settings.step,
            "run": self._run.name,
            "config": settings.config,
            "steps": self._steps,
            "controls": settings.made,
            "pending": list(settings.pending),
            "pid": os.getpid(),
            "command": sys.argv,
            **machine(_device()),
        }
        if not resumed:
            self._journal.write(StartRecord(**told))
        else:
            found, torn = settings.checkpoint, self._journal.torn_bytes
            path = None if found is None else self._run.relative(found)
            self._journal.write(
                ResumeRecord(checkpoint=path, skipped=settings.skipped, torn_bytes=torn, **told)
            )
            self._reporter.note(last_checkpoint=path)
        self._report("running")

    # What a loop calls

    def log(
        self, values: Mapping[str, Any], *, step: int | None = None, images: Any = None
    ) -> None:
        """Take in what was measured, and answer what was asked of the run meanwhile.

        Nothing is fetched from a GPU more than twice a second. It blocks while the run is paused,
        and raises nothing.

        Args:
            values: numbers, or tensors of one, by name; names with `/` share a chart.
            step: steps of the generator done; by default one more than before.
            images: what it makes now, (N, C, H, W) or (N, H, W, C), floats in [-1, 1] or [0, 1]
                or uint8, or a function that returns that and is called when a picture is due.
        """
        settings = self._settings
        settings.step = settings.step + 1 if step is None else max(int(step), 0)
        if self._closed:
            return
        if self._changes.pending:
            self._changes.make_due()
        self._measures.add(settings.step, values)
        now = time.monotonic()
        if images is not None and now >= self._next_sample:
            self._attempt(lambda: self._sample(images, now))
        if now >= self._next_look:
            self._attempt(lambda: self._look(now))

    def checkpoint(self, **parts: Any) -> Path | None:
        """Save networks, optimisers, schedulers and tensors by name, and random generators.

        What was saved once, the command `checkpoint` of the app saves again. Returns the file; None
        where it could not be written, which is told and does not end the loop.
        """
        self._parts = parts
        return self._attempt(self._save)

    def restore(self, **parts: Any) -> int:
        """Give networks, optimisers and all else the state that the run goes on from.

        Returns the steps that are done; 0, with nothing changed, where the run begins.

        Raises:
            ConfigError: the checkpoint has no such part.
            RuntimeError: a network is another than the one that was saved, as PyTorch says it.
        """
        self._parts = parts
        if (path := self._settings.checkpoint) is None:
            return 0
        told = checkpoints.read_header(path).told("parts")
        everything = {**parts, "rng": Chance()}
        put_back(everything, told, load_tensors(path))
        self._saved_step = self._settings.step
        return self._settings.step

    def finish(self) -> None:
        """End the run, as leaving its `with` block does; a second call does nothing."""
        self._leave(None)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave(error)

    # What is done when it is time

    def _attempt(self, work: Callable[[], Path | None]) -> Path | None:
        """Do what may fail: of a run that is gone nothing is written any more."""
        if self._closed or not self._lock.held:  # a forked child, such as a loader of data
            return None
        try:
            with self._busy:  # Some save from one thread and log from another.
                return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop goes on
            self._closed = True
            say(f"{words_of(error)}; nothing more is written, and training goes on.")
        return None

    def _look(self, now: float) -> None:
        self._next_look = now + LOOK_SECONDS
        if now >= self._next_flush:
            self._flush(now)
        self._obey()
        if self._paused:
            self._wait_while_paused()
        if self._reporter.due:
            self._report("running")

    def _flush(self, now: float) -> None:
        self._next_flush = now + FLUSH_SECONDS
        records = self._measures.take()
        for name, why in self._measures.strange.items():
            if name not in self._told:
                self._told.add(name)
                self._tell("log", f"{name[:100]} is not logged: {why}.")
        rate = self._rate(now)
        for record in records:
            values = record.values if rate is None else {"images_per_s": rate, **record.values}
            self._see(MetricsRecord(step=record.step, values=values))

    def _see(self, record: MetricsRecord) -> None:
        self._journal.write(record)
        with self._extras.attempt("doctor", "The doctor's look at the run", record.step):
            for alert in self._doctor.see(record):
                self._journal.write(alert)

    def _rate(self, now: float) -> float | None:
        """Return the images seen a second since this was last asked, if a batch's size is known."""
        done, took = self._settings.step - self._measured, now - self._measured_at
        self._measured, self._measured_at = self._settings.step, now
        size = self._settings.config.get("batch_size")
        if not isinstance(size, int) or done <= 0 or took <= 0:
            return None
        rate = done * size / took
        self._reporter.note(images_per_s=rate)
        return rate

    def _obey(self) -> None:
        for command in self._inbox.take():
            order, error = command.order, command.error
            if isinstance(order, SetOrder) and not error:
                self._changes.make(command.id, order.key, order.value)
                self._doctor.config = in_schema(self._settings.config)
            else:
                name, step, args = command.name, self._settings.step, command.args
                if isinstance(order, JudgedOrder) and not error:
                    error = self._take_judgement(order)
                    # The record itself stands in the journal already.
                    args = {} if error else {"step": order.step}
                elif name == "checkpoint" and not self._parts:
                    error = "the script has not saved yet, so what is to be saved is not known"
                self._journal.write(
                    ControlRecord(step=step, id=command.id, name=name, args=args, error=error)
                )
            self._inbox.remove(command)
            if not error:
                self._do(command.name)

    def _take_judgement(self, order: JudgedOrder) -> str:
        """Write down what somebody else judged; return why that is not done, or ""."""
        try:
            self._journal.write(judged_record(order.step, order.fields))
        except ValueError as error:
            return f"it is no judgement: {error}"
        return ""

    def _do(self, name: str) -> None:
        match name:
            case "pause" | "resume":
                self._paused = name == "pause"
            case "stop":
                self.should_stop, self._paused = True, False
            case "checkpoint":
                self._save()
            case "sample":
                self._next_sample = 0.0

    def _wait_while_paused(self) -> None:
        self._flush(time.monotonic())
        self._report("paused")
        while self._paused:
            time.sleep(LOOK_SECONDS)
            self._obey()
            if self._reporter.due:
                self._report("paused")
        self._measured_at = time.monotonic()
        self._report("running")

    def _report(self, state: str) -> None:
        self._logs.check(self._settings.step)
        self._reporter.report(state, _device(), step=self._settings.step, steps=self._steps)

    def _sample(self, images: Any, now: float) -> None:
        self._next_sample = now + max(SAMPLE_SECONDS, (now - self._began) / 200)
        step = self._settings.step
        with self._extras.attempt("sample", "Drawing the images", step):
            with torch.no_grad():
                found = images() if callable(images) else images
            rasters, self._signed = pictures_of(found, signed=self._signed)
            self._shown = rasters[0].channels, rasters[0].height, rasters[0].width
            path, columns = self._run.sample_path(step), math.ceil(math.sqrt(len(rasters)))
            write_atomically(path, lambda file: save_sheet(rasters, columns, file), sync=False)
            self._journal.write(SampleRecord(step=step, path=self._run.relative(path)))

    def _save(self) -> Path | None:
        """Write a checkpoint of the step at hand, and remove old ones."""
        step, settings, began = self._settings.step, self._settings, time.perf_counter()
        self._flush(time.monotonic())
        self._journal.sync()
        path = self._run.checkpoint_path(step)
        with self._extras.attempt("checkpoint", "Writing a checkpoint", step):
            tensors, told = taken_apart({**self._parts, "rng": Chance()})
            about = {"config": settings.config, "parts": told, "controls": self._changes.made}
            drawn, beside = self._generators.told(self._parts, settings.config, self._shown)
            digest = write_tensors(path, step, about | drawn, tensors | beside)
            seconds = round(time.perf_counter() - began, 4)
            self._journal.write(checkpoint_record(self._run, step, digest, seconds))
            self._reporter.note(last_checkpoint=self._run.relative(path))
            self._saved_step = step
            keep = settings.config.get("keep_checkpoints", _KEEP)
            keep = keep if isinstance(keep, int) else _KEEP
            checkpoints.prune(self._run.checkpoints, max(keep, 0), newest=path)
        return path if self._saved_step == step else None

    def _tell(self, code: str, message: str) -> None:
        self._journal.write(AlertRecord(step=self._settings.step, code=code, message=message))

    def _leave(self, error: BaseException | None) -> None:
        if not self._lock.held:
            return
        self._attempt(lambda: self._end(error))
        self._closed = True
        with contextlib.suppress(OSError):
            self._held.close()

    def _end(self, error: BaseException | None) -> None:
        step = self._settings.step
        reason, message, code = how_it_ended(error, step, stopped=self.should_stop)
        self._flush(time.monotonic())
        # After an error the networks may stand in the middle of a step.
        if self._parts and self._saved_step != step and error is None:
            self._save()
        self._lock.require_intact()
        self._journal.write(EndRecord(step=step, reason=reason, message=message, exit_code=code))
        self._journal.sync()
        self._reporter.end(reason, step, message)


def _device() -> torch.device:
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")
