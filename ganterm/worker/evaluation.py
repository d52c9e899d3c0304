"""A run's judgements while it trains: asked for, written down, and the best of them kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ganterm.client.rpc import Failure, Helper, Result
from ganterm.components.scores import SCORES
from ganterm.core.codec import judged_record
from ganterm.core.records import WITHOUT_K, AlertRecord, JudgedRecord, Record
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir

MODULE: Final = "ganterm.worker.tasks"
PATIENCE: Final = 3600.0
"""Seconds without a word from the judge, which has the least of a busy machine."""
WAITED_SECONDS: Final = 300.0
"""Longest wait at the end of a run for a judgement that is still under way."""


class Evaluations:
    """Has checkpoints judged in a process of its own, one at a time, so that no step waits.

    Writes `judged` records, its own and other people's, and knows which checkpoint is best.
    """

    def __init__(
        self,
        run: RunDir,
        journal: JournalWriter,
        seen: Callable[[JudgedRecord], object],
    ) -> None:
        """Tell `seen` of each record that was written."""
        self._run = run
        self._journal = journal
        self._seen = seen
        self._helper = Helper(MODULE, name="The judge's process")
        self._under_way: tuple[int, Path] | None = None
        self._next: tuple[int, Path, int] | None = None
        self._best = Best()
        self._complaint = ""

    @property
    def under_way(self) -> bool:
        """Whether a judgement is yet to come."""
        return self._under_way is not None

    def spared(self, keep_best: str) -> set[Path]:
        """Return the checkpoints that must stay: the best by a score, and those being judged."""
        kept = {request[1] for request in (self._under_way, self._next) if request is not None}
        if keep_best != "none" and (step := self._best.step(keep_best)) is not None:
            kept.add(self._run.checkpoint_path(step))
        return kept

    def remember(self, records: Iterable[Record]) -> None:
        """Take the judgements of a run's history into account."""
        self._best.remember(records)

    def ask(self, step: int, checkpoint: Path, images: int) -> None:
        """Have a checkpoint judged; of those that wait for their turn only the newest is."""
        self._next = (step, checkpoint, images)
        self._call()

    def take(self, step: int) -> None:
        """Write down at a step what has come since the last time, without waiting."""
        for reply in self._helper.poll():
            if isinstance(reply, Result) and self._under_way is not None:
                self._write(judged_record(self._under_way[0], reply.value))
            elif isinstance(reply, Failure):
                self._complain(step, reply.message)
            else:
                continue
            self._under_way = None
        self._call()

    def write(self, step: int, fields: Mapping[str, Any]) -> str:
        """Write the judgement that somebody else made; returns why it is none, or ""."""
        try:
            self._write(judged_record(step, fields))
        except ValueError as error:
            return f"it is no judgement: {error}"
        return ""

    def close(self) -> None:
        """End the judging process; what it was at is given up."""
        self._helper.close()
        self._under_way = self._next = None

    def _call(self) -> None:
        if self._under_way is None and self._next is not None:
            (step, checkpoint, images), self._next = self._next, None
            self._under_way = step, checkpoint
            self._helper.call(
                "score",
                {
                    "run": str(self._run.path),
                    "step": step,
                    "checkpoint": str(checkpoint),
                    "count": images,
                },
                patience=PATIENCE,
            )

    def _write(self, record: JudgedRecord) -> None:
        self._journal.write(record)
        self._best.see(record)
        self._seen(record)

    def _complain(self, step: int, sentence: str) -> None:
        """Say once why there is no judgement; the training goes on without."""
        if sentence != self._complaint:
            self._complaint = sentence
            self._journal.write(
                AlertRecord(
                    step=step,
                    code="judge",
                    message=f"This run could not be judged. {sentence}",
                    remedy="Training goes on; judge_every = 0 asks for no more.",
                )
            )


class Best:
    """The step with the best value of a score, among judgements that can be compared."""

    def __init__(self) -> None:
        self._judged: list[JudgedRecord] = []

    def remember(self, records: Iterable[Record]) -> None:
        """Take the judgements of a run's history into account."""
        self._judged += [record for record in records if isinstance(record, JudgedRecord)]

    def see(self, record: JudgedRecord) -> None:
        """Take a new judgement into account."""
        self._judged.append(record)

    def step(self, score: str) -> int | None:
        """Return the best step by `score`, the latest of equals; None if nothing was scored.

        Judgements by the run's own judge, of the number of images and beside the real ones of the
        latest one count; those that do not say their k, of a run that began before they did, as
        long as there are no others.
        """
        own = [record for record in self._judged if not record.apart]
        scored = self._scored(own, score) or self._scored(
            [record for record in own if record.k is None], WITHOUT_K.get(score, score)
        )
        if not scored:
            return None
        latest, _ = scored[-1]
        alike = [
            (record, value)
            for record, value in scored
            if (record.judge, record.n, record.real) == (latest.judge, latest.n, latest.real)
        ]
        sign = -1 if SCORES.facts(score).less_is_better else 1
        best, _ = max(alike, key=lambda each: (sign * each[1], each[0].step))
        return best.step

    @staticmethod
    def _scored(judged: Iterable[JudgedRecord], score: str) -> list[tuple[JudgedRecord, float]]:
        return [
            (record, value)
            for record in judged
            if (value := record.score(score)) is not None and math.isfinite(value)
        ]
