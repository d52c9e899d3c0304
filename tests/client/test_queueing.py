"""Runs are put into the queue, taken out and moved; whoever may not says so."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest

from ganterm.client import queueing
from ganterm.client.overview import RunList, as_dict
from ganterm.client.queueing import wake
from ganterm.core.errors import ConfigError
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.lock import WorkerLock
from ganterm.runs.manage import delete, rename
from ganterm.runs.queue import Queue, read_ticket, write_ticket


@pytest.fixture(autouse=True)
def _nobody_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queueing, "spawn", lambda *_, **__: pytest.fail("nothing is queued"))
    monkeypatch.setattr(queueing, "wake", lambda _: None)


def make(runs_dir: Path, name: str) -> RunDir:
    run = create_run(runs_dir, name, "dcgan")
    run.config_file.touch()
    return run


def order(runs_dir: Path) -> str:
    listed = queueing.listing(runs_dir)
    assert [run.place for run in listed] == list(range(1, len(listed) + 1))
    in_list = sorted((run.place, run.name) for run in RunList(runs_dir).poll() if run.place)
    assert in_list == [(run.place, run.name) for run in listed]
    return "".join(run.name for run in listed)


def test_places_are_as_moved_and_dropped(tmp_path: Path) -> None:
    runs = {name: make(tmp_path, name) for name in "abcde"}
    for run in runs.values():
        queueing.enqueue(run, "auto")
    assert order(tmp_path) == "abcde"
    for name, place, then in [
        ("e", "first", "eabcd"),
        ("e", "2", "aebcd"),
        ("a", "last", "ebcda"),
        ("c", "9", "ebdac"),
        ("c", "5", "ebdac"),
    ]:
        queueing.move(runs[name], queueing.parse_place(place))
        assert order(tmp_path) == then
    queueing.drop(runs["d"])
    assert order(tmp_path) == "ebac"
    # A deleted run is gone from it, and one under another name stays where it was.
    delete(runs["b"])
    rename(runs["e"], "z")
    assert order(tmp_path) == "zac"
    for text in ("0", "-1", "second", "1.5", "²", ""):
        with pytest.raises(ConfigError, match="no place"):
            queueing.parse_place(text)


def test_where_no_number_is_left_between_two_all_are_counted_anew(tmp_path: Path) -> None:
    runs = {name: make(tmp_path, name) for name in "abc"}
    for number, run in enumerate(runs.values()):
        queueing.enqueue(run, "auto")
        ticket = read_ticket(run)
        assert ticket is not None
        near = math.nextafter(1e9, 2e9) if number else 1e9
        write_ticket(run, msgspec.structs.replace(ticket, order=near))
    assert order(tmp_path) == "abc"
    queueing.move(runs["c"], 2)
    assert order(tmp_path) == "acb"


def test_what_cannot_be_queued_dropped_or_moved_is_said(tmp_path: Path) -> None:
    run = make(tmp_path, "a")
    for refused in (queueing.drop, lambda run: queueing.move(run, 1)):
        with pytest.raises(ConfigError, match="a is not in the queue"):
            refused(run)
    with WorkerLock(run.lock), pytest.raises(ConfigError, match="is training"):
        queueing.enqueue(run, "auto")
    with pytest.raises(ConfigError, match="no device 'tpu'"):
        queueing.enqueue(run, "tpu")
    assert read_ticket(run) is None
    queueing.enqueue(run, "cpu", ["--steps=5"])
    with pytest.raises(ConfigError, match="queued already"):
        queueing.enqueue(run, "cpu")
    with WorkerLock(run.lock), pytest.raises(ConfigError, match=r"training by now.*ctl a stop"):
        queueing.drop(run)
    (listed,) = queueing.listing(tmp_path)
    assert as_dict(listed)["place"] == 1
    assert "ticket" not in as_dict(listed)
    assert queueing.as_dict(listed)["device"] == "cpu"


@pytest.mark.parametrize("whose", ["ours", "another host's", "failed", "held"])
def test_a_supervisor_is_started_where_one_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    started: list[str] = []
    monkeypatch.setattr(queueing, "spawn", lambda *words, **_: started.append(words[1]))
    monkeypatch.setattr(queueing, "_started", [])
    wake(tmp_path)
    run, queue = make(tmp_path, "a"), Queue(tmp_path)
    queueing.enqueue(run, "auto")
    ticket = read_ticket(run)
    assert ticket is not None
    other = {"another host's": {"host": "elsewhere"}, "failed": {"error": "it failed"}}
    write_ticket(run, msgspec.structs.replace(ticket, **other.get(whose, {})))
    with WorkerLock(queue.lock if whose == "held" else run.lock):
        wake(tmp_path)
    assert started == ([str(tmp_path)] if whose == "ours" else [])
