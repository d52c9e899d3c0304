"""What the judgements of a run say: by judge, in the order of the steps, score by score."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ganterm.comparison import LESS_IS_BETTER, SCORES, number
from ganterm.runs.layout import RunDir
from ganterm.runs.records import Record
from ganterm.tui.feed.series import Series
from ganterm.tui.feed.story import path_inside

TITLES: Final[dict[str, tuple[str, str]]] = {
    "fid": ("Frechet distance", "of the images as a whole"),
    "inception_score": ("Inception Score", "sure of each, and of many classes"),
    "kid": ("kernel distance", "of the images as a whole"),
    "precision": ("precision", "how many are convincing"),
    "recall": ("recall", "how much of the data they span"),
    "density": ("density", "how near they are to real ones"),
    "coverage": ("coverage", "how many real ones have one near"),
    "modes": ("modes", "classes or clusters that appear"),
    "kl": ("KL of the classes", "from those of the data, in nats"),
    "class_accuracy": ("class accuracy", "are of the class asked for"),
    "copies": ("copies", "that sit on a training image"),
}
"""What each score is called, and what it tells."""
SHARES: Final = frozenset({"precision", "recall", "coverage", "class_accuracy", "copies"})
"""Scores in [0, 1]."""
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
        return (self.value < self.before) == (self.name in LESS_IS_BETTER)


def judges_of(judged: Sequence[Record]) -> list[str]:
    """Return the judges that a run was seen by, the one that spoke last first."""
    said = [record["judge"] for record in judged if isinstance(record.get("judge"), str)]
    return list(dict.fromkeys(reversed(said)))


def judgements(judged: Sequence[Record], judge: str) -> list[Record]:
    """Return what `judge` said, by step and number of images; of two on the same, the later."""
    found = {
        (record["step"], count_of(record)): record
        for record in judged
        if record.get("judge") == judge
    }
    return [found[key] for key in sorted(found)]


def count_of(record: Record) -> int:
    """Return how many images of each kind were compared; 0 where the record does not say."""
    count = record.get("n")
    return count if type(count) is int else 0


def scores_of(records: Sequence[Record]) -> list[str]:
    """Return the names of the scores that any of the judgements has."""
    return [name for name in SCORES if any(number(record, name) is not None for record in records)]


def figures(records: Sequence[Record], at: int) -> list[Figure]:
    """Return the scores of the judgement at index `at`, beside those before it."""
    record = records[at]
    alike = [each for each in records[:at] if count_of(each) == count_of(record)]
    before = alike[-1] if alike else {}
    return [
        Figure(name, value, floor_of(record, name), number(before, name))
        for name in SCORES
        if (value := number(record, name)) is not None
    ]


def floor_of(record: Record, name: str) -> float | None:
    """Return what real images have against other real ones; None where it is not known."""
    floor = record.get("floor")
    return number(floor, name) if isinstance(floor, dict) else None


def curves(records: Sequence[Record], name: str) -> dict[int, Series]:
    """Return a score over the steps, by the number of images: on those it depends."""
    found: dict[int, Series] = {}
    for record in records:
        value = number(record, name)
        if value is not None:
            found.setdefault(count_of(record), Series()).extend([record["step"]], [value])
    return found


def classes_of(record: Mapping[str, Any]) -> list[ClassShare]:
    """Return the histogram of the classes; empty where there is none."""
    generated, real = _shares(record.get("histogram")), _shares(record.get("histogram_real"))
    names = record.get("classes")
    named = [str(name) for name in names] if isinstance(names, list) else []
    return [
        ClassShare(
            named[index] if index < len(named) else str(index),
            share,
            real[index] if index < len(real) else None,
        )
        for index, share in enumerate(generated)
    ]


def _shares(values: object) -> list[float]:
    if not isinstance(values, list):
        return []
    return [
        min(max(float(value), 0.0), 1.0)
        if isinstance(value, (int, float)) and math.isfinite(value)
        else 0.0
        for value in values
    ]


def picture_of(run: RunDir, record: Mapping[str, Any], which: str) -> Path | None:
    """Return where the picture of the `best` or `worst` images lies; None where there is none."""
    path = path_inside(record.get(which))
    return None if path is None else run.path / path


def judge_words(record: Mapping[str, Any]) -> str:
    """Return who judged, in words; foreign text."""
    name = record.get("judge_name")
    digest = str(record.get("judge", ""))
    if _DIGEST.fullmatch(digest):
        digest = digest[:8]
    return f"{name} ({digest})" if isinstance(name, str) and name else f"judge {digest}"
