"""A feed knows everything of a run as soon as the run says it, and what was new at each look."""

import os
from pathlib import Path

import pytest

from ganterm.core.records import Record
from ganterm.runs import journal as journals
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.state import RunView, observe
from ganterm.runs.status import Status, write_status
from ganterm.tui.feed import runfeed
from ganterm.tui.feed.change import FeedChange
from ganterm.tui.feed.runfeed import LOOK_SECONDS, RunFeed
from tests.records import change, make_run, record, start, write
from tests.records import record as record_of
from tests.runs.helpers import Child

WORKER = """
import sys
from pathlib import Path
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status, write_status
run = RunDir(Path(sys.argv[1]))
with WorkerLock(run.lock):
    write_status(run.status, Status(state="running", step=12, steps=100, images_per_s=640.0))
    print("running", flush=True)
    sys.stdin.readline()
"""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def state_of(feed: RunFeed) -> str:
    return feed.view.state


def followed(path: Path, *records: Record) -> RunFeed:
    """Return a feed that has seen `records`."""
    feed = RunFeed(make_run(path, *records))
    feed.refresh()
    return feed


def test_the_first_look_takes_in_the_whole_past_without_telling_it(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "a",
        start(),
        change(5, "lr_g", 0.2),
        record("metrics", 10, d_loss=1.0),
        record("sample", 10, path="samples/x.png"),
        record("end", 10, reason="finished", message="", exit_code=0),
    )
    feed = RunFeed(run)
    found = feed.refresh()
    assert found == FeedChange(metrics=True, samples=1, marks=True, settings=True, state=True)
    assert feed.view.state == "finished"
    assert (feed.step, feed.steps, feed.config["lr_g"]) == (10, 100, 0.2)
    assert feed.series["d_loss"].latest == 1.0


def test_a_look_at_what_did_not_change_brings_nothing(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start(), record("metrics", 10, d_loss=1.0))
    found = feed.refresh()
    assert not found
    assert found == FeedChange()


def test_what_is_added_is_told(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start())
    write(feed.run, record("metrics", 10, d_loss=1.0))
    assert feed.refresh() == FeedChange(metrics=True)
    write(feed.run, record("sample", 10, path="a.png"), record("sample", 20, path="b.png"))
    assert feed.refresh() == FeedChange(samples=2)
    refused = change(20, "lr_g", -1, error="it is below 0")
    write(feed.run, refused)
    found = feed.refresh()
    assert found.records == (refused,)
    assert not found.settings
    write(feed.run, record("checkpoint", 20, path="c.safetensors"), record("metrics", 30, a=1.0))
    found = feed.refresh()
    assert (found.metrics, found.marks, len(found.records)) == (True, True, 1)


def test_changes_of_several_looks_are_laid_together() -> None:
    first = FeedChange(metrics=True, samples=1, records=(record("alert", 1),))
    second = FeedChange(samples=2, state=True, records=(record("end", 2),))
    assert first.then(second) == FeedChange(
        metrics=True, samples=3, state=True, records=(record("alert", 1), record("end", 2))
    )
    assert not FeedChange().then(FeedChange())


def test_a_resume_is_told_as_a_rewind(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start(), record("metrics", 30, d_loss=1.0))
    write(feed.run, record("resume", 20, steps=100))
    found = feed.refresh()
    assert found.rewound
    assert len(feed.series["d_loss"]) == 0


def test_a_journal_that_is_another_one_is_read_from_nothing(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start(), record("metrics", 30, d_loss=1.0))
    feed.run.journal.unlink()
    write(feed.run, start(steps=5), record("metrics", 1, g_loss=2.0))
    found = feed.refresh()
    assert found.rewound
    assert set(feed.series) == {"g_loss"}
    assert (feed.steps, feed.last_step) == (5, 1)


