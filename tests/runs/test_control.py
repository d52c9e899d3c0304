"""Commands are taken in the order they were posted, and a garbled one is answered like any."""

import json
import math
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ganterm.core.errors import ConfigError
from ganterm.runs import control
from tests.runs.helpers import temps_in


def test_commands_come_in_the_order_they_were_posted(tmp_path: Path) -> None:
    names = ["pause", "resume", "checkpoint", "sample", "stop"]
    posted = [control.post(tmp_path, name) for name in names]
    posted.append(control.post(tmp_path, "set", key="lr_g", value=1e-4))
    commands = control.pending(tmp_path)
    assert [command.id for command in commands] == posted
    assert [command.name for command in commands] == [*names, "set"]
    assert commands[-1].args == {"key": "lr_g", "value": 1e-4}
    assert not any(command.error for command in commands)
    assert temps_in(tmp_path) == []


def test_a_command_waits_until_it_is_done(tmp_path: Path) -> None:
    control.post(tmp_path, "pause")
    (command,) = control.pending(tmp_path)
    assert control.pending(tmp_path) == [command]
    control.done(command)
    control.done(command)
    assert control.pending(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("dance", {}, "'dance' is not a command; the commands are pause, resume"),
        ("../escape", {}, "not a command"),
        ("set", {"key": "lr_g"}, "'set' needs a key and a value"),
        ("set", {"key": 1, "value": 1}, "'set' needs a key and a value"),
        ("set", {"key": "lr_g", "value": [1]}, "'set' needs a key and a value: a number"),
        ("set", {"key": "lr_g", "value": math.nan}, "the value of 'set' must be a number"),
        ("stop", {"now": True}, "'stop' takes no arguments"),
        ("judged", {"step": 1}, "'judged' needs a step and fields"),
        ("judged", {"step": True, "fields": {}}, "'judged' needs a step and fields: a number"),
        ("judged", {"step": -1, "fields": {}}, "'judged' needs a step and fields: a number"),
    ],
)
def test_a_command_that_makes_no_sense_is_not_posted(
    tmp_path: Path, name: str, args: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        control.post(tmp_path, name, **args)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"pause",
        b'"pause"',
        b"{}",
        b'{"name":"dance"}',
        b'{"name":["pause"]}',
        b'{"name":{"a":1}}',
        b'{"name":"pause","args":[]}',
        b'{"name":"pause","args":null}',
        b'{"name":"set","args":{"key":"lr_g","value":1e999}}',
        b'{"name":"set","args":{"key":"lr_g","value":NaN}}',
        b'{"name":"set","args":{"key":"lr_g"}}',
        b'{"a":' * 5000,
        b" " * 100_000,
        b"\xff\xfe",
    ],
    ids=lambda content: repr(content[:30]),
)
def test_a_garbled_command_comes_with_its_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "0001.json").write_bytes(content)
    good = control.post(tmp_path, "pause")
    first, second = control.pending(tmp_path)
    assert (first.id, first.name, first.args) == ("0001", "", {})
    assert 0 < len(first.error) < 100
    assert (second.id, second.error) == (good, "")
    control.done(first)
    assert [command.id for command in control.pending(tmp_path)] == [good]


def test_what_is_not_a_command_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".tmp-1-ab-1.json").write_bytes(b"{")
    (tmp_path / "notes.txt").write_bytes(b"")
    (tmp_path / "directory.json").mkdir()
    (tmp_path / "evil\x1b[31m.json").write_bytes(b"{}")
    assert control.pending(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 4


def test_a_link_or_a_pipe_is_answered_without_being_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(json.dumps({"name": "stop"}).encode())
    directory = tmp_path / "control"
    directory.mkdir()
    (directory / "1.json").symlink_to(secret)
    os.mkfifo(directory / "2.json")
    commands = control.pending(directory)
    assert [(command.name, bool(command.error)) for command in commands] == [("", True)] * 2
    for command in commands:
        control.done(command)
    assert secret.exists()
    assert list(directory.iterdir()) == []


def test_a_flood_of_commands_is_taken_a_part_at_a_time(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.json").write_bytes(b'{"name":"pause"}')
    assert [command.id for command in control.pending(tmp_path, limit=3)] == ["0", "1", "2"]


def test_a_deleted_run_takes_no_commands_and_has_none(tmp_path: Path) -> None:
    directory = tmp_path / "run" / "control"
    directory.mkdir(parents=True)
    control.post(directory, "pause")
    (command,) = control.pending(directory)
    shutil.rmtree(directory.parent)
    assert control.pending(directory) == []
    control.done(command)
    with pytest.raises(ConfigError, match="cannot leave a command in"):
        control.post(directory, "pause")
