"""A judgement in a process of its own: how far it is, that it ended, why it failed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ganterm.runs import judging
from ganterm.runs.child import Child
from ganterm.runs.judging import Judging
from ganterm.runs.layout import RunDir
from ganterm.runs.task import TaskProgress


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> tuple[Judging, Child, tuple[str, ...]]:
    """Return a judgement whose process ends when it is told, and the command it was started by."""
    begun: list[tuple[Child, tuple[str, ...]]] = []

    def start(*command: str) -> Child:
        begun.append((Child("tests.runs.answering", "judge"), command))
        return begun[-1][0]

    monkeypatch.setattr(judging, "Child", start)
    judgement = Judging(RunDir(Path("/runs/one")), ["--step=400"])
    return judgement, *begun[0]


def wait(child: Child) -> None:
    """Wait until a process has ended, and leave it to be asked about."""
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


def test_it_tells_how_far_it_is_and_that_it_ended(
    scripted: tuple[Judging, Child, tuple[str, ...]],
) -> None:
    """The command is `ganterm judge` on the run's own path; its lines become a bar."""
    judgement, child, command = scripted
    assert command == ("ganterm.__main__", "judge", "/runs/one", "--json", "--step=400")
    assert judgement.name == "one"
    while judgement.poll().what != "Generating images":
        assert not judgement.progress.ended
    assert judgement.progress == TaskProgress("Generating images", 3000, 10_000, "images")
    child.send("done")
    wait(child)
    assert judgement.poll() == TaskProgress("Generating images", 3000, 10_000, "images", True)
    assert judgement.poll().error == ""


def test_it_fails_in_the_commands_own_sentence(
    scripted: tuple[Judging, Child, tuple[str, ...]],
) -> None:
    """Without the command's name before it."""
    judgement, child, _ = scripted
    child.send("fail")
    wait(child)
    assert judgement.poll().error == "step-00000400 cannot be judged: it is not finite."


def test_it_can_be_broken_off_and_may_not_start(
    scripted: tuple[Judging, Child, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are said in a sentence."""
    judgement, _, _ = scripted
    judgement.cancel()
    assert judgement.poll().error == "The judgement was broken off."

    def refuse(*_: Any) -> Child:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(judging, "Child", refuse)
    failed = Judging(RunDir(Path("/runs/one"))).poll()
    assert failed.ended
    assert failed.error.startswith("The judgement could not be started: Resource")
