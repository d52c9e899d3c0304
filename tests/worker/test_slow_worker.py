"""A worker that stands still, as under a debugger or on a starved machine, is never called dead."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from pathlib import Path

import pytest

from ganterm.cli.plain.session import LineReader, PlainSession
from ganterm.cli.plain.words import SILENT_SECONDS
from ganterm.client.feed import FeedReader
from ganterm.client.overview import overview
from ganterm.runs import control
from ganterm.runs.state import observe
from tests.records import lines
from tests.worker.workers import Worker, Zygote, make_run

LIVING = {"starting", "running", "paused"}
SECONDS = float(os.environ.get("GANTERM_SOAK_SECONDS", "60"))
"""How long the worker stands still each time, in the slow test."""


class Watchers:
    """Everything that judges a run, each with a look of its own."""

    def __init__(self, worker: Worker) -> None:
        self.run = worker.run
        self.said: list[str] = []
        self._reader = FeedReader(self.run, clock=lambda: 0.0)
        self._plain = PlainSession(self.run.path.parent, LineReader(-1), self.said.append)
        self._plain.watch(self.run)

    def judge(self) -> None:
        """Hold every judgement to what is the case: it lives."""
        view = observe(self.run)
        assert (view.alive, view.state in LIVING) == (True, True), view
        assert overview(self.run).state in LIVING
        self._reader._look_again = 0.0
        self._reader.refresh()
        assert self._reader.feed.view.alive
        self._plain.look()
        assert not any("crash" in line or "died" in line for line in self.said)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("pauses", "seconds"), [(1, 0.3), pytest.param(2, SECONDS, marks=pytest.mark.slow)]
)
def test_a_worker_that_stands_still_is_alive(
    zygote: Zygote, tmp_path: Path, pauses: int, seconds: float
) -> None:
    """Stopped at any moment, for long, it is judged alive all the while, and then trains on."""
    chance = random.Random("stops")
    run = make_run(tmp_path, steps=1_000_000, checkpoint_every="3", sample_every="5")
    worker = zygote.start(run)
    assert worker.until_step(1) is not None, worker.log()
    watchers = Watchers(worker)
    for _ in range(pauses):
        step = lines(run.journal)[-1]["step"]
        moment = time.perf_counter() + chance.uniform(0, 0.05)
        while time.perf_counter() < moment:
            pass
        worker.send(signal.SIGSTOP)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            watchers.judge()
            # The machine is left to whoever shares it.
            select.select([], [], [], 0.05)
        worker.send(signal.SIGCONT)
        assert worker.until_step(step + 10) is not None, worker.log()
        watchers.judge()
    if seconds > SILENT_SECONDS + 2:
        assert any("No word from the worker for" in line for line in watchers.said)
    control.post(run.control, "stop")
    assert worker.wait() == 0, worker.log()
    assert observe(run).state == "stopped"
