"""Records as a journal gives them, and journals made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganterm.runs.jsontext import dump_line
from ganterm.runs.layout import RunDir
from ganterm.runs.records import Record


def record(kind: str, step: int, /, time: float = 0.0, **fields: Any) -> Record:
    return {"v": 1, "kind": kind, "step": step, "time": time, **fields}


def start(**fields: Any) -> Record:
    known: dict[str, Any] = {"config": {"lr_g": 0.1}, "steps": 100, "epochs": None}
    return record("start", 0, **{**known, "device": "cpu", "host": "here", **fields})


def change(step: int, key: str, value: Any, error: str = "") -> Record:
    args = {"key": key, "value": value}
    return record("control", step, id=f"{step}", name="set", args=args, error=error)


def write(run: RunDir, *records: Record) -> None:
    """Add records to the journal of a run."""
    with run.journal.open("ab") as journal:
        journal.writelines(map(dump_line, records))


def make_run(path: Path, *records: Record) -> RunDir:
    run = RunDir(path)
    run.path.mkdir()
    write(run, *records)
    return run
