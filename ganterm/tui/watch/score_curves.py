"""Scores over the steps of runs: by one judge, and each run by one number of images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ganterm.components.scores import SCORES, scored
from ganterm.core.records import JudgedRecord
from ganterm.render.chart import Trace
from ganterm.tui.feed.series import Series
from ganterm.tui.watch.verdicts import (
    curves,
    judge_words,
    judgements,
    judges_of,
)


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
    return next(
        (judge_words(r) for each in judged for r in each if r.judge == judge),
        judge,
    )


def newest_way(judged: Sequence[JudgedRecord], score: str) -> tuple[JudgedRecord, Series] | None:
    """Return the newest judgement with a score, and how that went by the same judge and number.

    None where it was not judged so more than once.
    """
    scored = [record for record in judged if record.score(score) is not None]
    for judge in judges_of(scored)[:1]:
        newest = judgements(scored, judge)[-1]
        series = curves(judgements(scored, judge), score)[newest.n]
        return (newest, series) if len(series) > 1 else None
    return None


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