def test_a_long_journal_is_taken_in_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    poll = journals.JournalTail.poll

    def counting(tail: journals.JournalTail, limit: int | None = None) -> list[Record]:
        asked.append(limit)
        return poll(tail, limit)

    monkeypatch.setattr(journals.JournalTail, "poll", counting)
    monkeypatch.setattr(runfeed, "_PART", 7)
    feed = followed(tmp_path / "a", start(), *(record("metrics", n, x=1.0) for n in range(30)))
    assert asked == [7] * 6
    assert len(feed.series["x"]) == 30


def test_a_worker_at_work_is_seen_and_its_pace_told(tmp_path: Path) -> None:
    clock = Clock()
    run = make_run(tmp_path / "a", start())
    feed = RunFeed(run, clock=clock)
    assert state_of(feed) == "crashed"
    with Child(WORKER, run.path) as child:
        assert child.hear() == "running"
        found = feed.refresh()
        assert found.state
        assert state_of(feed) == "running"
        assert (feed.step, feed.images_per_s, feed.eta_seconds) == (12, 640.0, None)
        write(run, record("metrics", 20, 10.0, images_per_s=500.0))
        write(run, record("metrics", 30, 11.0, images_per_s=700.0))
        assert feed.refresh() == FeedChange(metrics=True)
        assert (feed.step, feed.images_per_s, feed.eta_seconds) == (30, 700.0, 7.0)
        child.kill()
        clock.now += LOOK_SECONDS
        assert feed.refresh().state
        assert state_of(feed) == "crashed"


def test_a_run_that_is_not_training_has_no_pace(tmp_path: Path) -> None:
    feed = followed(
        tmp_path / "a",
        start(),
        *(record("metrics", n * 10, float(n), images_per_s=9.0) for n in range(1, 4)),
        record("end", 30, 4.0, reason="stopped", message="", exit_code=0),
    )
    assert feed.view.state == "stopped"
    assert feed.images_per_s is None
    assert feed.eta_seconds is None


def test_the_state_is_looked_at_when_its_status_changes_and_every_half_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[RunDir] = []

    def counting(run: RunDir) -> RunView:
        looks.append(run)
        return observe(run)

    monkeypatch.setattr(runfeed, "observe", counting)
    clock = Clock()
    run = make_run(tmp_path / "a", start())
    feed = RunFeed(run, clock=clock)
    feed.refresh()
    looks.clear()
    feed.refresh()
    assert not looks
    write_status(run.status, Status(state="running", step=1, steps=100))
    feed.refresh()
    assert len(looks) == 1
    feed.refresh()
    assert len(looks) == 1
    clock.now += LOOK_SECONDS
    feed.refresh()
    assert len(looks) == 2


def test_the_last_lines_of_the_log_are_there(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start())
    assert feed.log == []
    feed.run.log.write_text("".join(f"line {n}\n" for n in range(50)))
    assert feed.refresh().log
    assert feed.log[-1] == "line 49"
    assert len(feed.log) == 20
    assert not feed.refresh().log


def test_a_run_without_a_journal_is_new_until_there_is_one(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "a")
    run.path.mkdir()
    feed = RunFeed(run)
    assert feed.refresh() == FeedChange(state=True)
    assert feed.view.state == "new"
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0, config={}, steps=9))
    assert feed.refresh().settings
    assert feed.steps == 9


def test_a_run_that_was_deleted_raises_nothing(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start(), record("metrics", 1, x=1.0))
    feed.run.journal.unlink()
    feed.run.path.rmdir()
    feed.refresh()
    assert feed.trouble == ""


def test_a_journal_that_cannot_be_read_is_trouble_in_words(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start())
    feed.run.journal.unlink()
    os.mkfifo(feed.run.journal)
    assert feed.refresh().state
    assert feed.trouble == "the journal cannot be read: Not a regular file"
    assert not feed.refresh()
    feed.run.journal.unlink()
    write(feed.run, start())
    assert feed.refresh()
    assert feed.trouble == ""


def test_lines_that_are_no_records_are_counted(tmp_path: Path) -> None:
    feed = followed(tmp_path / "a", start())
    with feed.run.journal.open("ab") as journal:
        journal.write(b"junk\n{}\n")
    assert not feed.refresh()
    assert feed.damaged == 2
