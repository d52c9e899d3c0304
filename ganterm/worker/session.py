"""One worker's work on a run: the training loop on one side, the run's directory on the other."""

from __future__ import annotations

import dataclasses
import errno
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
import torch

from ganterm.client.rpc import RemoteError
from ganterm.components.networks.plain import told_of
from ganterm.config import Cadence
from ganterm.config.runfile import to_mapping
from ganterm.core.directory import Directory
from ganterm.core.errors import ConfigError, ExitCode, PeerLostError
from ganterm.core.records import STOOD_BACK, AlertRecord, EndRecord
from ganterm.data.images import require_same
from ganterm.engine.build import choose_threads
from ganterm.engine.follow import cannot_share, dismiss, share_state
from ganterm.engine.loop import DivergenceError, Trainer
from ganterm.engine.micro import choose_micro_batch
from ganterm.engine.modes import choose_mode
from ganterm.engine.parallel import Group
from ganterm.engine.state import adapted, begin_with, check_classes, restore_state
from ganterm.engine.threads import time_threads
from ganterm.runs import checkpoints
from ganterm.runs.history import effective
from ganterm.runs.journal import JournalWriter, newest_of, read_end
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status
from ganterm.worker.assembly import assemble, cores_of_one
from ganterm.worker.checkpoint import load_tensors, read_meta
from ganterm.worker.commands import LastWords, StopFlag
from ganterm.worker.describe import available_memory
from ganterm.worker.handler import EventHandler, Rewound, Stop
from ganterm.worker.job import Job, prepare
from ganterm.worker.logs import LogProcesses
from ganterm.worker.look import Look
from ganterm.worker.opening import circumstances, thrown_away, write_opening
from ganterm.worker.reporting import StatusReporter
from ganterm.worker.samples import write_real
from ganterm.worker.trouble import Extras, explain

ROOM_SECONDS: Final = 60.0
"""How long a worker that a full disk ended waits for room to say so in its journal."""
_LOOK_SECONDS: Final = 0.5
_PLACE: Final = ("device", "mode", "dataset", "processes", "max_restarts")
"""Settings of where and how a run is trained, which may be others than it began with."""
_FAULTS: Final = (PeerLostError, torch.OutOfMemoryError, MemoryError)
"""What ends a process of several, but not the run."""


