"""A run's judgements while it trains: asked for, written down, and the best of them kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ganterm.runs.control import Command
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.records import JudgedRecord, Record, RecordBase
from ganterm.training.loop import Trainer
from ganterm.worker.attending import Attending
from ganterm.worker.judging import Best, Judging

WAITED_SECONDS: Final = 300.0
"""Longest wait at the end of a run for a judgement that is still under way."""
_FIELDS: Final = JudgedRecord.__annotations__.keys() - RecordBase.__annotations__ - {"kind"}
"""What a judgement may say; the rest of its record is the journal's to set."""


class Judged:
    """Writes `judged` records, its own and other people's, and knows which checkpoint is best."""

    def __init__(
        self, run: RunDir, trainer: Trainer, journal: JournalWriter, doctor: Attending
    ) -> None:
        self._run = run
        self._trainer = trainer
        self._journal = journal
        self._doctor = doctor
        self._judging = Judging(run)
        self._best = Best()
        self._complaint = ""

    @property
    def under_way(self) -> bool:
        """Whether a judgement is yet to come."""
        return self._judging.under_way

    @property
    def spared(self) -> set[Path]:
        """Checkpoints that must stay: the best, and those that are being judged."""
        kept = set(self._judging.in_use)
        score = self._trainer.config.keep_best
        if score != "none" and (step := self._best.step(score)) is not None:
            kept.add(self._run.checkpoint_path(step))
        return kept

    def remember(self, records: Iterable[Record]) -> None:
        """Take the judgements of a run's history into account."""
        self._best.remember(records)

    def ask(self, step: int, checkpoint: Path) -> None:
        """Have a checkpoint judged beside the training."""
        try:
            self._judging.ask(step, checkpoint, self._trainer.config.judge_images)
        except OSError as error:
            self._complain(f"No process could be started ({error.strerror}).")

    def take(self) -> None:
        """Write down what has come of it since the last time, without waiting."""
        for answer in self._judging.answers():
            if answer.error:
                self._complain(answer.error)
            else:
                self._write(answer.step, answer.fields)

    def write(self, command: Command) -> Command:
        """Write the judgement that somebody else made; what makes no sense is refused.

        Returns the command as it is to stand in the journal, without repeating the record.
        """
        fields = command.args["fields"]
        record = {"v": 1, "kind": "judged", "step": command.args["step"], "time": 0.0, **fields}
        try:
            if unknown := fields.keys() - _FIELDS:
                raise msgspec.ValidationError(f"it has an unknown field {min(unknown)!r}")
            msgspec.convert(record, JudgedRecord)
        except msgspec.ValidationError as error:
            return dataclasses.replace(command, args={}, error=f"it is no judgement: {error}")
        self._write(command.args["step"], fields)
        return dataclasses.replace(command, args={"step": command.args["step"]})

    def close(self) -> None:
        """End the judging process; what it was at is given up."""
        self._judging.close()

    def _write(self, step: int, fields: Mapping[str, Any]) -> None:
        self._journal.write("judged", step, **fields)
        self._best.see(step, fields)
        self._doctor.see("judged", step, fields)

    def _complain(self, sentence: str) -> None:
        """Say once why there is no judgement; the training goes on without."""
        if sentence != self._complaint:
            self._complaint = sentence
            self._journal.write(
                "alert",
                self._trainer.step,
                code="judge",
                message=f"This run could not be judged. {sentence}",
                remedy="Training goes on; judge_every = 0 asks for no more.",
            )
