"""Judgements of a run while it trains: asked of a process of its own, so that no step waits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ganterm.comparison import LESS_IS_BETTER
from ganterm.runs.child import Child
from ganterm.runs.layout import RunDir
from ganterm.runs.records import Record

MODULE: Final = "ganterm.worker.judge"


@dataclass(frozen=True)
class Answer:
    """What became of a request: the fields of a `judged` record, or why there are none."""

    step: int
    fields: dict[str, Any]
    error: str = ""


class Judging:
    """Has checkpoints judged one at a time; the process that does it starts at the first."""

    def __init__(self, run: RunDir) -> None:
        self._run = run
        self._child: Child | None = None
        self._asked: tuple[int, Path] | None = None
        self._next: tuple[int, Path, int] | None = None

    @property
    def under_way(self) -> bool:
        """Whether a judgement is yet to come."""
        return self._asked is not None

    @property
    def in_use(self) -> Iterator[Path]:
        """Yield the checkpoints that are being judged, or are next, and must stay for it."""
        for request in (self._asked, self._next):
            if request is not None:
                yield request[1]

    def ask(self, step: int, checkpoint: Path, images: int) -> None:
        """Have a checkpoint judged; of those that wait for their turn only the newest is."""
        self._next = (step, checkpoint, images)
        self._send()

    def answers(self) -> list[Answer]:
        """Return what has come since the last call, without waiting."""
        if self._child is None or self._asked is None:
            return []
        found = [_answer(each) for each in self._child.poll()]
        if not found and self._child.exit_code is not None:
            words = self._child.last_words() or "it ended without a word"
            found = [Answer(self._asked[0], {}, f"The judge's process died: {words}.")]
            self.close()
        if found:
            self._asked = None
            self._send()
        return found

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._child is not None:
            self._child.close()
        self._child = None
        self._asked = None

    def _send(self) -> None:
        if self._asked is not None or self._next is None:
            return
        step, checkpoint, images = self._next
        self._next = None
        if self._child is None:
            self._child = Child(MODULE)
        self._asked = step, checkpoint
        self._child.send(
            {
                "run": str(self._run.path),
                "step": step,
                "checkpoint": str(checkpoint),
                "images": images,
            }
        )


class Best:
    """The step with the best value of a score, among judgements that can be compared."""

    def __init__(self) -> None:
        self._judged: list[Mapping[str, Any]] = []

    def remember(self, records: Iterable[Record]) -> None:
        """Take the judgements of a run's history into account."""
        self._judged += [record for record in records if record["kind"] == "judged"]

    def see(self, step: int, fields: Mapping[str, Any]) -> None:
        """Take a new judgement into account."""
        self._judged.append({**fields, "step": step})

    def step(self, score: str) -> int | None:
        """Return the best step by `score`, the latest of equals; None if nothing was scored.

        Judgements by the judge and of the number of images of the latest one count.
        """
        scored = [
            record
            for record in self._judged
            if isinstance(record.get(score), (int, float)) and math.isfinite(record[score])
        ]
        if not scored:
            return None
        alike = [record for record in scored if _measure(record) == _measure(scored[-1])]
        sign = -1 if score in LESS_IS_BETTER else 1
        best = max(alike, key=lambda record: (sign * record[score], record["step"]))
        step: int = best["step"]
        return step


def _measure(record: Mapping[str, Any]) -> tuple[Any, Any]:
    return record.get("judge"), record.get("n")


def _answer(line: Mapping[str, Any]) -> Answer:
    return Answer(line["step"], line.get("fields", {}), line.get("error", ""))
