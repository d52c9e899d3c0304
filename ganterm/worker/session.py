"""One worker's work on a run: the training loop on one side, the run's directory on the other."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import torch

from ganterm.config import Cadence
from ganterm.data import load
from ganterm.data.classes import conditional_classes
from ganterm.errors import ExitCode
from ganterm.networks import Generator
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter, effective, read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status, write_status
from ganterm.training.build import choose_device, choose_threads
from ganterm.training.events import (
    Boundary,
    CheckpointDue,
    EpochEnded,
    Event,
    Finished,
    JudgementDue,
    Metrics,
    SampleDue,
)
from ganterm.training.loop import DivergenceError, Trainer
from ganterm.training.state import export_state, restore_state
from ganterm.worker.adapt import adapted, check_classes
from ganterm.worker.attending import Attending
from ganterm.worker.checkpoint import Meta, load_tensors, read_meta, save_checkpoint
from ganterm.worker.commands import Inbox
from ganterm.worker.job import Job
from ganterm.worker.judged import WAITED_SECONDS, Judged
from ganterm.worker.live import LiveChanges
from ganterm.worker.memory import memory_in_use
from ganterm.worker.opening import opening
from ganterm.worker.samples import Fixed, fixed_of, pictures_of, write_grid, write_real
from ganterm.worker.signals import StopFlag
from ganterm.worker.trouble import explain

LOOK_SECONDS = 0.1
"""How often the control directory is looked at."""
HEARTBEAT_SECONDS = 1.0
"""How often the status is renewed."""


class _Stop(Exception):  # noqa: N818 - not an error
    """The run is to stop, with a checkpoint; the text says who asked."""


class Session:
    """Trains a run to its end, or to the moment somebody stops it.

    The process must hold `lock`, the run's, and be the only writer of its journal. `command` is
    the command line that the journal names as the one that started it.
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
        command: Sequence[str] = (),
    ) -> None:
        self.run = run
        self.job = job
        self.journal = journal
        self.lock = lock
        self.status = status
        self.stop = stop
        self.command = command
        self.inbox = Inbox(run.control, job.answered, job.missed)
        self.trainer: Trainer
        self.changes: LiveChanges
        self.doctor: Attending
        self.judged: Judged
        self.fixed: Fixed
        self.classes: tuple[str, ...] = ()
        self.data_crc32 = ""
        self.paused = False
        self._sampled_step = self._saved_step = -1
        self._next_look = 0.0
        self._next_heartbeat = 0.0

    def work(self) -> ExitCode:
        """Train the run; everything that happens stands in its journal afterwards.

        Raises:
            GantermError: it could not be trained; the journal's last record says so too.
        """
        try:
            self._begin()
            for event in self.trainer.run():
                self._handle(event)
        except _Stop as stop:
            return self._end("stopped", str(stop), ExitCode.OK)
        except Exception as error:
            if isinstance(error, DivergenceError):
                for event in error.measured:
                    self._handle(event)
                self.doctor.diverged(error)
            trouble = explain(error, self.run, self.job.config)
            if trouble is None:
                story = f"{type(error).__name__}: {error}; the whole story is in worker.log."
                self._try_to_end(story, ExitCode.TRAINING)
                raise
            self._try_to_end(str(trouble), trouble.exit_code)
            raise trouble from error
        return self._end("finished", "", ExitCode.OK)

    def _begin(self) -> None:
        config = self.job.config
        device = choose_device(config.device)
        torch.set_num_threads(self.job.threads or choose_threads(config))
        images = load(
            config.dataset,
            split=config.split,
            image_size=config.image_size,
            channels=config.channels,
            fit=config.fit,
        )
        self.data_crc32 = f"{zlib.crc32(images.images.numpy().data):08x}"
        self.classes = conditional_classes(config)
        self.trainer = Trainer(
            config,
            images.images,
            device,
            labels=images.labels,
            classes=len(self.classes),
        )
        self.changes = LiveChanges(self.trainer, self.journal, self.job.controls, self.job.pending)
        self.doctor = Attending(self.trainer, self.journal, self.changes)
        self.judged = Judged(self.run, self.trainer, self.journal, self.doctor)
        self.fixed = fixed_of(config, self.classes)
        if self.job.checkpoint is not None:
            meta = read_meta(self.job.checkpoint)
            check_classes(meta.classes, self.classes, config.dataset)
            state = load_tensors(self.job.checkpoint), meta.counters
            tensors, counters = adapted(*state, meta.config, config, len(images.images))
            restore_state(self.trainer, tensors, counters)
            self._saved_step = self.trainer.step
            self._note_checkpoint(self.job.checkpoint)
        if self.job.resumed:
            history = effective(read_journal(self.run.journal))
            self.doctor.remember(history)
            self.judged.remember(history)
        self._write_opening()
        if self.job.parent:
            self._begin_branch()
        write_real(self.run.real_samples, images.images, config.sample_grid)
        for path, _ in self.job.skipped:
            checkpoints.set_aside(path)
        notes = list(images.notes)
        if self.job.data_crc32 not in {"", self.data_crc32}:
            notes.append(
                f"The images of {config.dataset} are not those the run began with; it goes on with "
                "them, but not exactly as it would have."
            )
        for code, sentences in (("run-file", self.job.notes), ("data", notes)):
            for note in sentences:
                self.journal.write("alert", self.trainer.step, code=code, message=note, remedy="")
        self._report("running")

    def _write_opening(self) -> None:
        trainer, path = self.trainer, self.job.checkpoint
        fields = {
            **opening(trainer),
            "run": self.run.name,
            "controls": self.changes.made,
            "pending": list(self.changes.pending),
            "data_crc32": self.data_crc32,
            "pid": self.status.pid,
            "command": self.command,
        }
        if not self.job.resumed:
            besides: dict[str, object] = {}
            if self.job.parent:
                besides["parent"] = self.job.parent
            if self.classes:
                besides["classes"] = list(self.classes)
            self.journal.write("start", trainer.step, **fields, **besides)
            return
        self.journal.write(
            "resume",
            trainer.step,
            checkpoint=None if path is None else self._relative(path),
            skipped=[f"{path.name}: {reason}" for path, reason in self.job.skipped],
            torn_bytes=self.journal.torn_bytes,
            **fields,
        )

    def _begin_branch(self) -> None:
        """Tell what the branch begins with: its parent's checkpoint, and the images made there."""
        path = self.run.checkpoint_path(self.trainer.step)
        self.journal.write(
            "checkpoint",
            self.trainer.step,
            path=self._relative(path),
            digest=checkpoints.read_header(path).metadata["digest"],
            bytes=path.stat().st_size,
        )
        if self.trainer.step and Cadence.parse(self.trainer.config.sample_every).count:
            self._sample()

    def _handle(self, event: Event) -> None:
        match event:
            case Boundary():
                self._boundary()
            case Metrics(step, epoch, rate, values):
                self.journal.write("metrics", step, epoch=epoch, images_per_s=rate, **values)
                self.status = dataclasses.replace(self.status, images_per_s=rate)
                self.doctor.see("metrics", step, values)
            case EpochEnded(step, epoch, values):
                self.journal.write("epoch", step, epoch=epoch, **values)
            case SampleDue():
                self._sample()
            case CheckpointDue():
                self._checkpoint()
            case JudgementDue(step):
                self._checkpoint()
                self.judged.ask(step, self.run.checkpoint_path(step))
            case Finished():
                if self._sampled_step != self.trainer.step:
                    self._sample()
                self._checkpoint()
                self._wait_for_judgement()

    def _wait_for_judgement(self) -> None:
        """Give a judgement that is under way at the end its time, unless somebody stops the run."""
        until = time.monotonic() + WAITED_SECONDS
        with contextlib.suppress(_Stop):
            while self.judged.under_way and not self.stop and time.monotonic() < until:
                self.judged.take()
                if time.monotonic() >= self._next_heartbeat:
                    self._report("running")
                self._obey_commands()
                time.sleep(LOOK_SECONDS)

    def _boundary(self) -> None:
        self.changes.make_due()
        if alarm := self.doctor.act():
            self._leave(alarm)
        if self.stop:
            self._leave(f"by {self.stop.name}")
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        self._obey_commands()
        self.judged.take()
        if self.paused:
            self._wait_while_paused()
        if now >= self._next_heartbeat:
            self._report("running")

    def _wait_while_paused(self) -> None:
        self._write_flushed()
        self._report("paused")
        while self.paused:
            if time.monotonic() >= self._next_heartbeat:
                self._report("paused")
            time.sleep(LOOK_SECONDS)
            if self.stop:
                self._leave(f"by {self.stop.name}")
            self._obey_commands()
        self.trainer.restart_clock()
        self._report("running")

    def _obey_commands(self) -> None:
        for command in self.inbox.take():
            if command.name == "set" and not command.error:
                self.changes.make(command.id, command.args)
            else:
                judged = command.name == "judged" and not command.error
                answered = self.judged.write(command) if judged else command
                self.journal.write(
                    "control",
                    self.trainer.step,
                    id=answered.id,
                    name=answered.name,
                    args=answered.args,
                    error=answered.error,
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
                self._leave("on command")
            case "checkpoint":
                self._write_flushed()
                self._checkpoint()
            case "sample":
                self._sample()

    def _leave(self, why: str) -> None:
        self._write_flushed()
        self._checkpoint()
        raise _Stop(f"Stopped {why} at step {self.trainer.step}.")

    def _write_flushed(self) -> None:
        for event in self.trainer.flush():
            self._handle(event)

    def _sample(self) -> None:
        self._make_sure_of_the_run()
        trainer = self.trainer
        path = self.run.sample_path(trainer.step)
        write_grid(path, self._shown_generator, self.fixed)
        self.journal.write("sample", trainer.step, path=self._relative(path))
        self._sampled_step = trainer.step

    def _checkpoint(self) -> None:
        trainer = self.trainer
        if trainer.step == self._saved_step:
            return
        self._make_sure_of_the_run()
        began = time.perf_counter()
        # What the checkpoint has seen must not be missing from the journal after a power cut.
        self.journal.sync()
        tensors, counters = export_state(trainer)
        tensors["preview"] = pictures_of(self._shown_generator, self.fixed.preview())
        path = self.run.checkpoint_path(trainer.step)
        meta = Meta(
            config=trainer.config,
            counters=counters,
            controls=self.changes.made,
            classes=self.classes,
        )
        digest = save_checkpoint(path, meta, tensors)
        self.journal.write(
            "checkpoint",
            trainer.step,
            path=self._relative(path),
            digest=digest,
            bytes=path.stat().st_size,
            seconds=round(time.perf_counter() - began, 4),
        )
        checkpoints.prune(
            self.run.checkpoints,
            trainer.config.keep_checkpoints,
            newest=path,
            spared=self.judged.spared,
        )
        self._saved_step = trainer.step
        self._note_checkpoint(path)

    @property
    def _shown_generator(self) -> Generator:
        """The generator whose images are shown: the averaged one, where there is one."""
        trainer = self.trainer
        return trainer.ema.model if trainer.ema else trainer.networks.generator

    def _note_checkpoint(self, path: Path) -> None:
        self.status = dataclasses.replace(self.status, last_checkpoint=self._relative(path))

    def _report(self, state: str) -> None:
        self._make_sure_of_the_run()
        self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        trainer = self.trainer
        self.status = dataclasses.replace(
            self.status,
            state=state,
            step=trainer.step,
            steps=trainer.steps_total,
            epoch=int(trainer.epoch),
            epochs=trainer.config.epochs or None,
            device=str(trainer.device),
            updated=time.time(),
            memory_bytes=memory_in_use(trainer.device),
        )
        write_status(self.run.status, self.status)

    def _make_sure_of_the_run(self) -> None:
        """Raise `OSError` if what lies at the run's path is not the run this worker holds.

        A run that was deleted may have made way for another one of the same name.
        """
        if not self.lock.intact:
            gone = self.run.lock if self.run.path.is_dir() else self.run.path
            raise FileNotFoundError(errno.ENOENT, "It is no longer there", str(gone))

    def _end(self, reason: str, message: str, code: ExitCode) -> ExitCode:
        if hasattr(self, "judged"):
            self.judged.close()
        self._make_sure_of_the_run()
        step = self.trainer.step if hasattr(self, "trainer") else self.job.step
        self.journal.write("end", step, reason=reason, message=message, exit_code=int(code))
        self.journal.sync()
        self.status = dataclasses.replace(
            self.status, state=reason, step=step, updated=time.time(), message=message
        )
        write_status(self.run.status, self.status)
        return code

    def _try_to_end(self, message: str, code: ExitCode) -> None:
        """Write the end where that is possible; what brought the run down may prevent it."""
        with contextlib.suppress(OSError):
            self._end("failed", message, code)

    def _relative(self, path: Path) -> str:
        return str(path.relative_to(self.run.path))
