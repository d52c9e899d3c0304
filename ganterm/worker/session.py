"""One worker's work on a run: the training loop on one side, the run's directory on the other."""

from __future__ import annotations

import dataclasses
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch

from ganterm import __version__
from ganterm.config.runfile import to_mapping
from ganterm.data import load
from ganterm.errors import ConfigError, ExitCode, GantermError, TrainingError
from ganterm.latent.sample import generate
from ganterm.runs import checkpoints, control
from ganterm.runs.durable import storage_trouble
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.status import HOST, Status, write_status
from ganterm.training.build import choose_device, choose_threads
from ganterm.training.events import (
    Boundary,
    CheckpointDue,
    EpochEnded,
    Event,
    Finished,
    Metrics,
    SampleDue,
)
from ganterm.training.loop import DivergenceError, Trainer
from ganterm.training.seeding import fixed_latents
from ganterm.training.state import export_state, restore_state
from ganterm.worker.checkpoint import Meta, load_tensors, read_meta, save_checkpoint
from ganterm.worker.job import Job, prepare
from ganterm.worker.samples import PREVIEW, write_grid
from ganterm.worker.signals import StopFlag

CONTROL_SECONDS = 0.1
"""How often the control directory is looked at."""
HEARTBEAT_SECONDS = 1.0
"""How often the status is renewed."""


class _Stop(Exception):  # noqa: N818 - not an error
    """The run is to stop, with a checkpoint; the text says who asked."""


