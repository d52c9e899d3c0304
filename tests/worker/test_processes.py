"""Runs that several processes train, and what becomes of them where one of these does not go on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ganterm.runs import control
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from ganterm.worker.checkpoint import load_tensors
from tests.worker.workers import (
    PATIENCE,
    SHORT,
    Worker,
    Zygote,
    differences,
    kinds,
    last_step,
    make_run,
    told,
)

pytestmark = pytest.mark.slow
ALIKE = 1e-3


def parallel(runs_dir: Path, **settings: object) -> RunDir:
    return make_run(runs_dir, "dcgan-8x8", processes=2, threads=1, **settings)


def members(run: RunDir) -> dict[int, int]:
    """Return the processes that train `run` together: which of them each is, and its pid."""
    found: dict[int, int] = {}
    for process in filter(lambda each: each.name.isdigit(), Path("/proc").iterdir()):
        try:
            words = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        # The path is among the words with which torchrun's were started, too.
        if b"ganterm.worker.ranks" in words and str(run.path.parent).encode() in words:
            (rank,) = (each for each in environment if each.startswith(b"RANK="))
            found[int(rank.removeprefix(b"RANK="))] = int(process.name)
    return found


def _comes_true(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not what() and time.monotonic() < until:
        time.sleep(0.1)
    return what()


def nobody_left(run: RunDir) -> bool:
    """Wait until no process trains `run` any more."""
    return _comes_true(lambda: not members(run))


@pytest.fixture(scope="module")
def uninterrupted(_zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """Give a run of two processes that may start again, which none had to."""
    return _zygote.train(parallel(tmp_path_factory.mktemp("runs"), max_restarts=1))


def test_a_run_of_two_processes_is_that_of_one(
    zygote: Zygote, uninterrupted: RunDir, tmp_path: Path
) -> None:
    alone = zygote.train(make_run(tmp_path, threads=1))

    assert kinds(uninterrupted, "start")[0]["device"] == "2 x cpu"
    for one, two in zip(told(alone), told(uninterrupted), strict=True):
        assert one.keys() == two.keys()
        for name, value in one.items():
            assert two[name] == pytest.approx(value, abs=ALIKE), name
    one, two = (load_tensors(each.checkpoint_path(32)) for each in (alone, uninterrupted))
    for name in one:
        assert torch.allclose(one[name].double(), two[name].double(), atol=ALIKE), name


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_run_goes_on_without_a_process(
    zygote: Zygote, uninterrupted: RunDir, tmp_path: Path, rank: int, number: signal.Signals
) -> None:
    run = parallel(tmp_path, max_restarts=1)
    agent = zygote.start(run)
    agent.until_step(12)
    victim = members(run)[rank]
    os.kill(victim, number)
    began = time.monotonic()
    alert = agent.until(lambda record: record.get("code") == "processes")
    took = time.monotonic() - began

    assert alert is not None, agent.log()
    assert f"Process {rank} (pid {victim})" in alert["message"]
    assert "killed by SIGKILL" in alert["message"] or number == signal.SIGSTOP
    assert took < 30
    assert agent.wait() == 0, agent.log()
    assert nobody_left(run)
    assert kinds(run, "resume")
    assert differences(run, uninterrupted) == []


def test_a_run_that_may_not_start_again_is_left_to_be_resumed(
    zygote: Zygote, tmp_path: Path
) -> None:
    run = parallel(tmp_path)
    agent = zygote.start(run)
    agent.until_step(12)
    os.kill(members(run)[1], signal.SIGKILL)

    assert agent.wait() == 1
    assert nobody_left(run)
    (end,) = kinds(run, "end")
    assert end["message"].startswith("Process 1 (pid ")
    assert f"`ganterm resume {run.word}` goes on from step {last_step(run)}" in end["message"]
    zygote.train(run, "--processes=1")
    assert kinds(run, "end")[-1]["reason"] == "finished"


def test_no_process_outlives_its_agent(zygote: Zygote, tmp_path: Path) -> None:
    run = parallel(tmp_path)
    agent = zygote.start(run)
    agent.until_step(12)
    assert members(run).keys() == {0, 1}
    agent.kill()

    assert nobody_left(run)
    zygote.train(run)
    assert kinds(run, "end")[-1]["reason"] == "finished"


def _stopped_by_command(agent: Worker) -> int:
    control.post(agent.run.control, "stop")
    return agent.wait()


def _stopped_by_signal(agent: Worker) -> int:
    agent.send(signal.SIGTERM)
    return agent.wait()


def test_a_run_stops_while_its_processes_start(zygote: Zygote, tmp_path: Path) -> None:
    run = parallel(tmp_path)
    agent = zygote.start(run)
    assert _comes_true(lambda: 0 in members(run))
    assert _stopped_by_signal(agent) == 143
    assert nobody_left(run)
    (end,) = kinds(run, "end")
    assert (end["reason"], end["step"]) == ("stopped", 0)


@pytest.mark.parametrize(("stop", "code"), [(_stopped_by_command, 0), (_stopped_by_signal, 143)])
def test_all_processes_stop_at_one_step(
    zygote: Zygote, uninterrupted: RunDir, tmp_path: Path, stop: object, code: int
) -> None:
    run = parallel(tmp_path, max_restarts=1)
    agent = zygote.start(run)
    agent.until_step(12)
    assert callable(stop)
    assert stop(agent) == code, agent.log()
    assert nobody_left(run)
    (end,) = kinds(run, "end")
    assert end["reason"] == "stopped"
    assert last_step(run) == end["step"]
    zygote.train(run)
    assert differences(run, uninterrupted) == []


def _from_outside(runs_dir: Path, *before: str, **settings: object) -> subprocess.Popen[bytes]:
    """Train the run `mine` by the command line, after the words of a launcher."""
    typed = {**SHORT, "recipe": "dcgan-8x8", "threads": 1, "runs_dir": runs_dir, **settings}
    options = [
        f"--{name.replace('_', '-')}{'' if value is True else f'={value}'}"
        for name, value in typed.items()
    ]
    command = [sys.executable, *before, "-m", "ganterm", "train", "--name=mine", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")


def test_training_outlives_its_terminal(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "mine")
    terminal = _from_outside(tmp_path, processes=2)
    assert _comes_true(lambda: len(members(run)) == 2)
    terminal.kill()
    terminal.wait()

    assert _comes_true(lambda: observe(run).state == "finished")
    assert nobody_left(run)


def test_torchrun_starts_the_processes_of_one_run(uninterrupted: RunDir, tmp_path: Path) -> None:
    assert _from_outside(tmp_path, *TORCHRUN).wait() == 0
    run = RunDir(tmp_path / "mine")

    assert [each.name for each in tmp_path.iterdir() if each.is_dir()] == ["mine"]
    assert kinds(run, "start")[0]["device"] == "2 x cpu"
    assert observe(run).state == "finished"
    assert told(run) == told(uninterrupted)


def test_no_process_outlives_torchrun(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "mine")
    launcher = _from_outside(tmp_path, *TORCHRUN, steps=100_000)
    assert _comes_true(lambda: observe(run).step > 8)
    launcher.kill()
    launcher.wait()

    assert nobody_left(run)
    # A process that ends has no words any more before it has no lock.
    assert _comes_true(lambda: observe(run).state == "crashed")


MIXES = """
import torch
from torch import nn

class Mixes(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(64, 1))

    def forward(self, images):
        return super().forward(images[torch.randperm(len(images))])
"""


def test_what_no_process_can_do_ends_the_run_once(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(MIXES)
    own = f"{tmp_path / 'own.py'}:Mixes"
    runs_dir = tmp_path / "runs"
    run = RunDir(runs_dir / "mine")
    stories = {
        "": "discriminator: it computes with all images of a batch",
        "local_batch_norm": "processes: the networks call randperm",
    }
    for setting, words in stories.items():
        alike = {setting: True} if setting else {}
        started = _from_outside(runs_dir, processes=2, max_restarts=1, discriminator=own, **alike)

        assert started.wait() == 2
        assert not kinds(run, "resume")
        (end,) = kinds(run, "end")
        assert end["message"].startswith(words)
        shutil.rmtree(runs_dir)
