"""Records as a journal gives them, journals made of them, and the lines that journals hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ganterm.client.feed import FeedReader, RunFeed
from ganterm.core.codec import decode, encode
from ganterm.core.jsontext import dump_line
from ganterm.core.records import Record
from ganterm.runs.history import effective
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir

Line = dict[str, Any]
"""A line of a journal, as any reader of JSON has it."""


def record(kind: str, step: int, time: float = 0.0, /, **fields: Any) -> Any:
    """Return the record that a line with these fields is."""
    if kind == "judged":
        fields = {"k": {"precision": 3, "recall": 3, "density": 5, "coverage": 5}, **fields}
    found = decode({"v": 1, "kind": kind, "step": step, "time": time, **fields})
    assert found is not None, f"{kind} with {fields} is no record"
    return found


def start(**fields: Any) -> Any:
    known: dict[str, Any] = {"config": {"lr_g": 0.1}, "steps": 100, "epochs": None}
    return record("start", 0, **{**known, "device": "cpu", "host": "here", **fields})


def change(step: int, key: str, value: Any, error: str = "") -> Any:
    args = {"key": key, "value": value}
    return record("control", step, id=f"{step}", name="set", args=args, error=error)


def lines(journal: Path) -> list[Line]:
    """Return what the lines of a journal say, as any reader of JSON reads them."""
    return [json.loads(line) for line in journal.read_bytes().splitlines()]


def write(run: RunDir, *records: Record) -> None:
    """Add records to the journal of a run."""
    with run.journal.open("ab") as journal:
        journal.writelines(dump_line(encode(each)) for each in records)


def make_run(path: Path, *records: Record) -> RunDir:
    run = RunDir(path)
    run.path.mkdir()
    write(run, *records)
    return run


def read_feed(run: RunDir) -> RunFeed:
    """Return what a look at a run tells."""
    reader = FeedReader(run)
    reader.refresh()
    return reader.feed


def in_force(journal: Path) -> list[Line]:
    """Return the lines of a journal that no resume has taken back."""
    return [encode(each) for each in effective(read_journal(journal))]
