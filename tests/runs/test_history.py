"""The history in force leaves out the steps that were done and then lost."""

import math
import threading
from typing import Any

import pytest

from ganterm.core.records import ControlRecord, PendingChange, Record, ResumeRecord, StartRecord
from ganterm.runs.history import MAX_SERIES, RunHistory, StepRate, effective
from tests.records import record, start


def history(*entries: tuple[str, int]) -> list[Record]:
    return [record(kind, step, number) for number, (kind, step) in enumerate(entries)]


def test_a_resume_drops_what_lay_beyond_it() -> None:
    records = history(
        ("start", 0), ("metrics", 5), ("checkpoint", 10), ("metrics", 15), ("resume", 10)
    )
    assert effective(records) == [*records[:3], records[4]]


def test_what_was_done_again_stays_and_what_was_lost_twice_goes() -> None:
    records = history(
        ("start", 0),
        ("checkpoint", 10),
        ("checkpoint", 20),
        ("metrics", 25),
        ("resume", 20),
        ("metrics", 25),
        ("control", 26),
        ("resume", 10),
        ("metrics", 12),
        ("end", 12),
    )
    assert [each.time for each in effective(records)] == [0, 1, 7, 8, 9]


def test_a_record_of_an_earlier_step_written_late_stays() -> None:
    records = history(("start", 0), ("metrics", 30), ("judged", 10), ("resume", 20))
    assert [each.kind for each in effective(records)] == ["start", "judged", "resume"]


def test_without_a_resume_everything_is_in_force() -> None:
    records = history(("start", 0), ("metrics", 3), ("end", 3))
    assert effective(records) == records
    assert effective([]) == []


def test_a_change_made_again_at_the_very_step_counts_once() -> None:
    """It came after the checkpoint of its step, which the worker resumes from."""
    begun = StartRecord(step=0)
    resume = ResumeRecord(step=10, pending=[PendingChange("made", 10, {})])
    first, seen, again = (
        ControlRecord(step=10, id=name, time=at) for at, name in enumerate(("made", "seen", "made"))
    )
    assert effective([begun, first, seen, resume, again]) == [begun, seen, resume, again]


def test_a_resume_takes_back_what_came_after_its_step() -> None:
    """Metrics and epochs beyond a resume's step are no part of the history in force."""
    history = RunHistory()
    history.add(record("start", 0, steps=100, epochs=4))
    for step in (10, 20, 30):
        history.add(record("metrics", step, d_loss=step / 10))
    history.add(record("epoch", 25, epoch=1))
    history.add(record("resume", 20, steps=100, epochs=4))
    assert list(history.series["d_loss"].values) == [1.0, 2.0]
    assert history.epochs_done == 0
    assert (history.last_step, history.reached) == (20, 20)


def test_remaining_time_follows_the_recent_pace() -> None:
    """With 10 steps a second and 60 steps to go, 6 seconds are left."""
    history = RunHistory()
    history.add(record("start", 0, steps=100))
    for step in range(10, 50, 10):
        history.add(record("metrics", step, time=step / 10))
    assert history.seconds_left == pytest.approx(6.0)


def test_there_is_no_remaining_time_before_there_is_a_pace() -> None:
    """A run that has only begun promises nothing."""
    history = RunHistory()
    history.add(record("start", 0, steps=100))
    assert history.seconds_left is None


def test_a_pause_does_not_count_as_pace() -> None:
    """After a pause the remaining time is estimated from the steps since."""
    history = RunHistory()
    history.add(record("start", 0, steps=100))
    history.add(record("metrics", 10, time=1.0))
    history.add(record("control", 10, time=2.0, name="pause", args={}, error=""))
    history.add(record("metrics", 20, time=1000.0))
    history.add(record("metrics", 30, time=1001.0))
    assert history.seconds_left == pytest.approx(7.0)


def test_a_loss_that_was_not_finite_is_nan_in_its_series() -> None:
    """The journal writes null for NaN; a curve needs a number back."""
    history = RunHistory()
    history.add(record("metrics", 10, d_loss=None))
    assert math.isnan(history.series["d_loss"].values[0])
    assert history.latest("d_loss") is None


def test_a_new_life_of_the_run_forgets_its_end() -> None:
    """A resumed run has not ended, whatever its journal said before."""
    history = RunHistory()
    history.add(record("end", 10, reason="stopped", message="", exit_code=0))
    assert history.end is not None
    history.add(record("resume", 10, steps=100))
    assert history.end is None


