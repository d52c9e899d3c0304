"""A long journal is read in parts, each record once, whatever lies between them."""

from pathlib import Path

import pytest

from ganterm.runs.journal import JournalTail, JournalWriter, read_journal
from tests.records import record as record_of


def write_steps(path: Path, steps: range) -> None:
    with JournalWriter(path, clock=lambda: 1.0) as writer:
        for step in steps:
            writer.write(record_of("metrics", step))


@pytest.mark.parametrize("limit", [1, 3, 10, 100])
def test_the_parts_together_are_the_whole(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(10))
    with path.open("ab") as file:
        file.write(b"damaged\n" * 3)
    write_steps(path, range(10, 20))
    tail = JournalTail(path)
    parts = []
    while part := tail.poll(limit):
        parts.append(part)
    assert all(len(part) == limit for part in parts[:-1])
    assert [record for part in parts for record in part] == read_journal(path)
    assert tail.damaged == 3
    write_steps(path, range(20, 21))
    assert [record.step for record in tail.poll(limit)] == [20]