class Session:
    """Trains a run to its end, or to the moment somebody stops it.

    The process must hold `lock`, the run's, and be the only writer of its journal. `before` is the
    status that the run had, `command` the command line that the journal names as the one that
    started it, `words` says why it ends where the journal cannot, and `log_to` the tools to log to.
    In a `group` it is the first process, and the others train along.
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
        words: LastWords | None = None,
        before: Status | None = None,
        command: Sequence[str] = (),
        group: Group | None = None,
        log_to: Sequence[str] = (),
    ) -> None:
        self.run = run
        self.job = job
        self.journal = journal
        self.lock = lock
        self.stop = stop
        self.command = command
        self.group = group
        self.extras = Extras(journal, lock)
        self.reporter = StatusReporter(run, lock, self.extras, status)
        self.logs = LogProcesses(run, log_to, self.extras, job.step)
        self._before = before
        self._words = words or LastWords(None)
        self._opened = False

    def work(self) -> ExitCode:
        """Train the run; everything that happens stands in its journal afterwards.

        Where its doctor takes it back, it goes on from there as a worker that resumes it would.

        Raises:
            GantermError: it could not be trained; the journal's last record says so too. A run
                with a history that could not even go on is left in the state it was in.
        """
        while (code := self._train()) is None:
            before, again = self.job.config, prepare(self.run)
            place = {name: getattr(before, name) for name in _PLACE}
            config = msgspec.structs.replace(again.config, **place)
            # Commands that wait are meant for this very worker.
            self.job = dataclasses.replace(again, config=config, missed=frozenset())
        return code

    def _train(self) -> ExitCode | None:
        """Train as the job says; None where the run is to go on from an earlier step."""
        try:
            handler = self._open()
        except Exception as error:
            self._fail(error, self.job.step)
            raise
        trainer = handler.trainer
        if (rewind := self.job.rewind) and not rewind.remedy:
            message = f"Stopped by the doctor at step {trainer.step}. {rewind.story}"
            return self._end("stopped", trainer.step, message, ExitCode.TRAINING)
        try:
            with handler:
                for event in trainer.run():
                    handler.handle(event)
        except Rewound:
            return None
        except Stop as stop:
            return self._end("stopped", trainer.step, str(stop), stop.code)
        except Exception as error:
            if isinstance(error, DivergenceError) and handler.diverged(error):
                return None
            if self.group is not None and isinstance(error, _FAULTS):
                # Whoever started the processes goes on from the last checkpoint, or ends the run.
                raise
            self._fail(error, trainer.step, handler.keep_what_was_trained(error))
            raise
        finally:
            dismiss(trainer)
        if lost := handler.doctor.lost:
            message = (
                f"It reached its length, but learned nothing at the end ({lost}); "
                f"`ganterm ctl {self.run.name} remedy` says what helps."
            )
            return self._end("failed", trainer.step, message, ExitCode.TRAINING)
        attempt = self.extras.attempt("prune", "Removing old checkpoints", trainer.step)
        with attempt, Directory(self.run.checkpoints) as held:
            for path in checkpoints.healthy_aside(held.path).values():
                held.remove(path.name)
        message = ""
        with self.extras.attempt("progress", "Telling whether it still improved", trainer.step):
            progress = handler.doctor.progress
            message = progress.unfinished(trainer.config, trainer.step, self.run.word)
        return self._end("finished", trainer.step, message, ExitCode.OK)

    def _open(self) -> EventHandler:
        """Load what is trained, and write how the run begins or goes on."""
        config = self.job.config
        most_threads = torch.get_num_threads() if self.group is None else cores_of_one()
        torch.set_num_threads(self.job.threads or min(choose_threads(config), most_threads))
        trainer, data, images = assemble(
            config,
            resumed=self.run.name if self.job.resumed else "",
            group=self.group,
            progress=self.reporter.loading,
        )
        data_crc32 = images.crc32
        if self.job.moved:
            require_same(data_crc32, self.job.data_crc32, config.dataset, self.run.name)
        handler = EventHandler(
            self.run,
            self.job,
            trainer,
            data,
            journal=self.journal,
            lock=self.lock,
            extras=self.extras,
            reporter=self.reporter,
            stop=self.stop,
            logs=self.logs,
            most_threads=most_threads,
        )
        self._make_judge_ready(handler)
        if rewind := self.job.rewind:
            checkpoints.void(self.run.checkpoints, rewind.to, rewind.keeps)
            if rewind.aside and self.job.checkpoint:
                path = self.job.checkpoint.replace(self.run.checkpoint_path(rewind.to))
                self.job = dataclasses.replace(self.job, checkpoint=path)
        self._restore(handler, data.classes)
        chosen = self._choose_ways(trainer, most_threads)
        if self.job.resumed:
            records = newest_of(self.run.journal)
            history = effective(records)
            handler.threads.remember(history)
            handler.doctor.remember(records)
            handler.evaluations.remember(history)
        write_opening(
            self.run,
            self.journal,
            self.job,
            trainer.step,
            classes=data.classes,
            fields={
                **circumstances(trainer.config, trainer.device),
                "steps": trainer.steps_total,
                "images": len(images.images),
                "mode": trainer.mode,
                "controls": handler.changes.made,
                "pending": list(handler.changes.pending),
                "data_crc32": data_crc32,
                "pid": self.reporter.status.pid,
                "command": list(self.command),
            },
        )
        self._opened = True
        with self.extras.attempt("look", "The first look at the images", trainer.step):
            look = Look(trainer, handler.shown, images.images)
            trainer.look = partial(self._looked, look)
        if self.job.parent and trainer.step and Cadence.parse(config.sample_every).count:
            handler.sample()
        with self.extras.attempt("real", "The picture of real images", trainer.step):
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
        told_of_parts = told_of(
            trainer.networks.generator,
            trainer.networks.discriminator,
            penalised=config.penalty_strength > 0,
        )
        told = (
            *(("remedy", [rewind.story] if rewind else []),),
            *(("run-file", self.job.notes), ("data", notes), ("parts", told_of_parts)),
            *chosen,
        )
        for code, sentences in told:
            for note in sentences:
                self.journal.write(AlertRecord(step=trainer.step, code=code, message=note))
        handler.report("running")
        if self.group is not None:
            settings = {"config": to_mapping(trainer.config), "threads": torch.get_num_threads()}
            self.group.tell(msgspec.json.encode({**settings, "crc32": data_crc32}))
            share_state(trainer)
            if part := cannot_share(trainer):
                raise ConfigError(
                    f"{part}: it computes with all images of a batch in a way of its own, so "
                    "several processes do not compute what one does; set processes = 1."
                )
        return handler

    def _make_judge_ready(self, handler: EventHandler) -> None:
        """Have the judge trained before the first step; what cannot be judged does not begin.

        A run that goes on does so without.
        """
        if not Cadence.parse(self.job.config.judge_every).count:
            return
        try:
            handler.evaluations.make_ready(
                handler.trainer.config, progress=self.reporter.loading, stop=lambda: bool(self.stop)
            )
        except RemoteError as error:
            handler.evaluations.close(handler.trainer.step)
            if not self.job.resumed:
                raise RemoteError(
                    f"judge_every asks for judgements, and there can be none: {error} Or set "
                    "judge_every = 0.",
                    error.exit_code,
                ) from None

    def _looked(self, look: Look) -> dict[str, float]:
        """Return what a look at the networks measures; nothing where it fails."""
        found: dict[str, float] = {}
        with self.extras.attempt("look", "A look at the networks", look.step):
            found |= look()
        return found

    def _choose_ways(self, trainer: Trainer, most_threads: int) -> list[tuple[str, list[str]]]:
        """Settle how the steps are run, where nothing says it; return what to tell, by its code."""
        parts, say = (trainer.networks, trainer.batches), self.reporter.say
        at_once, about_memory = choose_micro_batch(*parts, trainer.config, available_memory, say)
        trainer.take_at_once(at_once)
        mode, about_mode = trainer.mode, list[str]()
        if self.group is None:  # Captured graphs hold no transfers between processes.
            mode, about_mode = choose_mode(*parts, trainer.config, self.job.mode, say)
        if mode != trainer.mode:
            trainer.run_in(mode)
        about_threads = self._choose_threads(trainer, most_threads)
        about_memory = [*trainer.batches.about, *about_memory]
        return [("memory", about_memory), ("mode", about_mode), ("threads", about_threads)]

    def _choose_threads(self, trainer: Trainer, most: int) -> list[str]:
        """Have as many threads as a step is quickest with, where nothing says how many.

        Returns what to tell the user.
        """
        present = torch.get_num_threads()
        if self.job.threads or trainer.config.threads or trainer.device.type != "cpu":
            return []
        if present == 1 or self.group is not None:
            return []
        timed = time_threads(
            trainer.networks,
            trainer.batches,
            trainer.config,
            present=present,
            most=most,
            say=self.reporter.say,
        )
        if timed.threads == present:
            return []
        torch.set_num_threads(timed.threads)
        return [f"Training takes {timed.threads} of {most} threads: {timed.figures}."]

    def _restore(self, handler: EventHandler, classes: Sequence[str]) -> None:
        """Bring the trainer to the state that it goes on from, or give it its first weights."""
        config, trainer, checkpoint = self.job.config, handler.trainer, self.job.checkpoint
        if checkpoint is None:
            if config.init_from:
                checkpoints.verify(self.run.first_weights)
                grown = read_meta(self.run.first_weights).counters["images"]
                begin_with(trainer, load_tensors(self.run.first_weights), grown)
            return
        meta = read_meta(checkpoint)
        check_classes(meta.classes, classes, config.dataset)
        state = load_tensors(checkpoint), meta.counters
        restore_state(trainer, *adapted(*state, meta.config, config, len(trainer.batches.images)))
        handler.outputs.saved_step = trainer.step
        self.reporter.note(last_checkpoint=self.run.relative(checkpoint))

    def _end(self, reason: str, step: int, message: str, code: ExitCode) -> ExitCode:
        self.lock.require_intact()
        self.journal.write(
            EndRecord(step=step, reason=reason, message=message, exit_code=int(code))
        )
        self.journal.sync()
        self.reporter.end(reason, step, message)
        return code

    def _fail(self, error: Exception, step: int, kept: str = "") -> None:
        """Write the end that `error` is, where that is possible: it may prevent that too.

        On a full disk it is written as soon as there is room again, for `ROOM_SECONDS`.

        Raises the error for the user that `error` stands for, if it was foreseen.
        """
        trouble = explain(error, self.run, self.job.config)
        if trouble is None:
            message = f"{type(error).__name__}: {error}; the whole story is in worker.log."
        else:
            message = str(trouble)
        code = trouble.exit_code if trouble else ExitCode.TRAINING
        for _ in range(round(ROOM_SECONDS / _LOOK_SECONDS)):
            try:
                if self._opened or not self.job.resumed:
                    self._end("failed", step, message + kept, code)
                else:
                    self._stand_back(message + kept)
            except OSError as full:
                if full.errno not in {errno.ENOSPC, errno.EDQUOT} or self.stop:
                    break
                self._words.say(message)
                time.sleep(_LOOK_SECONDS)
            else:
                break
        if trouble is not None:
            raise trouble from error

    def _stand_back(self, message: str) -> None:
        """Leave a run that cannot go on in the state it was in; an alert says why it does not."""
        self.lock.require_intact()
        story = f"The run did not go on, and is as it was: {message}"
        last = read_end(self.run.journal)[-1]
        self.journal.write(AlertRecord(step=last.step, code=STOOD_BACK, message=story))
        self.reporter.stand_back(self._before)
