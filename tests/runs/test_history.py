"""The history in force leaves out the steps that were done and then lost."""

from ganterm.core.records import ControlRecord, PendingChange, Record, ResumeRecord, StartRecord
from ganterm.runs.journal import effective
from tests.records import record


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
    start = StartRecord(step=0)
    resume = ResumeRecord(step=10, pending=[PendingChange("made", 10, {})])
    first, seen, again = (
        ControlRecord(step=10, id=name, time=at) for at, name in enumerate(("made", "seen", "made"))
    )
    assert effective([start, first, seen, resume, again]) == [start, seen, resume, again]
