"""A feed knows everything of a run as soon as the run says it, and what was new at each look."""

import os
from pathlib import Path

import pytest

from ganterm.client import feed as runfeed
from ganterm.client.feed import LOOK_SECONDS, FeedChange, FeedReader, RunFeed, StepFile
from ganterm.core.records import Record
from ganterm.render.chart import Mark
from ganterm.runs import journal as journals
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.live import LiveChange
from ganterm.runs.state import RunView, observe
from ganterm.runs.status import Status, write_status
from tests.records import change, make_run, record, start, write
from tests.records import record as record_of
from tests.runs.helpers import LockHolder


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def state_of(reader: FeedReader) -> str:
    return reader.feed.view.state


def pace_of(feed: RunFeed) -> tuple[int, float | None, float | None]:
    return feed.step, feed.images_per_s, feed.eta_seconds


def followed(path: Path, *records: Record) -> FeedReader:
    """Return a reader of a feed that has seen `records`."""
    reader = FeedReader(make_run(path, *records))
    reader.refresh()
    return reader


def test_the_first_look_takes_in_the_whole_past_without_telling_it(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "a",
        start(),
        change(5, "lr_g", 0.2),
        record("metrics", 10, d_loss=1.0),
        record("sample", 10, path="samples/x.png"),
        record("end", 10, reason="finished", message="", exit_code=0),
    )
    reader = FeedReader(run)
    found = reader.refresh()
    assert found == FeedChange(metrics=True, samples=1, marks=True, settings=True, state=True)
    assert reader.feed.view.state == "finished"
    assert (reader.feed.step, reader.feed.steps, reader.feed.config["lr_g"]) == (10, 100, 0.2)
    assert reader.feed.series["d_loss"].latest == 1.0


def test_a_look_at_what_did_not_change_brings_nothing(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start(), record("metrics", 10, d_loss=1.0))
    found = reader.refresh()
    assert not found
    assert found == FeedChange()


def test_what_is_added_is_told(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start())
    write(reader.feed.run, record("metrics", 10, d_loss=1.0))
    assert reader.refresh() == FeedChange(metrics=True)
    write(reader.feed.run, record("sample", 10, path="a.png"), record("sample", 20, path="b.png"))
    assert reader.refresh() == FeedChange(samples=2)
    refused = change(20, "lr_g", -1, error="it is below 0")
    write(reader.feed.run, refused)
    found = reader.refresh()
    assert found.records == (refused,)
    assert not found.settings
    write(
        reader.feed.run,
        record("checkpoint", 20, path="c.safetensors"),
        record("metrics", 30, a=1.0),
    )
    found = reader.refresh()
    assert (found.metrics, found.marks, len(found.records)) == (True, True, 1)


def test_changes_of_several_looks_are_laid_together() -> None:
    first = FeedChange(metrics=True, samples=1, records=(record("alert", 1),))
    second = FeedChange(samples=2, state=True, records=(record("end", 2),))
    assert first.then(second) == FeedChange(
        metrics=True, samples=3, state=True, records=(record("alert", 1), record("end", 2))
    )
    assert not FeedChange().then(FeedChange())


def test_a_resume_is_told_as_a_rewind(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start(), record("metrics", 30, d_loss=1.0))
    write(reader.feed.run, record("resume", 20, steps=100))
    found = reader.refresh()
    assert found.rewound
    assert len(reader.feed.series["d_loss"]) == 0


def test_a_journal_that_is_another_one_is_read_from_nothing(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start(), record("metrics", 30, d_loss=1.0))
    reader.feed.run.journal.unlink()
    write(reader.feed.run, start(steps=5), record("metrics", 1, g_loss=2.0))
    found = reader.refresh()
    assert found.rewound
    assert set(reader.feed.series) == {"g_loss"}
    assert (reader.feed.steps, reader.feed.last_step) == (5, 1)


