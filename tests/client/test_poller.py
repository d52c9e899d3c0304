"""The poller: everything is read in one place, and nobody has to keep up with it."""

from __future__ import annotations

import threading
from pathlib import Path

from ganterm.client.poller import Poller
from ganterm.runs.journal import JournalWriter
from tests.records import record as record_of
from tests.tui.driving import write_run


class Bell:
    """Counts how often it is rung."""

    def __init__(self) -> None:
        self.rung = 0
        self.heard = threading.Event()

    def __call__(self) -> None:
        self.rung += 1
        self.heard.set()


def test_news_come_once(tmp_path: Path) -> None:
    """What was taken is not told again; what is new is."""
    run = write_run(tmp_path, "one")
    bell = Bell()
    poller = Poller(tmp_path, interval=0.1, wake=bell)
    poller.poll()
    news = poller.take()
    assert [each.name for each in news.runs or []] == ["one"]
    assert news.changes == {}
    poller.watch(run)
    poller.poll()
    assert set(poller.take().changes) == {"one"}
    poller.poll()
    assert poller.take().changes == {}
    with JournalWriter(run.journal) as journal:
        journal.write(record_of("metrics", 500, g_loss=1.0))
    poller.poll()
    assert poller.take().changes["one"].metrics


def test_what_was_not_taken_is_laid_together(tmp_path: Path) -> None:
    """A screen that stalls is woken once and finds everything in one piece."""
    run = write_run(tmp_path, "one")
    bell = Bell()
    poller = Poller(tmp_path, interval=0.1, wake=bell)
    poller.watch(run)
    poller.poll()
    poller.take()
    before = bell.rung
    for kind, fields in (("metrics", {"g_loss": 1.0}), ("alert", {"message": "hm"})):
        with JournalWriter(run.journal) as journal:
            journal.write(record_of(kind, 500, **fields))
        poller.poll()
    assert bell.rung == before + 1
    change = poller.take().changes["one"]
    assert change.metrics
    assert change.marks
    assert [record.kind for record in change.records] == ["alert"]


def test_runs_no_longer_watched_are_forgotten(tmp_path: Path) -> None:
    """Their histories leave the memory at once, and come again when asked for."""
    one, two = write_run(tmp_path, "one"), write_run(tmp_path, "two")
    poller = Poller(tmp_path, interval=0.1, wake=Bell())
    poller.watch(one, two)
    poller.poll()
    assert set(poller.feeds) == {"one", "two"}
    feed = poller.feeds["two"]
    poller.watch(two)
    assert set(poller.feeds) == {"two"}
    poller.poll()
    assert poller.feeds["two"].series is feed.series
    poller.watch(one)
    poller.poll()
    assert set(poller.take().changes) >= {"one"}


def test_a_run_of_the_same_name_elsewhere_is_another(tmp_path: Path) -> None:
    """A feed belongs to a directory, not to a name."""
    here, there = write_run(tmp_path / "a", "one"), write_run(tmp_path / "b", "one", steps=8)
    poller = Poller(tmp_path, interval=0.1, wake=Bell())
    poller.watch(here)
    poller.poll()
    poller.watch(there)
    assert poller.feeds == {}
    poller.poll()
    assert poller.feeds["one"].steps == 8


def test_the_thread_reads_and_ends(tmp_path: Path) -> None:
    """Started, it tells of what it finds by itself, sooner when hurried; stopped, it ends."""
    bell = Bell()
    poller = Poller(tmp_path, interval=1000.0, wake=bell)
    poller.start()
    assert bell.heard.wait(30)
    poller.take()
    bell.heard.clear()
    write_run(tmp_path, "one")
    poller.hurry()
    assert bell.heard.wait(30)
    poller.stop()
    assert poller._thread is not None
    poller._thread.join(30)
    assert not poller._thread.is_alive()
