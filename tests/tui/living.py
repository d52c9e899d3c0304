"""A run whose worker is played by the test: its lock is held, its journal says what it is told."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from ganterm.runs import control
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.status import Status, write_status
from tests.records import record
from tests.runs.helpers import LockHolder

SETTINGS: dict[str, Any] = {
    "recipe": "dcgan",
    "dataset": "mnist",
    "loss": "non-saturating",
    "penalty": "none",
    "lr_g": 2e-4,
    "lr_d": 2e-4,
    "d_steps": 1,
    "real_label": 1.0,
    "fake_label": 0.0,
    "penalty_weight": None,
    "sample_every": "500",
    "checkpoint_every": "1000",
}


class LivingRun:
    """A context in which a run is alive.

    Attributes:
        run: its directory.
        step: how far it is.
    """

    def __init__(
        self, runs_dir: Path, name: str = "dcgan-001", *, steps: int = 1000, **config: Any
    ) -> None:
        self.run: RunDir = create_run(runs_dir, name, "dcgan")
        for directory in (self.run.samples, self.run.checkpoints, self.run.control):
            directory.mkdir(exist_ok=True)
        self.steps = steps
        self.step = 0
        self.journal = JournalWriter(self.run.journal, clock=lambda: 1.7e9)
        opening = {"controls": 0, "pending": [], "device": "cpu", "threads": 2, "host": "here"}
        settings = {**SETTINGS, **config}
        self.say("start", run=name, config=settings, steps=steps, epochs=None, **opening)
        self._worker = LockHolder(self.run.lock)
        self.report("running")

    def __enter__(self) -> LivingRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.journal.close()
        self._worker.__exit__()

    def say(self, kind: str, **fields: Any) -> None:
        """Write a record at the present step."""
        self.journal.write(record(kind, self.step, **fields))

    def report(self, state: str, **facts: Any) -> None:
        """Write the status."""
        # Of a while to come: however slow the machine, it is not silent unless it is told so.
        told = {"updated": time.time() + 600, **facts}
        pid = self._worker.pid
        write_status(
            self.run.status,
            Status(state=state, step=self.step, steps=self.steps, pid=pid, device="cpu", **told),
        )

    def train(self, step: int, **values: float | None) -> None:
        """Come to `step`, with metrics every four steps on the way; the last has `values`."""
        for at in range(self.step + 4, step + 1, 4):
            self.step = at
            share = at / self.steps
            wave = math.sin(at / 20)
            metrics: dict[str, float | None] = {
                "epoch": at / 100,
                "images_per_s": 2310.0,
                "d_loss": 1.4 - 0.7 * share**0.5 + 0.03 * wave,
                "g_loss": 0.7 + 0.6 * share**0.5 + 0.1 * wave,
                "d_real": 0.5 + 0.3 * share,
                "d_fake": 0.5 - 0.3 * share,
                "acc_real": 0.5 + 0.4 * share,
                "acc_fake": 0.5 + 0.4 * share,
                "grad_norm_d": 2.0 + wave,
                "grad_norm_g": 3.0 - wave,
            }
            self.say("metrics", **(metrics | (values if at + 4 > step else {})))
        self.report("running")

    def answer(self, error: str = "") -> list[control.Command]:
        """Take every command and answer it in the journal; return them."""
        taken = control.pending(self.run.control)
        for command in taken:
            self.say("control", id=command.id, name=command.name, args=command.args, error=error)
            control.done(command)
        return taken

    def die(self) -> None:
        """Go as `kill -9` goes."""
        self._worker.kill()
