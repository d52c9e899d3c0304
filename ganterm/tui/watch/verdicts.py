"""What the judgements of a run say: by judge, in the order of the steps, score by score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganterm.components.scores import SCORES, scored
from ganterm.core.records import JudgedRecord
from ganterm.runs.history import path_inside
from ganterm.runs.layout import RunDir
from ganterm.tui.feed.series import Series

_DIGEST: Final = re.compile(r"[0-9a-f]{9,}")
"""What is told from others by its first eight characters."""
_FEW: Final = 0.25
"""A class with less than this share of its real share is as good as lost."""


@dataclass(frozen=True)
class ClassShare:
    """How often a class is generated, and how often it is real; shares in [0, 1]."""

    name: str
    generated: float
    real: float | None

    @property
    def is_rare(self) -> bool:
        """Whether it is as good as lost: far rarer than among real images."""
        return self.real is not None and self.generated < _FEW * self.real


@dataclass(frozen=True)
class Figure:
    """A score of one judgement.

    Attributes:
        name: as the record has it.
        value: what the generated images have.
        floor: what other real images have; None where that was not measured.
        before: the score of the judgement before, of as many images; None where there is none.
    """

    name: str
    value: float
    floor: float | None
    before: float | None

    @property
    def better(self) -> bool | None:
        """Whether it is better than before; None where it is no other."""
        if self.before is None or self.before == self.value:
            return None
        return (self.value < self.before) == SCORES.facts(self.name).less_is_better


def judges_of(judged: Sequence[JudgedRecord]) -> list[str]:
    """Return the judges that a run was seen by, the one that spoke last first."""
    return list(dict.fromkeys(record.judge for record in reversed(judged)))


def judgements(judged: Sequence[JudgedRecord], judge: str) -> list[JudgedRecord]:
    """Return what `judge` said, by step and number of images; of two on the same, the later."""
    found = {(record.step, record.n): record for record in judged if record.judge == judge}
    return [found[key] for key in sorted(found)]


def figures(records: Sequence[JudgedRecord], at: int) -> list[Figure]:
    """Return the scores of the judgement at index `at`, beside those before it."""
    record = records[at]
    alike = [each for each in records[:at] if each.n == record.n]
    before = alike[-1].scores if alike else {}
    return [
        Figure(name, value, record.floor_of(name), before.get(name))
        for name in scored([record])
        if (value := record.score(name)) is not None
    ]


def curves(records: Sequence[JudgedRecord], name: str) -> dict[int, Series]:
    """Return a score over the steps, by the number of images: on those it depends."""
    found: dict[int, Series] = {}
    for record in records:
        value = record.score(name)
        if value is not None:
            found.setdefault(record.n, Series()).extend([record.step], [value])
    return found


def classes_of(record: JudgedRecord) -> list[ClassShare]:
    """Return the histogram of the classes; empty where there is none."""
    generated, real = _shares(record.histogram), _shares(record.histogram_real)
    named = record.classes or []
    return [
        ClassShare(
            named[index] if index < len(named) else str(index),
            share,
            real[index] if index < len(real) else None,
        )
        for index, share in enumerate(generated)
    ]


def _shares(values: list[float | None] | None) -> list[float]:
    return [min(max(value or 0.0, 0.0), 1.0) for value in values or ()]


def picture_of(run: RunDir, record: JudgedRecord | None, which: str) -> Path | None:
    """Return where the picture of the `best` or `worst` images lies; None where there is none."""
    path = path_inside({"best": record.best, "worst": record.worst}[which]) if record else None
    return None if path is None else run.path / path


def judge_words(record: JudgedRecord) -> str:
    """Return who judged, in words; foreign text."""
    digest = record.judge[:8] if _DIGEST.fullmatch(record.judge) else record.judge
    return f"{record.judge_name} ({digest})" if record.judge_name else f"judge {digest}"
