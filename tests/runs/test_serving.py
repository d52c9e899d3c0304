"""The process that draws, from outside: it is started on demand, and told of when it fails."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator

import pytest

from ganterm.runs.child import Child
from ganterm.runs.serving import PATIENCE, Message, Server

SECONDS = 60


class Clock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def serving(kind: str, clock: Clock | None = None) -> Server:
    return Server(lambda: Child("tests.runs.answering", kind), clock=clock or Clock())


@pytest.fixture
def server() -> Iterator[Server]:
    made = serving("serve")
    yield made
    made.close()


def runs(server: Server) -> bool:
    return server.running


def answers(server: Server, until: int) -> list[Message]:
    """Wait for the last answer to a request, or for the end of the process."""
    found: list[Message] = []
    while server.running and server.owes(until):
        descriptor = server.fileno()
        assert descriptor is not None
        assert select.select([descriptor], [], [], SECONDS)[0]
        found += server.poll()
    return found


def test_it_is_started_by_the_first_request_and_answers_each(server: Server) -> None:
    """Answers have the id of their request; those that go on say so."""
    assert not runs(server)
    first, second = server.ask("draw", scene={"seed": 3}), server.ask("open")
    assert runs(server)
    assert server.busy
    found = answers(server, second)
    assert found[0] == {"id": first, "do": "draw", "scene": {"seed": 3}}
    assert [message.get("going", False) for message in found] == [False, True, False]
    assert not server.trouble
    assert not server.owes(first)
    assert not server.owes(second)


def test_one_that_died_is_told_of_and_the_next_request_starts_another(server: Server) -> None:
    """Its last words are in the sentence."""
    answers(server, server.ask("draw"))
    answers(server, server.ask("die"))
    assert not runs(server)
    assert "has died (last words)" in server.trouble
    answers(server, server.ask("draw"))
    assert runs(server)
    assert not server.trouble


def test_one_that_is_killed_is_told_of_even_when_nothing_was_asked(server: Server) -> None:
    """As the kernel does when memory runs out."""
    answers(server, server.ask("draw"))
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    server.poll()
    assert server.trouble == "The process that draws has died (killed by signal 9)."


def test_one_that_hangs_is_ended_after_a_while() -> None:
    """Not before it has been silent for long, and only if it owes an answer."""
    clock = Clock()
    server = serving("deaf", clock)
    try:
        server.ask("draw")
        clock.now = PATIENCE - 1
        assert server.poll() == []
        assert runs(server)
        clock.now = PATIENCE + 1
        server.poll()
        assert not runs(server)
        assert "not answered for 30 s" in server.trouble
    finally:
        server.close()


def test_one_that_owes_nothing_may_be_silent(server: Server) -> None:
    """However long nothing is asked of it."""
    clock = Clock()
    server = serving("serve", clock)
    try:
        answers(server, server.ask("draw"))
        clock.now = 1e6
        server.poll()
        assert runs(server)
        server.ask("draw")
        server.poll()
        assert runs(server)
    finally:
        server.close()


def test_one_that_cannot_be_started_is_told_of() -> None:
    """In words, and without an end of the app."""

    def start() -> Child:
        raise OSError(11, "Resource temporarily unavailable")

    server = Server(start)
    server.ask("draw")
    assert not runs(server)
    assert "could not be started (Resource temporarily unavailable)" in server.trouble
