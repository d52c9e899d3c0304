"""Requests are answered in turn, the most urgent first; and all ends with the app."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ganterm.errors import DataError
from ganterm.runs.child import Child
from ganterm.runs.launch import command_of
from ganterm.runs.serving import MODULE
from ganterm.worker.explore import Answering
from ganterm.worker.inbox import Inbox, Request
from ganterm.worker.serve import URGENCY, serve

SECONDS = 60


def put(inbox: Inbox, number: int, do: str) -> None:
    inbox.put(json.dumps({"id": number, "do": do}).encode())


def served(inbox: Inbox, answer: Callable[[Request], Answering]) -> list[dict[str, Any]]:
    """Serve until the inbox is closed, and return what was told."""
    told: list[dict[str, Any]] = []
    serve(inbox, dict.fromkeys(URGENCY, answer), told.append)
    return told


def counting(request: Request) -> Answering:
    yield {"piece": 1}
    yield None
    return {"piece": 2}


def test_every_piece_has_the_id_and_the_last_is_known() -> None:
    """A pause tells nothing."""
    inbox = Inbox(URGENCY)
    put(inbox, 1, "draw")
    inbox.close()
    assert served(inbox, counting) == [
        {"id": 1, "piece": 1, "going": True},
        {"id": 1, "piece": 2},
    ]


def test_a_newer_request_ends_one_that_is_under_way_and_a_draw_comes_before_a_search() -> None:
    """Between two pieces the inbox is looked into."""
    inbox = Inbox(URGENCY)

    def answer(request: Request) -> Answering:
        if request.id == 1:
            yield {"piece": "first search"}
            put(inbox, 2, "draw")
            put(inbox, 3, "sketch")
            inbox.close()
        yield None
        return {"of": request.do}

    put(inbox, 1, "sketch")
    assert served(inbox, answer) == [
        {"id": 1, "piece": "first search", "going": True},
        {"id": 1, "skipped": True},
        {"id": 2, "of": "draw"},
        {"id": 3, "of": "sketch"},
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("No checkpoint is whole."), "No checkpoint is whole."),
        (OSError(5, "Input/output error"), "Input/output error"),
        (MemoryError(), "memory"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_is_the_answer_and_the_next_request_is_answered(
    error: Exception, said: str
) -> None:
    """One sentence; the process goes on."""

    def answer(request: Request) -> Answering:
        yield None
        if request.do == "draw":
            raise error
        return {"well": True}

    inbox = Inbox(URGENCY)
    put(inbox, 1, "draw")
    put(inbox, 2, "strip")
    inbox.close()
    wrong, well = served(inbox, answer)
    assert said in wrong["error"]
    assert well == {"id": 2, "well": True}


def test_it_ends_when_its_input_does() -> None:
    """In the middle of a request as well: nobody waits for the answer."""
    request = b'{"id": 1, "do": "open", "run": "nowhere"}\n'
    done = subprocess.run(command_of(MODULE), input=request, timeout=SECONDS, check=True)
    assert done.returncode == 0


_PARENT = """
import sys, time
from ganterm.runs.child import Child
child = Child("ganterm.worker.serve")
child.send({"id": 1, "do": "draw", "scene": {}})
while not child.poll():
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(600)
"""


def test_it_is_gone_when_the_app_is_killed() -> None:
    """`kill -9` of the app leaves no process behind that fills the memory."""
    app = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert app.stdout is not None
    pid = int(app.stdout.readline())
    app.kill()
    app.wait()
    deadline = time.monotonic() + SECONDS
    while lives(pid):
        assert time.monotonic() < deadline, "the process outlived the app"
        time.sleep(0.01)
    app.stdout.close()


def lives(pid: int) -> bool:
    """Tell whether a process is there that has not ended, waited for or not."""
    ps = ["ps", "-o", "stat=", "-p", str(pid)]
    done = subprocess.run(ps, capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def test_nonsense_does_not_end_it_and_printing_does_not_disturb_it() -> None:
    """Whatever is sent, the next request is answered in JSON alone."""
    child = Child(MODULE)
    try:
        child.send("nonsense")
        child.send({"id": 1, "do": "fly"})
        child.send({"id": 2, "do": "draw", "scene": {}})
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + SECONDS
        while len(found) < 3 and time.monotonic() < deadline:
            found += child.poll()
            time.sleep(0.01)
        assert [message["id"] for message in found] == [None, 1, 2]
        assert found[2]["error"] == "There is no generator yet; open one first."
        assert child.exit_code is None
    finally:
        child.close()
