"""What is a ticket, what state a run with one is in, and how many train at once."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ganterm.core.errors import ConfigError
from ganterm.runs import queue as queue_module
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.lock import WorkerLock
from ganterm.runs.queue import Queue, Ticket, identity, is_for_us, read_ticket, write_ticket
from ganterm.runs.state import observe
from tests.records import record, write


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    run = create_run(tmp_path, "a-run", "dcgan")
    run.config_file.touch()
    return run


def ticket_of(run: RunDir, **fields: Any) -> Ticket:
    return Ticket(**{"order": 1.0, "directory": identity(run), **fields})


def test_a_ticket_is_read_as_it_was_written(run: RunDir) -> None:
    ticket = ticket_of(
        run,
        device="cuda:1",
        arguments=("--steps=9", '--started-by=["\u1234"]'),
        environment={"GANTERM_DATA_DIR": "/data"},
        on="cuda:1",
    )
    write_ticket(run, ticket)
    assert read_ticket(run) == ticket
    assert is_for_us(run, ticket)
    assert not is_for_us(run, ticket_of(run, host="elsewhere"))


@pytest.mark.parametrize(
    "fields",
    [
        {"directory": "1"},
        {"device": "tpu"},
        {"device": "cuda:1\x1b[2J"},
        {"order": -1},
        {"order": 1e400},
        {"arguments": ["rm"]},
        {"arguments": ["--x\0"]},
        {"arguments": ["--x"] * 33},
        {"environment": {"PATH": "/bin"}},
        {"environment": {"GANTERM_X": "\0"}},
        {"starts": 10**400},
        {"step": "1"},
        {"error": "x" * (1 << 16)},
        {"host": None},
    ],
    ids=str,
)
def test_what_somebody_made_up_is_no_ticket(run: RunDir, fields: dict[str, Any]) -> None:
    """Whatever is out of bounds leaves the run as it is."""
    good = {"order": 1.0, "directory": identity(run), "host": "here"}
    run.ticket.write_text(json.dumps(good))
    assert read_ticket(run) is not None
    run.ticket.write_text(json.dumps({**good, **fields}))
    assert read_ticket(run) is None
    assert observe(run).state == "new"


def test_neither_a_copy_nor_a_link_nor_a_pipe_is_queued(run: RunDir, tmp_path: Path) -> None:
    """Who unpacks or copies runs of others has none of them started."""
    write_ticket(run, ticket_of(run))
    copied = RunDir(Path(shutil.copytree(run.path, tmp_path / "copied")))
    assert read_ticket(copied) is None
    aside = run.path.parent / "aside.json"
    run.ticket.rename(aside)
    run.ticket.symlink_to(aside)
    assert read_ticket(run) is None
    run.ticket.unlink()
    os.mkfifo(run.ticket)
    assert read_ticket(run) is None


END = record("end", 3, 9.0, reason="finished", message="done", exit_code=0)


@pytest.mark.parametrize(
    ("journal", "fields", "state", "words"),
    [
        ([], {}, "queued", "the first free device"),
        ([], {"device": "cuda:1"}, "queued", "waits for cuda:1"),
        ([], {"host": "elsewhere"}, "queued", "of elsewhere"),
        ([], {"error": "no such data"}, "failed", "no such data"),
        ([record("start", 0, 5.0, config={})], {}, "queued", "its worker was killed"),
        ([record("start", 0, 5.0, config={}), END], {}, "finished", "done"),
        # Queued once more after its end, and what has happened since.
        ([END], {"last": 9.0}, "queued", "waits"),
        ([END], {"last": 9.0, "error": "no room"}, "failed", "no room"),
        ([END, record("resume", 3, 11.0)], {"last": 9.0}, "queued", "killed"),
        (
            [END, record("end", 3, 12.0, reason="stopped", message="", exit_code=0)],
            {"last": 9.0},
            "stopped",
            "",
        ),
        ([END], {"error": "of old"}, "finished", "done"),
        # The machine was shut down.
        ([record("end", 3, 9.0, reason="stopped", exit_code=143)], {}, "queued", "killed"),
    ],
)
def test_the_state_of_a_run_with_a_ticket(
    run: RunDir, journal: list[Any], fields: dict[str, Any], state: str, words: str
) -> None:
    """It is queued until it has ended, whoever killed its workers; an error is told until then."""
    write(run, *journal)
    write_ticket(run, ticket_of(run, **fields))
    view = observe(run)
    assert (view.state, view.alive) == (state, False)
    assert words in view.message
    with WorkerLock(run.lock):
        assert (observe(run).state, observe(run).alive) == ("starting", True)


def test_how_many_train_at_once_is_remembered(run: RunDir) -> None:
    queue = Queue(run.path.parent / "made" / "then")
    assert (queue.limits, queue.exists) == ({}, False)
    queue.set_limit("cuda", 2)
    queue.set_limit("auto", 0)
    assert queue.limits == {"cuda:0": 2, "auto": 0}
    with pytest.raises(ConfigError, match="'gpu' is no device"):
        queue.set_limit("gpu", 2)
    limits = queue.path / "limits.json"
    for garbled in ('{"cpu": 1e9}', '{"cpu": -1}', "[1]", '{"\\u001b": 1}', "[" * 9999):
        limits.write_text(garbled)
        assert queue.limits == {}


def test_a_link_in_place_of_the_queue_is_refused(run: RunDir, tmp_path: Path) -> None:
    queue = Queue(run.path.parent)
    (tmp_path / "elsewhere").mkdir()
    queue.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is no directory"), queue.editing():
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_each_machine_has_its_own_queue(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that two share; whatever a machine is called, the name is that of a file."""
    one = Queue(run.path.parent).path
    monkeypatch.setattr(queue_module, "HOST", "../other\x1b")
    other = Queue(run.path.parent).path
    assert one != other
    assert other.parent == one.parent
    assert other.name.isprintable()
