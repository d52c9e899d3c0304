"""Workers of commands that start at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ganterm.runs.launch import WorkerProcess
from ganterm.runs.layout import RunDir
from tests.worker.workers import Worker, Zygote


class _Process:
    """A worker of the zygote, as those who started one have it; it says nothing through a pipe."""

    why = ""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.pid = worker.pid

    def poll(self) -> int | None:
        return self._worker.wait() if self._worker.gone else None

    def last_words(self) -> list[str]:
        return []


@pytest.fixture
def warm(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let commands in this process start workers without the seconds of importing PyTorch.

    What a test leaves running is killed.
    """

    def started(run: str, *arguments: str, **_: Any) -> _Process:
        env = {name: value for name, value in os.environ.items() if name.startswith("GANTERM_")}
        return _Process(zygote.start(RunDir(Path(run)), *arguments, env=env))

    monkeypatch.setattr(WorkerProcess, "started", started)
    yield
    zygote.kill_all()
