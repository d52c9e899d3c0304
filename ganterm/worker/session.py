"""One worker's work on a run: the training loop on one side, the run's directory on the other."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import torch

from ganterm.config import Cadence
from ganterm.core.records import (
    STOOD_BACK,
    AlertRecord,
    ControlRecord,
    EndRecord,
    EpochRecord,
    MetricsRecord,
)
from ganterm.data import load
from ganterm.data.catalogue import require_folder
from ganterm.data.classes import conditioned_spec
from ganterm.data.images import require_same
from ganterm.errors import ExitCode
from ganterm.runs import checkpoints
from ganterm.runs.history import effective
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status
from ganterm.training.build import choose_device, choose_threads
from ganterm.training.events import (
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
from ganterm.training.loop import DivergenceError, Trainer
from ganterm.training.state import restore_state
from ganterm.worker.adapt import adapted, check_classes
from ganterm.worker.attending import Attending
from ganterm.worker.checkpoint import load_tensors, read_meta
from ganterm.worker.commands import Inbox
from ganterm.worker.evaluation import WAITED_SECONDS, Evaluations
from ganterm.worker.job import Job
from ganterm.worker.live import LiveChanges
from ganterm.worker.mode import fallback_message, settle_mode
from ganterm.worker.opening import thrown_away, write_opening
from ganterm.worker.outputs import Outputs
from ganterm.worker.reporting import Reporter
from ganterm.worker.samples import write_real
from ganterm.worker.signals import StopFlag
from ganterm.worker.trouble import Extras, explain

LOOK_SECONDS = 0.1
"""How often the control directory is looked at."""


class _Stop(Exception):  # noqa: N818 - not an error
    """The run is to stop, with a checkpoint; the text says who asked, `code` how it then ends."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


