"""Whoever of the queue is killed whenever: every run is begun once and reaches its end."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ganterm.client import queueing
from ganterm.runs.layout import RunDir, create_run, runs_in
from ganterm.runs.lock import holder, is_held
from ganterm.runs.queue import Queue
from ganterm.runs.state import observe
from tests.quick import slow_unless
from tests.worker.workers import PATIENCE, Zygote, differences, kinds, make_run

KILLS = int(os.environ.get("GANTERM_QUEUE_KILLS", "150"))
ROLES = ("supervisor", "worker", "one that stands by, or is none yet", "all at once")
OFTEN: dict[str, Any] = {"steps": 240, "checkpoint_every": "8", "log_every": 4}


def processes(runs_dir: Path) -> list[int]:
    """Return who works for a queue: supervisor, standby and workers, which all name its place."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(os.fsencode(runs_dir)) for word in words):
            found.append(int(path.parent.name))
    return found


def roles(runs_dir: Path) -> dict[int, str]:
    """Return what each of them is by now."""
    found = dict.fromkeys(processes(runs_dir), "one that stands by, or is none yet")
    held = [run.lock for run in runs_in(runs_dir) if is_held(run.lock)]
    for role, locks in (("worker", held), ("supervisor", [Queue(runs_dir).lock])):
        for lock in locks:
            signed = holder(lock)
            if signed and signed.pid in found and is_held(lock):
                found[signed.pid] = role
    return found


def kill(runs_dir: Path, wanted: str, chance: random.Random, tally: Counter[str]) -> bool:
    """Kill one of a role as `kill -9` does, or all as a machine does that loses its power."""
    found = roles(runs_dir)
    victims = [pid for pid, role in found.items() if wanted in {role, "all at once"}]
    if not victims:
        return False
    time.sleep(chance.uniform(0, 0.05))
    for pid in victims if wanted == "all at once" else [chance.choice(victims)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    tally[wanted] += 1
    return True


def ride_out(runs_dir: Path, kills: int, pause: float, chance: random.Random) -> Counter[str]:
    """Kill somebody now and then until `kills` are made; then wait until all is done."""
    tally: Counter[str] = Counter()
    wanted, until = "", 0.0
    deadline = time.monotonic() + PATIENCE + 10 * kills
    while queueing.listing(runs_dir) or processes(runs_dir):
        waits = [(run.name, run.state) for run in queueing.listing(runs_dir)]
        assert time.monotonic() < deadline, waits
        if not processes(runs_dir):
            # As the next command of ganterm does.
            queueing.wake(runs_dir)
            tally["went on by a command"] += 1
        time.sleep(chance.uniform(0, pause))
        if sum(tally.values()) - tally["went on by a command"] >= kills:
            continue
        if time.monotonic() > until:
            wanted, until = chance.choice(ROLES), time.monotonic() + 5.0
        if kill(runs_dir, wanted, chance, tally):
            until = 0.0
    return tally


def judge(runs: list[RunDir]) -> Counter[str]:
    """Count what must not be: lost runs, those begun or ended twice, and tickets left."""
    wrong: Counter[str] = Counter()
    for run in runs:
        wrong["lost"] += observe(run).state != "finished"
        wrong["begun twice"] += len(kinds(run, "start")) != 1
        wrong["ended twice"] += len(kinds(run, "end")) != 1
        wrong["tickets left"] += run.ticket.exists()
    return +wrong


@pytest.fixture
def storm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "SUPERVISOR", "tests.worker.light")


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("storm")
@pytest.mark.parametrize(("runs", "kills"), slow_unless(lambda *n: n[0] < 4, [(2, 2), (40, KILLS)]))
def test_nothing_is_lost_and_nothing_begun_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], runs: int, kills: int
) -> None:
    """With workers that train nothing, so that the kills meet what the queue itself does."""
    made = [create_run(tmp_path, f"run-{number}", "x") for number in range(runs)]
    for run in made:
        run.config_file.touch()
        queueing.enqueue(run, "auto")
    tally = ride_out(tmp_path, kills, 0.1, random.Random(f"{runs} runs"))
    with capsys.disabled():
        sys.stdout.write(f"\n{runs} runs, {dict(tally)}\n")
    assert judge(made) == Counter()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("storm")
def test_runs_that_train_end_bit_identical(
    tmp_path: Path,
    zygote: Zygote,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After kills of supervisor, standby and workers, each run is as one that nobody disturbed."""
    monkeypatch.setenv("QUEUE_WORKERS", "real")
    whole = zygote.train(make_run(tmp_path / "whole", **OFTEN))
    runs_dir = tmp_path / "stormy"
    made = [make_run(runs_dir, **OFTEN) for _ in range(6)]
    for run in made:
        queueing.enqueue(run, "auto")
    tally = ride_out(runs_dir, KILLS // 5, 2.0, random.Random("trained"))
    with capsys.disabled():
        sys.stdout.write(f"\n{len(made)} runs, {dict(tally)}\n")
    assert judge(made) == Counter()
    assert [differences(whole, run) for run in made] == [[]] * len(made)