@pytest.mark.parametrize(
    ("precision", "place"), [("float32", "cpu"), ("bfloat16", "cpu in bfloat16"), (None, "cpu")]
)
def test_the_place_names_an_unusual_number_format(precision: str | None, place: str) -> None:
    """Journals of other origin may not have it."""
    config = {} if precision is None else {"precision": precision}
    history = RunHistory()
    history.add(record("start", 0, device="cpu", config=config))
    assert history.place == place


def test_what_a_resume_voids_is_not_shown_again() -> None:
    """With samples of 1,000 and 1,500 and a resume at 1,000, the newest is that of 1,000."""
    history = RunHistory()
    history.add(record("start", 0, steps=2000))
    for step in (1000, 1500):
        history.add(
            record("metrics", step, d_loss=1.0),
            record("sample", step, path=f"{step}.png"),
            record("checkpoint", step, path=f"{step}.safetensors"),
            record("judged", step, fid=float(step), judge="a", n=10),
            record("epoch", step, epoch=step // 500, d_loss=1.0),
        )
    history.add(record("alert", 1500, code="stall", message="x", evidence={}))
    assert history.standing
    history.add(record("resume", 1000, steps=2000, checkpoint="1000.safetensors"))
    for found in (history.drawn, history.saved, history.judged):
        assert [each.step for each in found] == [1000]
    assert [*history.standing, *history.alerts] == []
    assert (history.epochs_done, history.last_step, history.scores("fid")) == (2, 1000, [1000.0])


def test_grids_stand_by_step_and_lie_within_the_run() -> None:
    history = RunHistory()
    paths = {10: "a.png", 30: "b.png", 20: "c.png", 40: "/etc/passwd", 50: "../x.png"}
    history.add(*(record("sample", step, path=path) for step, path in paths.items()))
    assert [each.path for each in history.drawn] == ["a.png", "c.png", "b.png"]
    history.add(record("sample", 20, path="again.png"))
    assert [each.path for each in history.drawn] == ["a.png", "again.png", "b.png"]


def test_only_the_last_seconds_count() -> None:
    rate = StepRate(span=10.0)
    for time, step in ((0.0, 0), (100.0, 1000), (105.0, 1010), (110.0, 1020)):
        rate.add([time], [step])
    assert rate.steps_per_second == 2.0


@pytest.mark.parametrize("second", [(5.0, 20), (7.0, 10), (3.0, 20), (7.0, 5)])
def test_a_clock_or_a_run_that_stands_still_or_goes_back_has_no_pace(
    second: tuple[float, int],
) -> None:
    rate = StepRate()
    rate.add([5.0], [10])
    assert rate.steps_per_second is None
    time, step = second
    rate.add([time], [step])
    assert rate.steps_per_second is None


def told(history: RunHistory) -> tuple[object, ...]:
    """Return all that a history says, as plain values."""
    series = [
        (name, [*points.values], points.extent, points.latest, points.window(0, 400, 3))
        for quantities in (history.series, history.epoch_series)
        for name, points in quantities.items()
    ]
    entries = (history.drawn, history.saved, history.alerts, history.standing, history.judged)
    return (
        repr(series),
        [[*each] for each in entries],
        (history.settings, history.steps, history.last_step, history.reached, history.end),
        (history.epochs_done, history.seconds, history.seconds_left),
    )


def life(first: int, last: int) -> list[Record]:
    """Return the records of a worker that goes on at a step and trains until another."""
    begun = record("resume", first, float(first), config={"lr_g": 1.0}, steps=400)
    return [
        begun,
        *(
            each
            for step in range(first + 1, last + 1)
            for each in (
                record("metrics", step, float(step), d_loss=None if step % 7 == 0 else step / 3),
                record("sample", step, float(step), path=f"{step}.png"),
                record("checkpoint", step, float(step), path=f"{step}.safetensors"),
                record("epoch", step, float(step), epoch=step, g_loss=1.0),
                record("alert", step, float(step), code="stall", message="x", evidence={}),
                record("control", step, id="a", name="set", args={"key": "lr_g", "value": step}),
                record("judged", step, fid=1.0, judge="a", n=10),
            )
        ),
    ]


def test_what_was_published_never_changes_while_a_thread_goes_on() -> None:
    """It grows, is taken back and grows anew, and every snapshot stays what it was at first."""
    lives = ((0, 150), (60, 90), (90, 200), (10, 120))
    records = [each for first, last in lives for each in life(first, last)]
    history = RunHistory()
    published: list[RunHistory] = []
    seen: list[tuple[RunHistory, tuple[object, ...]]] = []

    def work() -> None:
        for each in records:
            history.add(each)
            published.append(history.published())

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        if published:
            seen.append((published[-1], told(published[-1])))
    worker.join()
    seen += [(each, told(each)) for each in published[:: len(published) // 20]]
    again = RunHistory()
    again.add(*records)
    assert told(published[-1]) == told(again)
    for snapshot, before in seen:
        assert told(snapshot) == before


def test_to_add_a_little_copies_nothing() -> None:
    """A snapshot and the next one have the same storage."""
    history = RunHistory()
    history.add(*(record("metrics", step, d_loss=1.0) for step in range(1000)))
    before = history.published().series["d_loss"]
    history.add(record("metrics", 1000, d_loss=2.0))
    assert history.series["d_loss"]._storage is before._storage
    assert (len(before), len(history.series["d_loss"])) == (1000, 1001)


def history_of(*records: Record) -> RunHistory:
    found = RunHistory()
    found.add(*records)
    return found


def values(history: RunHistory, name: str) -> list[float | None]:
    """Return the values of a quantity, None where one is broken."""
    return [None if math.isnan(value) else value for value in history.series[name].values]


def test_every_quantity_of_the_metrics_becomes_a_series() -> None:
    history = history_of(
        record("metrics", 10, d_loss=1.5, epoch=0),
        record("metrics", 20, d_loss=None, penalty=3.0, epoch=1),
        record("metrics", 30, d_loss=0.5, epoch=2),
    )
    assert set(history.series) == {"d_loss", "penalty", "epoch"}
    assert values(history, "d_loss") == [1.5, None, 0.5]
    assert values(history, "penalty") == [3.0]
    assert values(history, "epoch") == [0, 1, 2]
    assert history.last_step == 30


def test_epochs_have_series_of_their_own() -> None:
    history = history_of(
        record("epoch", 50, epoch=1, d_loss=0.25), record("metrics", 10, d_loss=1.0)
    )
    assert history.epoch_series["d_loss"].nearest(0) == (50, 0.25)
    assert history.series["d_loss"].nearest(0) == (10, 1.0)


def test_what_is_no_number_is_no_quantity() -> None:
    history = history_of(
        record("metrics", 1, a="x", b=[1], c={"d": 1}, e=10**400, f=True, g=2),
        record("metrics", 2, a=1.0, b=None, e=3.0, f=1.0, g=3),
    )
    assert set(history.series) == {"a", "b", "e", "f", "g"}
    assert values(history, "a") == [1.0]
    assert values(history, "b") == [None]
    assert values(history, "e") == [None, 3.0]
    assert values(history, "g") == [2.0, 3.0]


def test_a_journal_that_names_endless_quantities_does_not_fill_the_memory() -> None:
    history = history_of(*(record("metrics", n, **{f"x{n}": 1.0}) for n in range(2 * MAX_SERIES)))
    assert len(history.series) == MAX_SERIES


def test_metrics_before_a_resume_are_in_before_it_takes_back() -> None:
    """Also where all of it comes in one part."""
    history = history_of(
        start(),
        record("metrics", 10, d_loss=1.0),
        record("metrics", 30, d_loss=9.0),
        record("resume", 10, steps=100),
        record("metrics", 30, d_loss=3.0),
    )
    assert values(history, "d_loss") == [1.0, 3.0]


def test_the_remaining_time_of_a_long_journal_is_that_of_its_end() -> None:
    slow = [record("metrics", n, 100.0 * n, a=1.0) for n in range(40)]
    fast = [record("metrics", 40 + n, 4000.0 + n, a=1.0) for n in range(11)]
    assert history_of(start(), *slow, *fast).seconds_left == pytest.approx(50.0)


def test_the_latest_value_is_none_where_it_is_not_a_number() -> None:
    history = history_of(record("metrics", 1, a=1.0), record("metrics", 2, b=None))
    assert history.latest("a") == 1.0
    assert history.latest("b") is None
    assert history.latest("c") is None
    newest = history.series["b"].latest
    assert newest is not None
    assert math.isnan(newest)


def test_a_trouble_whose_end_is_taken_back_stands_again() -> None:
    """What was over only after the step a run goes on from is not over."""
    said: dict[str, Any] = {"code": "stall", "message": "x", "remedy": "", "evidence": {}}
    history = history_of(start(), record("alert", 10, **said), record("metrics", 30, d_loss=1.0))
    assert [each.step for each in history.standing] == [10]
    history.add(record("alert", 30, **said, cleared=True))
    assert not history.standing
    history.add(record("resume", 20, config={}, steps=100))
    assert [each.step for each in history.standing] == [10]


def test_only_what_the_doctor_says_stands() -> None:
    """An alert without evidence is a word on the moment, and nothing ever clears it."""
    assert not history_of(start(), record("alert", 5, code="x", message="slow disk")).standing