def test_a_long_journal_is_taken_in_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none of them is told of: all of it is the past."""
    monkeypatch.setattr(journals, "MAX_LINE", 300)
    reader = followed(tmp_path / "a", start(), *(record("metrics", n, x=1.0) for n in range(30)))
    assert len(reader.feed.series["x"]) == 30
    assert not reader.refresh()


def test_a_worker_at_work_is_seen_and_its_pace_told(tmp_path: Path) -> None:
    clock = Clock()
    run = make_run(tmp_path / "a", start())
    reader = FeedReader(run, clock=clock)
    assert state_of(reader) == "crashed"
    with LockHolder(run.lock) as worker:
        told = Status(state="running", step=12, steps=100, images_per_s=640.0, pid=worker.pid)
        write_status(run.status, told)
        found = reader.refresh()
        assert found.state
        assert state_of(reader) == "running"
        assert pace_of(reader.feed) == (12, 640.0, None)
        write(run, record("metrics", 20, 10.0, images_per_s=500.0))
        write(run, record("metrics", 30, 11.0, images_per_s=700.0))
        assert reader.refresh() == FeedChange(metrics=True)
        assert pace_of(reader.feed) == (30, 700.0, 7.0)
        worker.kill()
        clock.now += LOOK_SECONDS
        assert reader.refresh().state
        assert state_of(reader) == "crashed"


def test_a_run_that_is_not_training_has_no_pace(tmp_path: Path) -> None:
    reader = followed(
        tmp_path / "a",
        start(),
        *(record("metrics", n * 10, float(n), images_per_s=9.0) for n in range(1, 4)),
        record("end", 30, 4.0, reason="stopped", message="", exit_code=0),
    )
    assert reader.feed.view.state == "stopped"
    assert reader.feed.images_per_s is None
    assert reader.feed.eta_seconds is None


def test_the_state_is_looked_at_when_its_status_changes_and_every_half_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[RunDir] = []

    def counting(run: RunDir) -> RunView:
        looks.append(run)
        return observe(run)

    monkeypatch.setattr(runfeed, "observed", counting)
    clock = Clock()
    run = make_run(tmp_path / "a", start())
    reader = FeedReader(run, clock=clock)
    reader.refresh()
    looks.clear()
    reader.refresh()
    assert not looks
    write_status(run.status, Status(state="running", step=1, steps=100))
    reader.refresh()
    assert len(looks) == 1
    reader.refresh()
    assert len(looks) == 1
    clock.now += LOOK_SECONDS
    reader.refresh()
    assert len(looks) == 2


def test_a_long_history_that_nobody_waits_for_any_more_is_read_no_further(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", start())
    line = '{"v":1,"kind":"metrics","step":%d,"time":1.5,"d_loss":0.5}\n'
    with run.journal.open("a") as file:
        file.write("".join(line % step for step in range(1, 40_000)))
    reader = FeedReader(run)
    reader.refresh(lambda: False)
    assert 0 < reader.share < 1
    assert reader.feed.last_step < 39_999
    reader.refresh()
    assert (reader.share, reader.feed.last_step) == (1, 39_999)


def test_the_last_lines_of_the_log_are_there(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start())
    assert not reader.feed.log
    reader.feed.run.log.write_text("".join(f"line {n}\n" for n in range(50)))
    assert reader.refresh().log
    assert reader.feed.log[-1] == "line 49"
    assert len(reader.feed.log) == 20
    assert not reader.refresh().log


def test_a_run_without_a_journal_is_new_until_there_is_one(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "a")
    run.path.mkdir()
    reader = FeedReader(run)
    assert reader.refresh() == FeedChange(state=True)
    assert reader.feed.view.state == "new"
    with JournalWriter(run.journal) as writer:
        writer.write(record_of("start", 0, config={}, steps=9))
    assert reader.refresh().settings
    assert reader.feed.steps == 9


def test_a_run_that_was_deleted_raises_nothing(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start(), record("metrics", 1, x=1.0))
    reader.feed.run.journal.unlink()
    reader.feed.run.path.rmdir()
    reader.refresh()
    assert reader.feed.trouble == ""


def test_a_journal_that_cannot_be_read_is_trouble_in_words(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start())
    reader.feed.run.journal.unlink()
    os.mkfifo(reader.feed.run.journal)
    assert reader.refresh().state
    assert reader.feed.trouble == "the journal cannot be read: Not a regular file"
    assert not reader.refresh()
    reader.feed.run.journal.unlink()
    write(reader.feed.run, start())
    assert reader.refresh()
    assert reader.feed.trouble == ""


def test_lines_that_are_no_records_are_counted(tmp_path: Path) -> None:
    reader = followed(tmp_path / "a", start())
    with reader.feed.run.journal.open("ab") as journal:
        journal.write(b"junk\n{}\n")
    assert not reader.refresh()
    assert reader.feed.damaged == 2


RUN = RunDir(Path("runs/a"))


def feed_of(*records: Record) -> RunFeed:
    feed = RunFeed(RUN)
    feed.add(*records)
    return feed


def brought(feed: RunFeed, *records: Record) -> FeedChange:
    """Return what the records are that a feed takes in after all others."""
    feed.news()
    feed.add(*records)
    return feed.news()


def values(feed: RunFeed, name: str) -> list[float | None]:
    """Return the values of a quantity, None where one is broken."""
    series = feed.series[name]
    first, last = series.extent or (0, 0)
    bins = series.window(first, last, last - first + 1)
    return [each.mean if each.points else None for each in bins if each]


def test_a_start_says_what_the_run_is_to_be() -> None:
    feed = feed_of(start(config={"lr_g": 0.1, "loss": "hinge"}, epochs=7))
    assert feed.config == feed.start_config == {"lr_g": 0.1, "loss": "hinge"}
    assert (feed.steps, feed.epochs, feed.device, feed.host) == (100, 7, "cpu", "here")


def test_samples_and_checkpoints_lie_within_the_run() -> None:
    feed = feed_of(
        record("sample", 10, path="samples/step-00000010.png"),
        record("checkpoint", 10, path="checkpoints/step-00000010.safetensors"),
        record("sample", 20, path="/etc/passwd"),
        record("sample", 20, path="../../secret.png"),
        record("sample", 20, path=""),
        record("sample", 20, path="a\0b"),
    )
    assert feed.samples == [StepFile(10, RUN.path / "samples/step-00000010.png")]
    checkpoint = RUN.path / "checkpoints/step-00000010.safetensors"
    assert feed.checkpoints == [StepFile(10, checkpoint)]


def test_a_live_change_is_in_force_and_can_be_undone_to_what_was_before() -> None:
    feed = feed_of(start(), change(10, "lr_g", 0.2), change(20, "lr_g", 0.3))
    assert feed.config == {"lr_g": 0.3}
    assert feed.start_config == {"lr_g": 0.1}
    assert [*feed.changes] == [
        LiveChange(10, "lr_g", 0.1, 0.2), LiveChange(20, "lr_g", 0.2, 0.3)
    ]  # fmt: skip
    assert feed.marks == [
        Mark(10, "control", "lr_g: 0.1 to 0.2"), Mark(20, "control", "lr_g: 0.2 to 0.3")
    ]  # fmt: skip


def test_a_change_that_was_refused_changes_nothing() -> None:
    feed = feed_of(start(), change(10, "lr_g", -1, error="it is below 0"))
    assert feed.config == {"lr_g": 0.1}
    assert not feed.changes
    assert not feed.marks
    assert [(each.step, each.notice.words) for each in feed.entries] == [
        (10, "lr_g to -1 was refused: it is below 0")
    ]


def test_a_resume_takes_refusals_back_as_well() -> None:
    feed = feed_of(start(), change(10, "lr_g", -1, error="no"), record("metrics", 20, d_loss=1.0))
    feed.add(record("resume", 5, config={"lr_g": 0.1}, steps=100))
    assert [each.notice.words for each in feed.entries] == ["resumed"]


def test_alerts_pauses_and_checkpoints_are_marked() -> None:
    feed = feed_of(
        record("alert", 5, code="x", message="trouble", remedy="rest"),
        record("control", 6, name="pause", args={}, error=""),
        record("control", 6, name="resume", args={}, error=""),
        record("control", 6, name="sample", args={}, error=""),
        record("checkpoint", 7, path="c.safetensors"),
    )
    assert [(mark.step, mark.kind, mark.text) for mark in feed.marks] == [
        (5, "alert", "trouble"),
        (6, "control", "paused"),
        (6, "control", "went on"),
        (7, "checkpoint", "checkpoint"),
    ]
    assert [(each.step, each.notice.words, each.notice.helps) for each in feed.entries] == [
        (5, "note: trouble", "rest"),
        (6, "paused", ""),
        (6, "went on", ""),
        (7, "checkpoint", ""),
    ]


def test_a_resume_takes_back_all_that_came_after_its_step() -> None:
    feed = RunFeed(RUN)
    feed.add(
        start(),
        change(5, "lr_g", 0.2),
        *(
            entry
            for step in (10, 20, 30)
            for entry in (
                record("metrics", step, d_loss=step / 10),
                record("epoch", step, epoch=1, d_loss=step / 10),
                record("sample", step, path=f"{step}.png"),
                record("checkpoint", step, path=f"{step}.safetensors"),
                record("alert", step, message="x"),
                record("judged", step, fid=1.0),
            )
        ),
        change(25, "lr_g", 0.9),
        record("end", 30, reason="stopped"),
    )
    ended = feed.end
    assert ended is not None
    found = brought(
        feed, record("resume", 20, config={"lr_g": 0.2}, steps=400, controls=1, device="cuda:0")
    )
    assert found.rewound
    assert values(feed, "d_loss") == [1.0, 2.0]
    assert feed.epoch_series["d_loss"].extent == (10, 20)
    for kept in (feed.samples, feed.checkpoints):
        assert [each.step for each in kept] == [10, 20]
    assert max(each.step for each in feed.entries) == 20
    assert [each.step for each in feed.judged] == [10, 20]
    assert feed.changes == (LiveChange(5, "lr_g", 0.1, 0.2),)
    assert feed.marks[-1] == Mark(20, "resume", "resumed")
    assert max(mark.step for mark in feed.marks) == 20
    assert feed.config == {"lr_g": 0.2}
    assert (feed.steps, feed.device) == (400, "cuda:0")
    assert feed.latest("d_loss") == 2.0
    assert feed.end is None
    assert feed.last_step == 20


def test_a_branch_says_where_it_comes_from() -> None:
    """Also after it was taken up again."""
    first = record("start", 40, config={"lr_g": 0.1}, steps=100, parent="one@40")
    feed = feed_of(first, record("resume", 40, config={"lr_g": 0.1}, controls=0))
    assert feed.parent == "one@40"
    assert [mark.text for mark in feed.marks] == ["on from one@40", "resumed"]
    assert feed_of(start()).parent == ""


def test_a_resume_that_loses_nothing_is_no_rewind() -> None:
    feed = feed_of(start(), record("metrics", 20, d_loss=1.0))
    assert not brought(feed, record("resume", 20, steps=100)).rewound
    assert feed.config == {"lr_g": 0.1}


def test_records_that_say_nothing_are_passed_over() -> None:
    feed = feed_of(
        record("start", 0),
        record("resume", 0),
        record("control", 1, name="set", args={"key": 3}),
        record("control", 1),
        record("alert", 1),
        record("sample", 1),
        record("checkpoint", 1),
        record("epoch", 1, epoch=1),
        record("judged", 1),
        record("from-the-future", 1),
        record("end", 1),
    )
    assert feed.steps == 0
    assert feed.epochs is None
    assert feed.config == {}
