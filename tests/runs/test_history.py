"""The history in force leaves out the steps that were done and then lost."""

from typing import Any

from ganterm.runs.journal import effective


def history(*entries: tuple[str, int]) -> list[dict[str, Any]]:
    return [
        {"v": 1, "kind": kind, "step": step, "time": number}
        for number, (kind, step) in enumerate(entries)
    ]


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
    assert [record["time"] for record in effective(records)] == [0, 1, 7, 8, 9]


def test_a_record_of_an_earlier_step_written_late_stays() -> None:
    records = history(("start", 0), ("metrics", 30), ("judged", 10), ("resume", 20))
    assert [record["kind"] for record in effective(records)] == ["start", "judged", "resume"]


def test_without_a_resume_everything_is_in_force() -> None:
    records = history(("start", 0), ("metrics", 3), ("end", 3))
    assert effective(records) == records
    assert effective([]) == []


def test_a_change_made_again_at_the_very_step_counts_once() -> None:
    """It came after the checkpoint of its step, which the worker resumes from."""
    start, first, seen, resume, again = history(
        ("start", 0), ("control", 10), ("control", 10), ("resume", 10), ("control", 10)
    )
    seen["id"], first["id"], again["id"] = "seen", "made", "made"
    resume["pending"] = [{"id": "made", "step": 10, "args": {}}]
    assert effective([start, first, seen, resume, again]) == [start, seen, resume, again]


def test_a_resume_that_makes_no_sense_drops_only_what_lay_beyond_it() -> None:
    """A journal may be anybody's."""
    for pending in (None, 7, [3, {"id": []}, {}]):
        start, change, resume = history(("start", 0), ("control", 10), ("resume", 10))
        change["id"], resume["pending"] = "made", pending
        assert effective([start, change, resume]) == [start, change, resume]