class Session:
    """Trains a run to its end, or to the moment somebody stops it.

    The process must hold `lock`, the run's, and be the only writer of its journal. `before` is the
    status that the run had, `command` the command line that the journal names as the one that
    started it.
    """

    def __init__(
        self,
        run: RunDir,
        job: Job,
        *,
        journal: JournalWriter,
        lock: WorkerLock,
        status: Status,
        stop: StopFlag,
        before: Status | None = None,
        command: Sequence[str] = (),
    ) -> None:
        self.run = run
        self.job = job
        self.journal = journal
        self.lock = lock
        self.stop = stop
        self.command = command
        self.inbox = Inbox(run.control, job.answered, job.missed)
        self.extras = Extras(journal, lock)
        self.reporter = Reporter(run, lock, self.extras, status)
        self.trainer: Trainer
        self.changes: LiveChanges
        self.doctor: Attending
        self.evaluations: Evaluations
        self.outputs: Outputs
        self.paused = False
        self._begun = False
        self._before = before
        self._opened = False
        self._next_look = 0.0

    def work(self) -> ExitCode:
        """Train the run; everything that happens stands in its journal afterwards.

        Raises:
            GantermError: it could not be trained; the journal's last record says so too. A run
                with a history that could not even go on is left in the state it was in.
        """
        try:
            self._begin()
            self._begun = True
            for event in self.trainer.run():
                self._handle(event)
        except _Stop as stop:
            return self._end("stopped", str(stop), stop.code)
        except Exception as error:
            if isinstance(error, DivergenceError):
                for event in error.measured:
                    self._handle(event)
                with self._attempt("doctor", "The doctor's look at the run"):
                    self.doctor.diverged(error)
            kept = self._keep_what_was_trained(error)
            trouble = explain(error, self.run, self.job.config)
            if trouble is None:
                story = f"{type(error).__name__}: {error}; the whole story is in worker.log."
                self._try_to_end(story + kept, ExitCode.TRAINING)
                raise
            self._try_to_end(str(trouble) + kept, trouble.exit_code)
            raise trouble from error
        if lost := self.doctor.lost:
            message = (
                f"It reached its length, but learned nothing at the end ({lost}); "
                f"`ganterm ctl {self.run.name} remedy` says what helps."
            )
            return self._end("failed", message, ExitCode.TRAINING)
        return self._end("finished", "", ExitCode.OK)

    def _keep_what_was_trained(self, error: Exception) -> str:
        """Save the weights that a failure would take along; return a sentence that says so.

        Empty where there is nothing new, or nothing sound, or it cannot be saved either.
        """
        # What a step that ran out of memory held is free again without the names in its frames.
        traceback.clear_frames(error.__traceback__)
        if isinstance(error, DivergenceError) or not self._begun:
            return ""
        step = self.trainer.step
        if step in {self.job.step, self.outputs.saved_step}:
            return ""
        try:
            self._write_flushed()
        except DivergenceError:
            return ""
        except Exception:  # noqa: BLE001 - the weights may be written where this is not
            traceback.print_exc()
        with contextlib.suppress(Exception):
            self._checkpoint()
        if self.outputs.saved_step != step:
            return ""
        return f" Step {step:,} is saved; `ganterm resume {self.run.word}` goes on from it."

    def _begin(self) -> None:
        config = self.job.config
        device = choose_device(config.device)
        torch.set_num_threads(self.job.threads or choose_threads(config))
        require_folder(config.dataset, self.run.name if self.job.resumed else "")
        images = load(
            config.dataset,
            split=config.split,
            image_size=config.image_size,
            channels=config.channels,
            fit=config.fit,
            progress=self.reporter.loading,
        )
        data_crc32 = images.crc32
        if self.job.moved:
            require_same(data_crc32, self.job.data_crc32, config.dataset, self.run.name)
        data = conditioned_spec(config)
        self.trainer = Trainer(config, images.images, device, labels=images.labels, data=data)
        self.changes = LiveChanges(self.trainer, self.journal, self.job.controls, self.job.pending)
        self.doctor = Attending(self.trainer, self.journal, self.changes)
        self.evaluations = Evaluations(self.run, self.journal, self.doctor.see)
        self.outputs = Outputs(
            self.run,
            self.trainer,
            self.journal,
            lock=self.lock,
            extras=self.extras,
            data=data,
        )
        if self.job.checkpoint is not None:
            self._restore(self.job.checkpoint, data.classes)
        about_mode = settle_mode(self.trainer, self.job.mode, self.reporter.say)
        if self.job.resumed:
            history = effective(read_journal(self.run.journal))
            self.doctor.remember(history)
            self.evaluations.remember(history)
        write_opening(
            self.run,
            self.journal,
            self.job,
            self.trainer,
            self.changes,
            classes=data.classes,
            data_crc32=data_crc32,
            pid=self.reporter.status.pid,
            command=self.command,
        )
        self._opened = True
        if self.job.parent and self.trainer.step and Cadence.parse(config.sample_every).count:
            self.outputs.sample()
        with self._attempt("real", "The picture of real images"):
            write_real(self.run.real_samples, images, config.sample_grid)
        for path, _ in self.job.skipped:
            checkpoints.set_aside(path)
        notes = list(images.notes)
        if not self.job.resumed and not self.job.parent:
            notes += thrown_away(config, images.original, self.run.config_file)
        if self.job.data_crc32 not in {"", data_crc32}:
            notes.append(
                f"The images of {config.dataset} are not those the run began with; it goes on with "
                "them, but not exactly as it would have."
            )
        told = (("run-file", self.job.notes), ("data", notes), ("mode", about_mode))
        for code, sentences in told:
            for note in sentences:
                self.journal.write(AlertRecord(step=self.trainer.step, code=code, message=note))
        self.reporter.report("running", self.trainer)

    def _restore(self, checkpoint: Path, classes: Sequence[str]) -> None:
        config, trainer = self.job.config, self.trainer
        meta = read_meta(checkpoint)
        check_classes(meta.classes, classes, config.dataset)
        state = load_tensors(checkpoint), meta.counters
        restore_state(trainer, *adapted(*state, meta.config, config, len(trainer.batches.images)))
        self.outputs.saved_step = trainer.step
        self.reporter.note(last_checkpoint=self.run.relative(checkpoint))

    def _handle(self, event: Event) -> None:
        match event:
            case Boundary():
                self._boundary()
            case Metrics(step, epoch, rate, values):
                measured = {"epoch": epoch, "images_per_s": rate, **values}
                record = MetricsRecord(step=step, values=measured)
                self.journal.write(record)
                self.reporter.note(images_per_s=rate)
                with self._attempt("doctor", "The doctor's look at the run"):
                    self.doctor.see(record)
            case EpochEnded(step, epoch, values):
                self.journal.write(EpochRecord(step=step, epoch=epoch, values=dict(values)))
            case FellBack(step):
                message = fallback_message(event)
                self.journal.write(AlertRecord(step=step, code="mode", message=message))
            case SampleDue():
                self.outputs.sample()
            case CheckpointDue():
                self._checkpoint()
            case JudgementDue(step):
                self._checkpoint()
                with self._attempt("judge", "Asking for a judgement"):
                    checkpoint = self.run.checkpoint_path(step)
                    self.evaluations.ask(step, checkpoint, self.trainer.config.judge_images)
            case Finished():
                self._checkpoint()
                if self.outputs.sampled_step != self.trainer.step:
                    self.outputs.sample()
                self._wait_for_judgement()

    def _wait_for_judgement(self) -> None:
        """Give a judgement that is under way at the end its time, unless somebody stops the run."""
        until = time.monotonic() + WAITED_SECONDS
        with contextlib.suppress(_Stop):
            while self.evaluations.under_way and not self.stop and time.monotonic() < until:
                self._take_judgements()
                if self.reporter.due:
                    self.reporter.report("running", self.trainer)
                self._obey_commands()
                time.sleep(LOOK_SECONDS)

    def _boundary(self) -> None:
        self.changes.make_due()
        if alarm := self.doctor.act():
            self._leave(alarm, ExitCode.TRAINING)
        if self.stop:
            self._leave(f"by {self.stop.name}", ExitCode.SIGTERM)
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        self._obey_commands()
        self._take_judgements()
        if self.paused:
            self._wait_while_paused()
        if self.reporter.due:
            self.reporter.report("running", self.trainer)

    def _wait_while_paused(self) -> None:
        self._write_flushed()
        self.reporter.report("paused", self.trainer)
        while self.paused:
            if self.reporter.due:
                self.reporter.report("paused", self.trainer)
            time.sleep(LOOK_SECONDS)
            if self.stop:
                self._leave(f"by {self.stop.name}", ExitCode.SIGTERM)
            self._obey_commands()
        self.trainer.restart_clock()
        self.reporter.report("running", self.trainer)

    def _obey_commands(self) -> None:
        for command in self.inbox.take():
            if command.name == "set" and not command.error:
                self.changes.make(command.id, command.args)
            else:
                judged = command.name == "judged" and not command.error
                answered = self.evaluations.write(command) if judged else command
                self.journal.write(
                    ControlRecord(
                        step=self.trainer.step,
                        id=answered.id,
                        name=answered.name,
                        args=answered.args,
                        error=answered.error,
                    )
                )
            self.inbox.remove(command)
            if not command.error:
                self._obey(command.name)

    def _obey(self, name: str) -> None:
        match name:
            case "pause":
                self.paused = True
            case "resume":
                self.paused = False
            case "stop":
                self._leave("on command", ExitCode.OK)
            case "checkpoint":
                self._write_flushed()
                self._checkpoint()
            case "sample":
                self.outputs.sample()

    def _take_judgements(self) -> None:
        with self._attempt("judge", "Reading a judgement"):
            self.evaluations.take(self.trainer.step)

    def _attempt(self, code: str, what: str) -> contextlib.AbstractContextManager[None]:
        return self.extras.attempt(code, what, self.trainer.step)

    def _leave(self, why: str, code: ExitCode) -> None:
        self._write_flushed()
        self._checkpoint()
        raise _Stop(f"Stopped {why} at step {self.trainer.step}.", code)

    def _write_flushed(self) -> None:
        for event in self.trainer.flush():
            self._handle(event)

    def _checkpoint(self) -> None:
        spared = self.evaluations.spared(self.trainer.config.keep_best)
        path = self.outputs.save(controls=self.changes.made, spared=spared)
        self.reporter.note(last_checkpoint=self.run.relative(path))

    def _end(self, reason: str, message: str, code: ExitCode) -> ExitCode:
        if hasattr(self, "evaluations"):
            with self._attempt("judge", "Ending the judge"):
                self.evaluations.close()
        self.lock.require_intact()
        step = self.trainer.step if self._opened else self.job.step
        self.journal.write(
            EndRecord(step=step, reason=reason, message=message, exit_code=int(code))
        )
        self.journal.sync()
        self.reporter.end(reason, step, message)
        return code

    def _try_to_end(self, message: str, code: ExitCode) -> None:
        """Write the end where that is possible; what brought the run down may prevent it."""
        with contextlib.suppress(OSError):
            if self._opened or not self.job.resumed:
                self._end("failed", message, code)
            else:
                self._stand_back(message)

    def _stand_back(self, message: str) -> None:
        """Leave a run that cannot go on in the state it was in; an alert says why it does not."""
        if hasattr(self, "evaluations"):
            self.evaluations.close()
        self.lock.require_intact()
        story = f"The run did not go on, and is as it was: {message}"
        *_, last = read_journal(self.run.journal)
        self.journal.write(AlertRecord(step=last.step, code=STOOD_BACK, message=story))
        self.reporter.stand_back(self._before)
