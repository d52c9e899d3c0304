"""What tests of commands share: a run that really trained, and workers that start at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ganterm.config import resolve
from ganterm.config.runfile import render_run_toml
from ganterm.runs import launch
from ganterm.runs.layout import RunDir, create_run
from tests.worker.workers import Worker, Zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote
        zygote.kill_all()


@pytest.fixture(scope="session")
def trained(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """Give a finished run of six steps on the embedded digits; tests must not change it.

    It has sample grids of 3 x 3 and checkpoints at steps 0, 2, 4 and 6, with averaged weights.
    """
    settings = {
        "recipe": "dcgan-8x8",
        "steps": 6,
        "batch_size": 8,
        "sample_grid": 3,
        "sample_every": 2,
        "checkpoint_every": 2,
        "keep_checkpoints": 0,
        "log_every": 2,
        "ema_kimg": 0.01,
        "device": "cpu",
    }
    run = create_run(tmp_path_factory.mktemp("runs"), "tiny", "dcgan-8x8")
    run.config_file.write_text(render_run_toml(resolve(settings).config, {}))
    return zygote.train(run)


class _Process:
    """A worker of the zygote, as those who started one have it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.pid = worker.pid

    def poll(self) -> int | None:
        return self._worker.wait() if self._worker.gone else None


@pytest.fixture
def warm(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands in this process start workers without the seconds of importing PyTorch."""

    def popen(command: Sequence[str], **_: Any) -> _Process:
        module, run, *arguments = command[4:]
        assert module == "ganterm.worker.__main__"
        env = {name: value for name, value in os.environ.items() if name.startswith("GANTERM_")}
        return _Process(zygote.start(RunDir(Path(run)), *arguments, env=env))

    monkeypatch.setattr(launch, "subprocess", SimpleNamespace(Popen=popen, DEVNULL=None))
