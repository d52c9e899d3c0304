"""Where training becomes far slower other threads are tried, unless the user said how many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from ganterm.core.records import AlertRecord, ControlRecord, PendingChange, Record, StartRecord
from ganterm.engine.threads import TimedThreads
from ganterm.runs.journal import JournalWriter, read_journal
from ganterm.worker import thread_watch
from ganterm.worker.commands import LiveChanges
from ganterm.worker.thread_watch import AGAIN_SECONDS, PATIENCE_SECONDS, ThreadWatch
from tests.engine.common import small, trainer


class Bench:
    """A training on two threads under a clock and measurements of its own."""

    def __init__(
        self,
        path: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        threads: int = 0,
        pending: Iterable[PendingChange] = (),
    ) -> None:
        self.now = 1000.0
        self.quickest = 1
        self.measured = 0
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr(thread_watch, "time_threads", self._time)
        self.path = path
        self.journal = JournalWriter(path)
        self.trainer = trainer(small("mlp", steps=9, threads=threads))
        self.changes = LiveChanges(self.trainer, self.journal, 0, pending)
        self.watch = ThreadWatch(self.trainer, self.changes, self.journal, 2)

    def _time(self, *_: Any, present: int, most: int) -> TimedThreads:
        assert most == 2
        self.measured += 1
        return TimedThreads(self.quickest, {1: 0.1, 2: 0.4})

    def trains(self, rate: float, seconds: float) -> None:
        """Train on at so many images a second."""
        for _ in range(int(seconds)):
            self.watch.see(rate)
            self.watch.act(torch.get_num_threads())
            self.now += 1.0

    @property
    def records(self) -> list[Record]:
        self.journal.sync()
        return list(read_journal(self.path))


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_far_slower_for_a_while_is_measured_told_and_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path / "journal.jsonl", monkeypatch)
    bench.trains(400, 60)
    bench.trains(250, 60)
    bench.trains(30, PATIENCE_SECONDS - 1)
    bench.trains(400, 60)
    assert bench.measured == 0, "neither a little slower nor a short while"
    bench.trains(30, PATIENCE_SECONDS + 2)
    assert bench.measured == 1
    alert, change = bench.records
    assert isinstance(alert, AlertRecord)
    assert isinstance(change, ControlRecord)
    assert (alert.code, alert.evidence) == ("threads", None)
    assert "far slower: a step takes with 1: 100 ms, 2: 400 ms; it goes on with 1" in alert.message
    assert (change.id, change.args, change.error) == (
        "auto-threads-0",
        {"key": "threads", "value": 1},
        "",
    )
    assert (torch.get_num_threads(), bench.trainer.config.threads) == (1, 1)
    bench.quickest = 2
    bench.trains(400, AGAIN_SECONDS + 5)
    assert torch.get_num_threads() == 2, "what made it necessary was over"
    bench.quickest = 1
    bench.trains(400, AGAIN_SECONDS + 5)
    bench.trains(30, PATIENCE_SECONDS + 2)
    assert torch.get_num_threads() == 1


def test_where_nothing_is_quicker_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path / "journal.jsonl", monkeypatch)
    bench.quickest = 2
    bench.trains(400, 60)
    bench.trains(30, 200)
    assert (bench.measured, bench.records) == (1, [])


@pytest.mark.parametrize("who", ["typed", "asked", "began typed", "to come"])
def test_what_the_user_said_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    pending = [PendingChange("auto-threads-5", 5, {"key": "threads", "value": 1})]
    bench = Bench(
        tmp_path / "journal.jsonl",
        monkeypatch,
        threads=2 if who == "typed" else 0,
        pending=pending if who == "to come" else (),
    )
    if who == "asked":
        bench.changes.make("one", "threads", 2)
    if who == "began typed":
        bench.watch.remember([StartRecord(step=0, config={"threads": 2})])
    bench.trains(400, 60)
    bench.trains(30, 60)
    assert bench.measured == 0


def test_what_the_worker_before_chose_is_open_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Bench(tmp_path / "journal.jsonl", monkeypatch)
    first.trains(400, 60)
    first.trains(30, 60)
    history = [StartRecord(step=0, config={"threads": 0}), *first.records]
    second = Bench(tmp_path / "again.jsonl", monkeypatch, threads=1)
    second.watch.remember(history)
    second.quickest = 2
    second.trains(400, 60)
    second.trains(30, 60)
    assert second.trainer.config.threads == 2