class Session:
    """Trains a run to its end, or to the moment somebody stops it.

    The process must hold the run's lock and be the only writer of its journal.
    """

    def __init__(self, run: RunDir, journal: JournalWriter, stop: StopFlag) -> None:
        self.run = run
        self.journal = journal
        self.stop = stop
        self.trainer: Trainer
        self.latents: torch.Tensor
        self.controls = 0
        self.pending: list[dict[str, Any]] = []
        self.paused = False
        self.status = Status(state="starting", step=0, steps=0, started=time.time())
        self._opened = False
        self._sampled_step = self._saved_step = -1
        self._next_look = 0.0
        self._next_heartbeat = 0.0

    def work(
        self, *, repeat: Path | None = None, steps: int | None = None, epochs: int | None = None
    ) -> ExitCode:
        """Train the run; everything that happens stands in its journal afterwards.

        Raises:
            GantermError: it could not be trained; the journal's last record says so too.
        """
        try:
            self._begin(prepare(self.run, repeat=repeat, steps=steps, epochs=epochs))
            for event in self.trainer.run():
                self._handle(event)
        except _Stop as stop:
            return self._end("stopped", str(stop), ExitCode.OK)
        except DivergenceError as error:
            trouble = TrainingError(f"{error} {self._advice()}")
            self.journal.write(
                "alert",
                error.step,
                code="not-finite",
                message=str(error),
                remedy="lower lr_g and lr_d, or add a penalty",
            )
            self._end("failed", str(trouble), trouble.exit_code)
            raise trouble from error
        except OSError as error:
            trouble = storage_trouble(error, self.run.path)
            self._try_to_end(str(trouble), trouble.exit_code)
            raise trouble from error
        except GantermError as error:
            self._try_to_end(str(error), error.exit_code)
            raise
        return self._end("finished", "", ExitCode.OK)

    def _begin(self, job: Job) -> None:
        config = job.config
        device = choose_device(config.device)
        torch.set_num_threads(choose_threads(config))
        images = load(
            config.dataset,
            split=config.split,
            image_size=config.image_size,
            channels=config.channels,
            fit=config.fit,
        )
        self.trainer = Trainer(config, images.images, device)
        self.latents = fixed_latents(config.seed, config.sample_grid**2, config.z_dim)
        self.controls, self.pending = job.controls, list(job.pending)
        if job.checkpoint is not None:
            meta = read_meta(job.checkpoint)
            restore_state(self.trainer, load_tensors(job.checkpoint), meta.counters)
            self._saved_step = self.trainer.step
        self._write_opening(job, device)
        for path, _ in job.skipped:
            checkpoints.set_aside(path)
        for note in images.notes:
            self.journal.write("alert", self.trainer.step, code="data", message=note, remedy="")
        self._report("running")

    def _write_opening(self, job: Job, device: torch.device) -> None:
        trainer = self.trainer
        common = {
            "run": self.run.name,
            "config": to_mapping(trainer.config),
            "steps": trainer.steps_total,
            "epochs": trainer.config.epochs or None,
            "controls": self.controls,
            "pending": self.pending,
            "device": str(device),
            "host": HOST,
            "pid": self.status.pid,
            "versions": {
                "ganterm": __version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
        }
        self._opened = True
        if not job.resumed:
            self.journal.write("start", 0, command=sys.argv, **common)
            return
        path = job.checkpoint
        self.journal.write(
            "resume",
            trainer.step,
            checkpoint=None if path is None else str(path.relative_to(self.run.path)),
            skipped=[f"{path.name}: {reason}" for path, reason in job.skipped],
            torn_bytes=self.journal.torn_bytes,
            **common,
        )

    def _handle(self, event: Event) -> None:
        match event:
            case Boundary():
                self._boundary()
            case Metrics(step, epoch, rate, values):
                self.journal.write("metrics", step, epoch=epoch, images_per_s=rate, **values)
                self.status = dataclasses.replace(self.status, images_per_s=rate)
            case EpochEnded(step, epoch, values):
                self.journal.write("epoch", step, epoch=epoch, **values)
            case SampleDue():
                self._sample()
            case CheckpointDue():
                self._checkpoint()
            case Finished():
                if self._sampled_step != self.trainer.step:
                    self._sample()
                self._checkpoint()
                self._report("running")

    def _boundary(self) -> None:
        self._replay()
        if self.stop:
            self._leave(f"by {self.stop.name}")
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + CONTROL_SECONDS
        self._take_commands()
        if self.paused:
            self._wait_while_paused()
        if now >= self._next_heartbeat:
            self._report("running")

    def _wait_while_paused(self) -> None:
        self._write_flushed()
        while self.paused:
            self._report("paused")
            time.sleep(CONTROL_SECONDS)
            if self.stop:
                self._leave(f"by {self.stop.name}")
            self._take_commands()
        self.trainer.restart_clock()
        self._report("running")

    def _take_commands(self) -> None:
        for command in control.pending(self.run.control):
            error = command.error
            if not error and command.name == "set":
                error = self._set(command.id, command.args)
            else:
                self._answer(command.id, command.name, command.args, error)
            control.done(command)
            if not error:
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

    def _set(self, identity: str, args: dict[str, Any]) -> str:
        """Change a live setting and write that down; return why not, if not."""
        try:
            changed = self.trainer.changed(args["key"], args["value"])
        except ConfigError as error:
            self._answer(identity, "set", args, str(error))
            return str(error)
        # On disk before it takes effect: a change that is not in the journal is never made.
        self._answer(identity, "set", args, "")
        self.trainer.use(changed)
        self.controls += 1
        return ""

    def _answer(self, identity: str, name: str, args: dict[str, Any], error: str) -> None:
        self.journal.write(
            "control", self.trainer.step, id=identity, name=name, args=args, error=error
        )

    def _replay(self) -> None:
        while self.pending and self.pending[0]["step"] <= self.trainer.step:
            change = self.pending.pop(0)
            self._set(change["id"], change["args"])

    def _leave(self, why: str) -> None:
        self._write_flushed()
        self._checkpoint()
        raise _Stop(f"Stopped {why} at step {self.trainer.step}.")

    def _write_flushed(self) -> None:
        for event in self.trainer.flush():
            self._handle(event)

    def _sample(self) -> None:
        trainer = self.trainer
        model = trainer.ema.model if trainer.ema else trainer.networks.generator
        path = self.run.sample_path(trainer.step)
        write_grid(path, model, self.latents, trainer.config.sample_grid)
        self.journal.write("sample", trainer.step, path=str(path.relative_to(self.run.path)))
        self._sampled_step = trainer.step

    def _checkpoint(self) -> None:
        trainer = self.trainer
        if trainer.step == self._saved_step:
            return
        began = time.perf_counter()
        tensors, counters = export_state(trainer)
        model = trainer.ema.model if trainer.ema else trainer.networks.generator
        tensors["preview"] = generate(model, self.latents[:PREVIEW])
        path = self.run.checkpoint_path(trainer.step)
        meta = Meta(config=trainer.config, counters=counters, controls=self.controls)
        digest = save_checkpoint(path, meta, tensors)
        name = str(path.relative_to(self.run.path))
        self.journal.write(
            "checkpoint",
            trainer.step,
            path=name,
            digest=digest,
            bytes=path.stat().st_size,
            seconds=round(time.perf_counter() - began, 4),
        )
        self.journal.sync()
        checkpoints.prune(self.run.checkpoints, trainer.config.keep_checkpoints, newest=path)
        self._saved_step = trainer.step
        self.status = dataclasses.replace(self.status, last_checkpoint=name)

    def _report(self, state: str, message: str = "") -> None:
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
            message=message,
        )
        write_status(self.run.status, self.status)

    def _end(self, reason: str, message: str, code: ExitCode) -> ExitCode:
        step = self.trainer.step if hasattr(self, "trainer") else 0
        if self._opened:
            # A worker that never got to work leaves the history of the run as it was.
            self.journal.write("end", step, reason=reason, message=message, exit_code=int(code))
            self.journal.sync()
        self.status = dataclasses.replace(
            self.status, state=reason, step=step, updated=time.time(), message=message
        )
        write_status(self.run.status, self.status)
        return code

    def _try_to_end(self, message: str, code: ExitCode) -> None:
        """Write the end where that is possible; what brought the run down may prevent it."""
        try:
            self._end("failed", message, code)
        except OSError:
            sys.stderr.write("The journal could not be written either.\n")

    def _advice(self) -> str:
        newest, _ = checkpoints.newest_valid(self.run.checkpoints)
        if newest is None:
            return "There is no checkpoint; train again with lower lr_g and lr_d."
        return (
            f"The last good checkpoint is {newest.relative_to(self.run.path)}; lower lr_g and "
            "lr_d, or add a penalty, and train again."
        )
