"""Judgements in lines: the scores of a run, and judged runs beside one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ganterm.client.comparison import (
    RunStanding,
    advice,
    by_judge,
    figure_words,
    ranked,
    uneven,
)
from ganterm.components.scores import MAIN, SCORES, scored
from ganterm.config.differences import differing
from ganterm.core.records import JudgedRecord
from ganterm.tui.watch.verdicts import (
    Figure,
    classes_of,
    figures,
    judge_words,
    judgements,
    judges_of,
)

_TOLD_STEPS: Final = 6


def scores(judged: Sequence[JudgedRecord]) -> Iterator[str]:
    """Yield the newest judgement of each judge, score by score, and where the first goes."""
    for judge in judges_of(judged):
        records = judgements(judged, judge)
        newest = records[-1]
        yield (f"Step {newest.step:,}, {newest.n:,} images of each kind, by {judge_words(newest)}:")
        for each in figures(records, len(records) - 1):
            yield _told(each)
        lost = [
            f"{each.name} ({each.generated:.1%} of {each.real:.1%})"
            for each in classes_of(newest)
            if each.is_rare and each.real is not None
        ]
        if lost:
            yield f"Rare classes: {', '.join(lost)}."
        yield from _way(records)


def compared(runs: Sequence[RunStanding]) -> Iterator[str]:
    """Yield judged runs a judge at a time, the best first, what to take, and what differs."""
    sayings = advice(runs)
    for judge, indices in by_judge(runs).items():
        yield f"By {judge_words(runs[indices[0]].judged[judge])}, the best first:"
        for index in ranked(runs, indices, judge, MAIN):
            record = runs[index].judged[judge]
            told = [f"{name} {figure_words(record.score(name))}" for name in scored([record])]
            about = f"step {record.step:,}, {record.n:,} images"
            yield f"{runs[index].name}, {about}: {', '.join(told)}"
        if uneven(runs, indices, judge):
            yield "Scores depend on the number of images, which differs: judge all alike."
        yield from (each.words for each in sayings if each.judge == judge)
    yield from (f"{run.name} has not been judged." for run in runs if not run.judged)
    for key, *values in differing(runs):
        told = [f"{run.name} {value}" for run, value in zip(runs, values, strict=True)]
        yield f"{key}: {', '.join(told)}"


def _told(figure: Figure) -> str:
    facts = SCORES.facts(figure.name)
    parts = [f"{facts.title} {figure_words(figure.value)}"]
    if figure.floor is not None:
        parts.append(f"real {figure_words(figure.floor)}")
    if figure.better is not None:
        parts.append("better than before" if figure.better else "worse than before")
    if facts.less_is_better:
        parts.append(facts.direction)
    return f"{', '.join(parts)}; {facts.tells}"


def _way(records: Sequence[JudgedRecord]) -> Iterator[str]:
    alike = [each for each in records if each.n == records[-1].n]
    name = next(iter(scored(records[-1:])), None)
    told = [
        f"{figure_words(each.score(name))} at {each.step:,}"
        for each in alike[-_TOLD_STEPS:]
        if name is not None and each.score(name) is not None
    ]
    if name is not None and len(told) > 1:
        yield f"{SCORES.facts(name).title} so far: {', '.join(told)}."
