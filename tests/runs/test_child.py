"""A child process is talked to in lines of JSON; nothing it says or fails to say hurts or waits."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ganterm.runs.child import Child

PATIENCE = 60


@contextmanager
def child(kind: str) -> Iterator[Child]:
    process = Child("tests.runs.answering", kind)
    try:
        yield process
    finally:
        process.close()


def answers(process: Child, count: int) -> list[dict[str, Any]]:
    """Wait for so many answers, or for the end of the child."""
    found: list[dict[str, Any]] = []
    while len(found) < count and select.select([process], [], [], PATIENCE)[0]:
        news = process.poll()
        found += news
        if not news and process.exit_code is not None:
            break
    return found


def test_what_is_sent_is_answered_and_a_poll_never_waits() -> None:
    with child("echo") as process:
        assert process.poll() == []
        assert process.send({"text": "a\nb\x1b"})
        assert process.send([1, 2])
        assert answers(process, 2) == [{"echo": {"text": "a\nb\x1b"}}, {"echo": [1, 2]}]
        assert process.exit_code is None


def test_what_is_no_answer_is_dropped() -> None:
    """Text, other JSON, absurd nesting and half a line are no answers."""
    with child("noise") as process:
        assert answers(process, 1) == [{"a": 1}]
        assert process.poll() == []


def test_a_child_that_ended_tells_how_and_its_last_words() -> None:
    with child("die") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process.exit_code == 3
        assert process.last_words() == "last words"
        assert not process.send({})


def test_closing_ends_the_child_and_what_comes_after_is_harmless() -> None:
    with child("echo") as process:
        process.close()
        assert process.exit_code is not None
        assert process.poll() == []
        assert not process.send({})
        assert process.last_words() == ""
        process.close()


def test_a_child_that_does_not_listen_never_blocks() -> None:
    """Once its pipe is full the child cannot be sent any more, and that is said at once."""
    with child("die") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not all(process.send("x" * 4000) for _ in range(100))
