"""What a worker does about what happens in a training, and about what is asked of it meanwhile."""

from __future__ import annotations

import contextlib
import time
import traceback
from types import TracebackType
from typing import Final

import torch

from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ExitCode
from ganterm.core.records import AlertRecord, ControlRecord, EpochRecord, MetricsRecord
from ganterm.engine.events import (
    Boundary,
    CheckpointDue,
    EpochEnded,
    Event,
    FellBack,
    Finished,
    JudgementDue,
    Metrics,
    SampleDue,
)
from ganterm.engine.loop import DivergenceError, Trainer
from ganterm.engine.parallel import WAIT
from ganterm.engine.state import export_state
from ganterm.runs.control import JudgedOrder, SetOrder
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.live import Rewind
from ganterm.runs.lock import WorkerLock
from ganterm.worker.commands import Inbox, LiveChanges, StopFlag
from ganterm.worker.doctor_hook import DoctorHook
from ganterm.worker.evaluation import WAITED_SECONDS, Evaluations
from ganterm.worker.job import Job
from ganterm.worker.logs import LogProcesses
from ganterm.worker.opening import place
from ganterm.worker.outputs import Outputs
from ganterm.worker.reporting import StatusReporter
from ganterm.worker.samples import fixed_of
from ganterm.worker.thread_watch import ThreadWatch
from ganterm.worker.trouble import Extras

LOOK_SECONDS: Final = 0.1
"""How often the control directory is looked at."""


