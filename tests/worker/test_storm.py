"""A storm of kill -9 at random moments loses no checkpoint and changes no bit."""

import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ganterm.runs.layout import RunDir
from tests.records import lines
from tests.runs.helpers import temps_in
from tests.worker.workers import Worker, Zygote, differences, kinds, last_step, make_run

KILLS = int(os.environ.get("GANTERM_STORM_KILLS", "120"))
"""Kills in all; each recipe gets its share."""

STORMY = {
    "dcgan-8x8": {"steps": 400},
    "mlp-small": {"steps": 300},
    "dcgan": {"steps": 120},
    "wgan-gp": {"steps": 80},
}
"""Recipes in the storm, long enough for their share of kills."""

OFTEN: dict[str, object] = {"checkpoint_every": "2", "sample_every": "5", "log_every": 3}
"""Settings under which a good part of the kills meets a checkpoint half written."""


@dataclass
class Tally:
    """What the storm did and what it broke."""

    kills: int = 0
    while_saving: int = 0
    before_the_first_record: int = 0
    lost_checkpoints: int = 0
    runs: int = 0
    mismatches: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills in {self.runs} runs ({self.while_saving} while a checkpoint was "
            f"being written, {self.before_the_first_record} before the worker's first record): "
            f"{self.lost_checkpoints} checkpoints lost, {self.mismatches} runs not bit-identical"
        )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_storm_of_kills(
    zygote: Zygote, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After every kill the last checkpoint told of is there, and every run ends bit-identical."""
    tally = Tally()
    for number, (recipe, settings) in enumerate(STORMY.items(), start=1):
        chance = random.Random(f"storm over {recipe}")
        whole = zygote.train(make_run(tmp_path / "whole", recipe, **OFTEN, **settings))
        share = KILLS * number // len(STORMY)
        while tally.kills < share:
            run = make_run(tmp_path / "stormy", recipe, **OFTEN, **settings)
            _train_through_the_storm(zygote, run, tally, share, chance)
            tally.mismatches += differences(whole, run) != []
            tally.runs += 1
    with capsys.disabled():
        sys.stdout.write(f"\n{tally}\n")
    assert tally.kills >= KILLS
    assert (tally.lost_checkpoints, tally.mismatches) == (0, 0)


def _train_through_the_storm(
    zygote: Zygote, run: RunDir, tally: Tally, share: int, chance: random.Random
) -> None:
    """Train a run to its end under kills, until their number has reached `share`."""
    while True:
        worker = zygote.start(run)
        if tally.kills >= share:
            worker.wait()
        saving = _wait_for_the_moment(worker, chance)
        code = worker.kill()
        if code == 0:
            break
        assert code == -signal.SIGKILL, worker.log()
        tally.kills += 1
        tally.while_saving += saving and temps_in(run.checkpoints) != []
        told = kinds(run, "checkpoint")
        tally.before_the_first_record += worker.until(lambda _: True) is None
        tally.lost_checkpoints += bool(told) and last_step(run) < told[-1]["step"]
    assert lines(run.journal)[-1]["reason"] == "finished"
    assert [temps_in(part) for part in (run.path, run.samples, run.checkpoints)] == [[], [], []]


def _wait_for_the_moment(worker: Worker, chance: random.Random) -> bool:
    """Wait for a random moment; return whether it was to be in the middle of a checkpoint."""
    until = time.perf_counter() + chance.uniform(0, 0.8)
    saving = chance.random() < 0.4
    while not worker.gone and time.perf_counter() < until:
        time.sleep(0.0005)
    while saving and not worker.gone and not temps_in(worker.run.checkpoints):
        pass
    return saving
