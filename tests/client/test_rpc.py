"""Calls to helper processes: answered by id, told of in words when they fail, never waited for."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from ganterm.client import rpc
from ganterm.client.rpc import (
    Cancel,
    Cancelled,
    Failure,
    Helper,
    HelperDiedError,
    Partial,
    Progress,
    RemoteError,
    Reply,
    Result,
    ask,
)
from ganterm.core.errors import DataError, ExitCode
from ganterm.worker.rpc import Call, Calls, CancelledError, Method, Steps, work_off

HELPERS = "tests.client.helpers"
SECONDS = 60


class Clock:
    """Goes only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def helper() -> Iterator[Helper]:
    made = Helper(HELPERS, name="The helper")
    yield made
    made.close()


def replies(helper: Helper, count: int = 1) -> list[Reply]:
    """Wait for so many replies."""
    found: list[Reply] = []
    while len(found) < count:
        if (descriptor := helper.fileno()) is not None:
            assert select.select([descriptor], [], [], SECONDS)[0]
        found += helper.poll()
    return found


# From the caller's side


def test_a_call_is_answered_under_its_id_and_starts_the_process(helper: Helper) -> None:
    """Several may be under way; what is told on the way has the id too."""
    first, second = helper.call("echo", {"text": "a\nb\x1b", "path": "\udcff"}), helper.call("tell")
    assert replies(helper, 4) == [
        Result(first, {"text": "a\nb\x1b", "path": "\udcff"}),
        Progress(second, "counting", 1, 2, "images"),
        Partial(second, {"half": True}),
        Result(second, {"whole": True}),
    ]
    assert not helper.busy
    assert helper.poll() == []


def test_an_error_crosses_the_line_with_its_exit_code_and_the_helper_goes_on(
    helper: Helper,
) -> None:
    """A sentence for the user as it is; of anything else the last line of its traceback."""
    refused, fell, unknown = (helper.call(name) for name in ("refuse", "fall_over", "fly"))
    found = {reply.id: reply for reply in replies(helper, 3)}
    assert found[refused] == Failure(
        refused, "That makes no sense; ask for something else.", ExitCode.USAGE
    )
    assert found[fell] == Failure(
        fell, "It failed unexpectedly (LookupError: there is nothing here).", ExitCode.TRAINING
    )
    assert isinstance(none := found[unknown], Failure)
    assert "There is no method 'fly'; there are echo, " in none.message
    assert helper.wait(helper.call("echo", {"well": True})) == {"well": True}


def test_what_libraries_print_does_not_get_between_the_replies(helper: Helper) -> None:
    assert helper.wait(helper.call("talk")) == {"said": True}
    assert helper.wait(helper.call("echo", {"after": 1})) == {"after": 1}


def test_a_helper_that_dies_fails_every_call_and_the_next_starts_another(helper: Helper) -> None:
    """Its last words are in the sentence."""
    waiting, dying = helper.call("wait"), helper.call("die")
    found: list[Reply] = []
    while helper.running:
        found += [reply for reply in replies(helper) if isinstance(reply, Failure)]
    sentence = "The helper has died (last words)."
    assert found == [Failure(each, sentence, ExitCode.WORKER) for each in (waiting, dying)]
    assert helper.wait(helper.call("echo")) == {}


def test_a_helper_that_is_killed_is_told_of_even_when_nothing_was_asked(helper: Helper) -> None:
    """As the kernel does when memory runs out."""
    helper.wait(helper.call("echo"))
    assert helper.pid is not None
    os.kill(helper.pid, signal.SIGKILL)
    assert replies(helper) == [
        Failure(None, "The helper has died (killed by signal 9).", ExitCode.WORKER)
    ]


def test_a_helper_that_hangs_is_ended_after_a_while_and_one_that_owes_nothing_is_not() -> None:
    clock = Clock()
    helper = Helper(HELPERS, name="The helper", clock=clock)
    try:
        helper.wait(helper.call("echo"))
        clock.now = 1e6
        assert helper.poll() == []
        assert helper.running
        call = helper.call("hog", patience=30)
        clock.now += 29
        assert helper.poll() == []
        clock.now += 2
        words = "The helper has not answered for 30 s."
        assert helper.poll() == [Failure(call, words, ExitCode.WORKER)]
        assert not helper.running
    finally:
        helper.close()


