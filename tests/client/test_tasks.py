"""Tasks in a process of their own are watched, end, fail in words and can be broken off."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ganterm.client import tasks
from ganterm.client.rpc import Failure, Progress, Reply, Result
from ganterm.client.tasks import Fetch, Judging, Task, TaskProgress, judge_options
from ganterm.core.errors import ConfigError
from ganterm.runs.layout import RunDir, create_run

SECONDS = 60


class PlayedHelper:
    """Stands for the process; the test says what it replies."""

    def __init__(self, *_module: str, name: str) -> None:
        self.name = name
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.replies: list[Reply] = []
        self.closed = False
        helpers.append(self)

    def call(self, method: str, params: dict[str, Any]) -> int:
        self.called.append((method, params))
        return 1

    def poll(self) -> list[Reply]:
        replies, self.replies = self.replies, []
        return replies

    def close(self) -> None:
        self.closed = True


helpers: list[PlayedHelper] = []


@pytest.fixture
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "Helper", PlayedHelper)


@pytest.mark.usefixtures("_played")
def test_a_task_tells_how_far_it_is_and_that_it_ended() -> None:
    """What it calls says what it is; its process goes with it."""
    judgement = Judging(RunDir(Path("/runs/one")), {"step": 400})
    helper = helpers[-1]
    assert helper.called == [("judge", {"run": "/runs/one", "step": 400})]
    assert judgement.poll() == TaskProgress("judging one")
    helper.replies = [Progress(1, "Generating images", 3000, 10_000, "images")]
    assert judgement.poll() == TaskProgress("Generating images", 3000, 10_000, "images")
    helper.replies = [Result(1)]
    assert judgement.poll() == TaskProgress("Generating images", 3000, 10_000, "images", ended=True)
    assert helper.closed


@pytest.mark.usefixtures("_played")
def test_a_task_fails_in_the_helpers_own_sentence_and_can_be_broken_off() -> None:
    download = Fetch("mnist")
    assert helpers[-1].called == [("fetch", {"dataset": "mnist"})]
    helpers[-1].replies = [Failure(1, "mnist could not be downloaded: check the connection.", 3)]
    failed = download.poll()
    assert failed.ended
    assert failed.error == "mnist could not be downloaded: check the connection."
    other = Fetch("mnist")
    other.cancel()
    assert helpers[-1].closed
    assert other.poll().error == "The download was broken off."


def ended(task: Task) -> TaskProgress:
    until = time.monotonic() + SECONDS
    while not task.poll().ended and time.monotonic() < until:
        time.sleep(0.02)
    return task.progress


def test_the_real_helper_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    run = create_run(tmp_path, "raw", "dcgan-8x8")
    run.config_file.touch()
    download, judgement = Fetch("digits"), Judging(run)
    assert ended(download).error == "digits comes with ganterm: there is nothing to fetch."
    assert ended(judgement).error.startswith("raw has no checkpoint")


def test_how_to_judge_is_said_in_one_line() -> None:
    options = judge_options("step=400 n=500 judge='my pictures'")
    assert options == {"step": 400, "count": 500, "judge": "my pictures"}
    assert judge_options("all n=100") == {"every": True, "count": 100}
    assert judge_options("") == {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fast", "'fast' is none of step=N"),
        ("step=-1", "none of step=N"),
        ("judge=", "none of step=N"),
        ("n=99", "n is an integer from 100 to 100000; got 99."),
        ("judge='x", "quotation mark"),
        ("all step=3", "leave step out"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        judge_options(line)
