"""What the judgements of a run say: by judge, in the order of the steps, score by score."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ganterm.components.scores import SCORES, scored
from ganterm.core.quantities import layers_in
from ganterm.core.records import JudgedRecord
from ganterm.core.series import Series
from ganterm.render.chart import Trace
from ganterm.runs.history import RunHistory, path_inside
from ganterm.runs.layout import RunDir

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
            found[record.n] = found.get(record.n, Series()).plus([record.step], [value])
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


class ScoreCurves(NamedTuple):
    """A score by one judge, whose figures say nothing about those of another."""

    judge: str
    score: str

    @property
    def title(self) -> str:
        """What it is called."""
        facts = SCORES.facts(self.score)
        return f"{facts.title}, {facts.direction}"


def scores_among(judged: Sequence[Sequence[JudgedRecord]]) -> list[ScoreCurves]:
    """Return every score that a judge gave any of the runs, the judge of the most runs first."""
    records = [record for each in judged for record in each]
    seen = Counter(judge for each in judged for judge in judges_of(each))
    return [
        ScoreCurves(judge, score)
        for judge in sorted(judges_of(records), key=lambda judge: -seen[judge])
        for score in scored(record for record in records if record.judge == judge)
    ]


def judge_among(judged: Sequence[Sequence[JudgedRecord]], judge: str) -> str:
    """Return who a judge is, in words; foreign text."""
    return next((judge_words(r) for each in judged for r in each if r.judge == judge), judge)


def newest_curve(judged: Sequence[JudgedRecord], score: str) -> tuple[JudgedRecord, Series] | None:
    """Return the newest judgement with a score, and how that went by the same judge and number.

    None where it was not judged so more than once.
    """
    scored = [record for record in judged if record.score(score) is not None]
    for judge in judges_of(scored)[:1]:
        newest = judgements(scored, judge)[-1]
        series = curves(judgements(scored, judge), score)[newest.n]
        return (newest, series) if len(series) > 1 else None
    return None


def singular_values(history: RunHistory) -> dict[str, Series]:
    """Return the largest singular value of each normalised layer of D over the steps, by name.

    Of a run that did not measure them as it trained, those of its judgements.
    """
    if measured := layers_in(history.series):
        return measured
    told = {each.step: each.singular_values for each in history.judged if each.singular_values}
    found: dict[str, Series] = {}
    for step in sorted(told):
        for name, value in told[step].items():
            found[name] = found.get(name, Series()).plus([step], [value])
    return {name: series for name, series in found.items() if len(series) > 1}


def score_traces(runs: Mapping[str, Sequence[JudgedRecord]], chosen: ScoreCurves) -> list[Trace]:
    """Return the score of each run by name, in the order of `runs`.

    Scores depend on the number of images. Of a run that was judged on several, those of its newest
    judgement are drawn; the number is said where it is not the same for all.
    """
    found = {}
    for style, (name, judged) in enumerate(runs.items()):
        records = [r for r in judgements(judged, chosen.judge) if r.score(chosen.score) is not None]
        if records:
            count = records[-1].n
            found[name] = (style, count, curves(records, chosen.score)[count])
    uneven = len({count for _, count, _ in found.values()}) > 1
    return [
        Trace(f"{name}, {count:,} images" if uneven else name, series, style)
        for name, (style, count, series) in found.items()
    ]