def test_a_reply_that_never_ends_is_not_waited_for(helper: Helper) -> None:
    """What fills the memory is no reply."""
    call = helper.call("flood")
    (found,) = replies(helper)
    assert found == Failure(call, "The helper has sent more than 8 MB at once.", ExitCode.WORKER)


def test_a_helper_may_end_for_want_of_work_and_is_started_again() -> None:
    """That is no failure."""
    helper = Helper(HELPERS, "idle=0.05")
    try:
        helper.wait(helper.call("echo"))
        pid = helper.pid
        assert pid is not None
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert helper.wait(helper.call("echo", {"again": True})) == {"again": True}
        assert helper.pid != pid
    finally:
        helper.close()


@pytest.mark.parametrize("method", ["wait", "hog"])
def test_what_is_cancelled_ends_and_other_calls_are_answered(helper: Helper, method: str) -> None:
    cancelled, other = helper.call(method), helper.call("echo")
    helper.cancel(cancelled)
    found = [reply for reply in replies(helper, 2) if not isinstance(reply, Progress)]
    while len(found) < 2:
        found += [reply for reply in replies(helper) if not isinstance(reply, Progress)]
    assert {reply.id: type(reply) for reply in found} == {cancelled: Cancelled, other: Result}


def test_one_that_cannot_be_started_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the reply, as all that goes wrong."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    helper = Helper(HELPERS, name="The helper")
    call = helper.call("echo")
    words = "The helper could not be started (Resource temporarily unavailable)."
    assert helper.poll() == [Failure(call, words, ExitCode.WORKER)]
    assert not helper.busy


def test_one_call_is_waited_for_and_its_errors_are_raised() -> None:
    """With what is told on the way."""
    told: list[Progress] = []
    assert ask(HELPERS, "tell", progress=told.append) == {"whole": True}
    assert [progress.what for progress in told] == ["counting"]
    with pytest.raises(RemoteError, match="makes no sense") as refused:
        ask(HELPERS, "refuse")
    assert refused.value.exit_code is ExitCode.USAGE
    with pytest.raises(HelperDiedError, match=r"The helper process has died \(killed by signal 9"):
        ask(HELPERS, "be_killed")
    with pytest.raises(HelperDiedError) as died:
        ask("tests.no_such_module", "echo")
    assert "no_such_module" in died.value.words


