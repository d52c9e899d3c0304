"""A run's judgements while it trains: asked for, written down, and the best of them kept."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ganterm.client.rpc import Failure, Helper, Progress, RemoteError, Result
from ganterm.components.scores import SCORES
from ganterm.config import RunConfig
from ganterm.config.runfile import to_mapping
from ganterm.core.codec import judged_record
from ganterm.core.records import WITHOUT_K, AlertRecord, JudgedRecord, Record
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir

MODULE: Final = "ganterm.worker.tasks"
PATIENCE: Final = 3600.0
"""Seconds without a word from the judge, which has the least of a busy machine."""
WAITED_SECONDS: Final = 300.0
"""Longest wait at the end of a run for each judgement that is yet to come."""
MOST_WAITING: Final = 8
"""Checkpoints that wait for their turn; of more the oldest is left out."""
_LOOK_SECONDS: Final = 0.05


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
        self._call_id = 0
        self._under_way: tuple[int, Path] | None = None
        self._waiting: deque[tuple[int, Path, int]] = deque()
        self._best = Best()
        self._complaint = ""

    @property
    def to_come(self) -> int:
        """How many judgements are yet to come."""
        return len(self._waiting) + (self._under_way is not None)

    def spared(self, keep_best: str) -> set[Path]:
        """Return the checkpoints that must stay: the best by a score, and those being judged."""
        kept = {path for _, path, *_ in self._waiting}
        if self._under_way is not None:
            kept.add(self._under_way[1])
        if keep_best != "none" and (step := self._best.step(keep_best)) is not None:
            kept.add(self._run.checkpoint_path(step))
        return kept

    def remember(self, records: Iterable[Record]) -> None:
        """Take the judgements of a run's history into account."""
        self._best.remember(records)

    def make_ready(
        self,
        config: RunConfig,
        *,
        progress: Callable[[str, int, int | None, str], None],
        stop: Callable[[], bool],
    ) -> None:
        """Have the judge trained, and let it look at the real images; returns early on `stop`.

        Raises RemoteError where the run cannot be judged.
        """
        self._helper.call("ready", {"config": to_mapping(config)}, patience=PATIENCE)
        while not stop():
            for reply in self._helper.poll():
                if isinstance(reply, Failure):
                    raise RemoteError(reply.message, reply.exit_code)
                if isinstance(reply, Result):
                    return
                if isinstance(reply, Progress):
                    progress(reply.what, reply.done, reply.total, reply.unit)
            time.sleep(_LOOK_SECONDS)

    def ask(self, step: int, checkpoint: Path, images: int) -> None:
        """Have a checkpoint judged, each in its turn."""
        self._waiting.append((step, checkpoint, images))
        self._call()
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._complain(
                step,
                f"Judging takes longer than judge_every asks for, and {MOST_WAITING} checkpoints "
                "wait: from here on some are left out.",
                "Raise judge_every, or lower judge_images.",
            )

    def take(self, step: int) -> None:
        """Write down at a step what has come since the last time, without waiting."""
        for reply in self._helper.poll():
            # Of nothing else is a word due: neither of what was given up, nor of a death at rest.
            if self._under_way is None or reply.id != self._call_id:
                continue
            if isinstance(reply, Result):
                self._write(judged_record(self._under_way[0], reply.value))
            elif isinstance(reply, Failure):
                self._complain(
                    step,
                    f"This run could not be judged. {reply.message}",
                    "Training goes on; judge_every = 0 asks for no more.",
                )
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

    def close(self, step: int, went: str = "ended") -> None:
        """End the judging process; judgements that are to come are given up, and told.

        The run goes on from `step`, if it does, and judges later ones again; `went` says how it
        came there.
        """
        self._helper.close()
        asked = (self._under_way, *self._waiting)
        steps = [each[0] for each in asked if each is not None and each[0] <= step]
        self._under_way = None
        self._waiting.clear()
        if steps:
            told = ", ".join(f"{each:,}" for each in steps)
            self._complain(
                step,
                f"The run {went} before step {told} was judged.",
                f"`ganterm judge {self._run.word} --all` judges what is kept.",
            )

    def _call(self) -> None:
        if self._under_way is None and self._waiting:
            step, checkpoint, images = self._waiting.popleft()
            self._under_way = step, checkpoint
            self._call_id = self._helper.call(
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

    def _complain(self, step: int, sentence: str, remedy: str) -> None:
        """Say once why there is no judgement, and what to do."""
        if sentence != self._complaint:
            self._complaint = sentence
            self._journal.write(
                AlertRecord(step=step, code="judge", message=sentence, remedy=remedy)
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
