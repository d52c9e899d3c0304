"""Commands that wait are handed out once, in order."""

import signal
from pathlib import Path

import pytest

from ganterm.runs import control
from ganterm.worker.commands import Inbox, StopFlag


def test_commands_come_in_their_order_until_they_are_removed(tmp_path: Path) -> None:
    """What is not removed is handed out again."""
    inbox = Inbox(tmp_path, (), ())
    control.post(tmp_path, "pause")
    control.post(tmp_path, "set", key="lr_g", value=1e-4)
    pause, change = inbox.take()
    assert (pause.name, change.name) == ("pause", "set")
    inbox.remove(pause)
    assert [command.name for command in inbox.take()] == ["set"]
    assert [path.stem for path in tmp_path.iterdir()] == [change.id]


def test_answered_commands_are_removed_and_not_handed_out(tmp_path: Path) -> None:
    """A worker that died between the answer and the removal obeyed them."""
    answered = control.post(tmp_path, "sample")
    assert list(Inbox(tmp_path, [answered], ()).take()) == []
    assert list(tmp_path.iterdir()) == []


def test_missed_commands_come_with_the_reason(tmp_path: Path) -> None:
    """They are answered, not obeyed."""
    missed = control.post(tmp_path, "stop")
    (command,) = Inbox(tmp_path, (), [missed]).take()
    assert (command.name, command.error) == ("stop", "the worker it was meant for has ended")


def test_a_file_that_stays_is_obeyed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's file may not be ours to remove; its command is done all the same."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    inbox = Inbox(tmp_path, (), ())
    control.post(tmp_path, "sample")
    monkeypatch.setattr(Path, "unlink", refuse)
    (command,) = inbox.take()
    inbox.remove(command)
    assert list(inbox.take()) == []


def test_a_name_may_come_again(tmp_path: Path) -> None:
    """A file made by hand under one name again and again is a new command every time."""
    inbox = Inbox(tmp_path, (), ())
    for _ in range(2):
        (tmp_path / "mine.json").write_text('{"name": "sample"}')
        (command,) = inbox.take()
        inbox.remove(command)


def test_a_signal_is_remembered_by_its_name() -> None:
    """The flag is up from the first signal on."""
    before = signal.getsignal(signal.SIGUSR1)
    try:
        flag = StopFlag(signal.SIGUSR1)
        assert not flag
        assert flag.name == ""
        signal.raise_signal(signal.SIGUSR1)
        assert flag
        assert flag.name == "SIGUSR1"
    finally:
        signal.signal(signal.SIGUSR1, before)