class Stop(Exception):  # noqa: N818 - not an error
    """The run is to stop, with a checkpoint; the text says who asked, `code` how it then ends."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


class Rewound(Exception):  # noqa: N818 - not an error
    """The run is to go on from an earlier step, as its journal says."""


class EventHandler:
    """Writes what a trainer tells to its run, and steers it as commands and the doctor ask for.

    As a context manager it ends the judge's process with the training; after a divergence
    `diverged` does.
    """

    def __init__(
        self,
        run: RunDir,
        job: Job,
        trainer: Trainer,
        data: DataSpec,
        *,
        journal: JournalWriter,
        lock: WorkerLock,
        extras: Extras,
        reporter: StatusReporter,
        stop: StopFlag,
        logs: LogProcesses,
        most_threads: int,
    ) -> None:
        self.trainer = trainer
        self.changes = LiveChanges(trainer, journal, job.controls, job.pending)
        self.threads = ThreadWatch(trainer, self.changes, journal, most_threads)
        self.doctor = DoctorHook(run, journal, self.changes)
        self.evaluations = Evaluations(run, journal, self.doctor.see)
        self.shown = trainer.ema.model if trainer.ema else trainer.networks.generator
        self.outputs = Outputs(
            run,
            journal,
            lock=lock,
            extras=extras,
            shown=self.shown,
            fixed=fixed_of(trainer.config, data),
            classes=data.classes,
            export=lambda: export_state(trainer),
        )
        self._run = run
        self._began_at = job.step
        self._journal = journal
        self._extras = extras
        self._reporter = reporter
        self._stop = stop
        self._logs = logs
        self._inbox = Inbox(run.control, job.answered, job.missed)
        self._paused = False
        self._next_look = 0.0

    def __enter__(self) -> EventHandler:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, DivergenceError):
            self._end_judge()

    def _end_judge(self, rewind: Rewind | None = None) -> None:
        with self._attempt("judge", "Ending the judge"):
            if rewind is None:
                self.evaluations.close(self.trainer.step)
            else:
                self.evaluations.close(rewind.to, "was rewound")

    def report(self, state: str) -> None:
        """Write to the status that the run is in `state`, and how far it is."""
        trainer = self.trainer
        self._logs.check(trainer.step)
        self._reporter.report(
            state,
            trainer.device,
            place=place(trainer.config, trainer.device),
            step=trainer.step,
            steps=trainer.steps_total,
            epoch=int(trainer.epoch),
            epochs=trainer.config.epochs or None,
        )

    def sample(self) -> None:
        """Draw the sample grid of the step at hand."""
        self.outputs.sample(self.trainer.step)

    def handle(self, event: Event) -> None:
        """Write down what happened; at a boundary between two steps, steer.

        Raises:
            Stop: the run is to stop here.
            Rewound: it is to go on from an earlier step.
            OSError: the run cannot be written.
        """
        match event:
            case Boundary():
                self._boundary()
            case Metrics(step, epoch, rate, values):
                measured = {"epoch": epoch, "images_per_s": rate, **values}
                record = MetricsRecord(step=step, values=measured)
                self._journal.write(record)
                self._reporter.note(images_per_s=rate)
                self.threads.see(rate)
                with self._attempt("doctor", "The doctor's look at the run"):
                    self.doctor.see(record)
            case EpochEnded(step, epoch, values):
                self._journal.write(EpochRecord(step=step, epoch=epoch, values=dict(values)))
            case FellBack(step, mode, why):
                message = f"The steps run in eager from here on, for {mode} did not work: {why}."
                self._journal.write(AlertRecord(step=step, code="mode", message=message))
            case SampleDue():
                self.sample()
            case CheckpointDue():
                self._checkpoint()
            case JudgementDue(step):
                self._checkpoint()
                with self._attempt("judge", "Asking for a judgement"):
                    checkpoint = self._run.checkpoint_path(step)
                    self.evaluations.ask(step, checkpoint, self.trainer.config.judge_images)
            case Finished():
                self._heed(self.doctor.at_end())
                self._checkpoint()
                if self.outputs.sampled_step != self.trainer.step:
                    self.sample()
                self._wait_for_judgement()

    def _wait_for_judgement(self) -> None:
        """Give the judgements that are to come at the end their time, unless told to stop."""
        left, until = self.evaluations.to_come, time.monotonic() + WAITED_SECONDS
        with contextlib.suppress(Stop):
            while left and not self._stop and time.monotonic() < until:
                self._take_judgements()
                if self.evaluations.to_come < left:
                    until = time.monotonic() + WAITED_SECONDS
                left = self.evaluations.to_come
                if self._reporter.due:
                    self.report("running")
                self._obey_commands()
                time.sleep(LOOK_SECONDS)

    def _boundary(self) -> None:
        self.changes.make_due()
        self._heed(self.doctor.act())
        if self._stop:
            self._leave(f"by {self._stop.name}", ExitCode.SIGTERM)
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        self.threads.act(torch.get_num_threads())
        self._obey_commands()
        self._take_judgements()
        if self._paused:
            self._wait_while_paused()
        if self._reporter.due:
            self.report("running")

    def _heed(self, asked: str | Rewind) -> None:
        """Do what the doctor asks for: stop, go on from elsewhere, or nothing."""
        if isinstance(asked, Rewind):
            self._end_judge(asked)
            raise Rewound
        if asked:
            self._leave(asked, ExitCode.TRAINING)

    def _wait_while_paused(self) -> None:
        self._write_flushed()
        self.report("paused")
        while self._paused:
            if self._reporter.due:
                self.report("paused")
                if self.trainer.group is not None:
                    self.trainer.group.tell(WAIT)
            time.sleep(LOOK_SECONDS)
            if self._stop:
                self._leave(f"by {self._stop.name}", ExitCode.SIGTERM)
            self._obey_commands()
        self.trainer.restart_clock()
        self.report("running")

    def _obey_commands(self) -> None:
        for command in self._inbox.take():
            order, args, error = command.order, command.args, command.error
            if isinstance(order, SetOrder) and not error:
                self.changes.make(command.id, order.key, order.value)
            else:
                if isinstance(order, JudgedOrder) and not error:
                    error = self._take_judgement(order)
                    # The record itself stands in the journal already.
                    args = {} if error else {"step": order.step}
                name, step = command.name, self.trainer.step
                self._journal.write(
                    ControlRecord(step=step, id=command.id, name=name, args=args, error=error)
                )
            self._inbox.remove(command)
            if not command.error:
                self._obey(command.name)

    def _take_judgement(self, order: JudgedOrder) -> str:
        """Write down what somebody else judged; return why that is not done, or ""."""
        found = "it could not be taken"
        if order.step > self.trainer.steps_total:
            return f"the run has no step {order.step:,}"
        with self._attempt("judge", "Taking a judgement"):
            found = self.evaluations.write(order.step, order.fields)
        return found  # noqa: RET504 - the attempt may fail

    def _obey(self, name: str) -> None:
        match name:
            case "pause":
                self._paused = True
            case "resume":
                self._paused = False
            case "stop":
                self._leave("on command", ExitCode.OK)
            case "checkpoint":
                self._write_flushed()
                self._checkpoint()
            case "sample":
                self.sample()

    def _take_judgements(self) -> None:
        with self._attempt("judge", "Reading a judgement"):
            self.evaluations.take(self.trainer.step)

    def _attempt(self, code: str, what: str) -> contextlib.AbstractContextManager[None]:
        return self._extras.attempt(code, what, self.trainer.step)

    def _leave(self, why: str, code: ExitCode) -> None:
        self._write_flushed()
        self._checkpoint()
        raise Stop(f"Stopped {why} at step {self.trainer.step}.", code)

    def _write_flushed(self) -> None:
        for event in self.trainer.flush():
            self.handle(event)

    def _checkpoint(self) -> None:
        spared = self.evaluations.spared(self.trainer.config.keep_best) | self.doctor.spared()
        anew = self.outputs.saved_step != self.trainer.step
        path = self.outputs.save(
            self.trainer.step, self.trainer.config, controls=self.changes.made, spared=spared
        )
        if anew:
            self.doctor.saved(self.trainer.step)
        self._reporter.note(last_checkpoint=self._run.relative(path))

    def diverged(self, error: DivergenceError) -> bool:
        """Write down what was measured before the networks broke, and that they did.

        Returns whether the run is to go on from an earlier step, as its journal says.
        """
        for event in error.measured:
            self.handle(event)
        asked: str | Rewind = ""
        with self._attempt("doctor", "The doctor's look at the run"):
            self.doctor.diverged(error)
            asked = self.doctor.at_end()
        rewind = asked if isinstance(asked, Rewind) else None
        self._end_judge(rewind)
        return rewind is not None

    def keep_what_was_trained(self, error: Exception) -> str:
        """Save the weights that a failure would take along; return a sentence that says so.

        Empty where there is nothing new, or nothing sound, or it cannot be saved either.
        """
        # What a step that ran out of memory held is free again without the names in its frames.
        traceback.clear_frames(error.__traceback__)
        if isinstance(error, DivergenceError):
            return ""
        step = self.trainer.step
        if step in {self._began_at, self.outputs.saved_step}:
            return ""
        try:
            with contextlib.suppress(OSError):  # It is what the run ends with, or will be.
                self._write_flushed()
        except DivergenceError:
            return ""
        except Exception:  # noqa: BLE001 - the weights may be written where this is not
            traceback.print_exc()
        with contextlib.suppress(Exception):
            self._checkpoint()
        if self.outputs.saved_step != step:
            return ""
        return f" Step {step:,} is saved; `ganterm resume {self._run.word}` goes on from it."