_PARENT = """
import sys
from ganterm.client.rpc import Helper
helper = Helper("tests.client.helpers", *sys.argv[2:])
helper.wait(helper.call("echo"))
helper.call(sys.argv[1])
print(helper.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("options", [["wait"], ["hog", "grace=60"]], ids=["at once", "with grace"])
def test_no_helper_outlives_whoever_started_it(options: list[str]) -> None:
    """`kill -9` of the app leaves no process behind, also in the middle of a call."""
    app = subprocess.Popen(
        [sys.executable, "-c", _PARENT, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert app.stdin is not None
    assert app.stdout is not None
    pid = int(app.stdout.readline())
    app.kill()
    app.wait()
    deadline = time.monotonic() + SECONDS / 2
    while lives(pid):
        assert time.monotonic() < deadline, "the process outlived the app"
        time.sleep(0.01)
    app.stdin.close()
    app.stdout.close()


def lives(pid: int) -> bool:
    """Tell whether a process is there that has not ended, waited for or not."""
    ps = ["ps", "-o", "stat=", "-p", str(pid)]
    done = subprocess.run(ps, capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


# From the helper's side


def worked_off(methods: dict[str, Method], *calls: rpc.Call | Cancel) -> list[Reply]:
    """Return the replies to calls that are there at once."""
    sent: list[Reply] = []
    waiting = Calls(list(methods), sent.append)
    for call in calls:
        waiting.put(msgspec.json.encode(call))
    work_off(waiting, methods, sent.append, idle=0)
    return sent


def test_the_more_urgent_is_done_between_two_steps_of_another() -> None:
    """Of calls that are equally urgent the first comes first."""
    done: list[str] = []

    def stepwise(call: Call) -> Steps:
        for step in range(2):
            done.append(f"{call.params['name']} {step}")
            if (more := call.params.get("then")) and step == 0:
                calls.put(json.dumps(more).encode())
            yield
        return {}

    urgent = msgspec.to_builtins(rpc.Call(2, "urgent", {"name": "urgent"}))
    methods: dict[str, Method] = {"urgent": stepwise, "slow": stepwise}
    calls = Calls(list(methods), lambda _: None)
    calls.put(msgspec.json.encode(rpc.Call(1, "slow", {"name": "slow", "then": urgent})))
    calls.put(msgspec.json.encode(rpc.Call(3, "slow", {"name": "last"})))
    work_off(calls, methods, lambda _: None, idle=0)
    assert done == ["slow 0", "urgent 0", "urgent 1", "slow 1", "last 0", "last 1"]


def test_what_is_cancelled_before_its_turn_is_never_begun() -> None:
    begun: list[int] = []

    def begin(call: Call) -> dict[str, Any]:
        begun.append(call.id)
        return {}

    found = worked_off({"do": begin}, rpc.Call(1, "do"), rpc.Call(2, "do"), Cancel(1), Cancel(7))
    assert found == [Cancelled(1), Result(2)]
    assert begun == [2]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("No checkpoint is whole."), "No checkpoint is whole."),
        (OSError(5, "Input/output error"), "Input/output error"),
        (MemoryError(), "not enough memory"),
        (ModuleNotFoundError("No module", name="onnx"), "This needs onnx"),
        (RemoteError("It does not fit.", ExitCode.DATA, {"rows": 3}), "It does not fit."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_is_the_reply_and_the_next_call_is_answered(
    error: Exception, said: str
) -> None:
    def fail(_call: Call) -> Steps:
        yield
        raise error

    wrong, well = worked_off(
        {"fail": fail, "do": lambda _: {"well": True}}, rpc.Call(1, "fail"), rpc.Call(2, "do")
    )
    assert isinstance(wrong, Failure)
    assert said in wrong.message
    assert wrong.data == getattr(error, "data", {})
    expected = ExitCode.USAGE if "onnx" in said else ExitCode.TRAINING
    assert wrong.exit_code == getattr(error, "exit_code", expected)
    assert well == Result(2, {"well": True})


@pytest.mark.parametrize("line", [b"\xff", b"[1]", b"[" * 100_000, b'{"id": 1}', b'{"kind": "x"}'])
def test_what_is_no_call_is_passed_over(line: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told in the log."""
    calls = Calls(["do"], lambda _: None)
    calls.put(line)
    assert calls.next(0) is None
    assert "This is no call" in capsys.readouterr().err


def test_progress_is_told_now_and_then_and_ends_what_is_cancelled() -> None:
    """What begins and what ends is always told."""
    sent: list[Reply] = []
    clock = Clock()
    call = Call(rpc.Call(1, "do"), sent.append, clock)
    for done in range(11):
        call.progress("storing", done, 10, "images")
    clock.now = 1.0
    call.progress("storing", 5, 10, "images")
    call.progress("checking")
    assert [(each.what, each.done) for each in sent if isinstance(each, Progress)] == [
        ("storing", 0),
        ("storing", 10),
        ("storing", 5),
        ("checking", 0),
    ]
    call.cancelled = True
    with pytest.raises(CancelledError):
        call.progress("storing", 6, 10, "images")


def test_the_end_of_input_cancels_what_is_under_way() -> None:
    calls = Calls(["do"], lambda _: None)
    calls.put(msgspec.json.encode(rpc.Call(1, "do")))
    calls.close()
    call = calls.next()
    assert call is not None
    assert call.cancelled
    calls.drop(call)
    assert calls.next() is None
