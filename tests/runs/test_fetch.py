"""A download in a process of its own is watched, ends, fails in words and can be broken off."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ganterm.runs import fetch
from ganterm.runs.child import Child
from ganterm.runs.fetch import Fetch
from ganterm.runs.task import TaskProgress


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Fetch:
    """Return a download whose process, told by the parameter what to do, has ended."""
    children: list[Child] = []

    def start(_module: str, *_arguments: str) -> Child:
        children.append(Child("tests.runs.answering", request.param))
        return children[-1]

    monkeypatch.setattr(fetch, "Child", start)
    download = Fetch("mnist")
    os.waitid(os.P_PID, children[0].pid, os.WEXITED | os.WNOWAIT)
    return download


@pytest.mark.parametrize("ended", ["fetch"], indirect=True)
def test_a_download_tells_how_far_it_is_and_that_it_ended(ended: Fetch) -> None:
    assert ended.poll() == TaskProgress("fetching a", 5, 10, "bytes", ended=True)
    assert ended.poll().ended


@pytest.mark.parametrize("ended", ["fail"], indirect=True)
def test_a_download_that_failed_says_why_in_the_commands_own_sentence(ended: Fetch) -> None:
    progress = ended.poll()
    assert progress.ended
    assert progress.error == "mnist could not be downloaded: check the connection."
    assert (progress.done, progress.total) == (5, None)


def test_the_real_command_refuses_what_it_cannot_fetch() -> None:
    """The child runs `ganterm data fetch`, whose last sentence is the error."""
    download = Fetch("digits")
    child: Any = download._child
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert download.poll().error == "digits comes with ganterm: there is nothing to fetch."


def test_a_download_can_be_broken_off_and_may_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "Child", lambda *_: Child("tests.runs.answering", "echo"))
    download = Fetch("mnist")
    assert not download.poll().ended
    download.cancel()
    assert download.poll() == download.progress
    assert download.progress.error == "The download was broken off."

    def refuse(*_: str) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(fetch, "Child", refuse)
    assert "could not be started" in Fetch("mnist").poll().error
