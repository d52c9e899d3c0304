"""Runs held against one another: their scores by judge, and which of them serves a purpose best."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ganterm.client.overview import settings_of
from ganterm.components.scores import MAIN, SCORES, scored
from ganterm.config.differences import Compared
from ganterm.core.blocks import Bin
from ganterm.core.errors import GantermError
from ganterm.core.files import Stamp, open_regular, stamp_of
from ganterm.core.records import JudgedRecord
from ganterm.core.registry import short
from ganterm.core.series import Series
from ganterm.render.chart import Source
from ganterm.runs.cache import read_history
from ganterm.runs.layout import RunDir

FIGURE_CELLS: Final = 7
"""Characters of the longest score in words."""


@dataclass(frozen=True)
class RunStanding(Compared):
    """What the journal of a run says of it.

    Attributes:
        judged: by the digest of each judge, its judgement of the latest step.
        curves: by quantity, its finite values in the order of the steps; `step`: the last step.
        distances: by the digest of each judge, its Frechet distances in the order of the steps, of
            as many images as the latest one.
    """

    judged: dict[str, JudgedRecord]
    curves: dict[str, list[float]]
    step: int
    distances: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Advice:
    """Which of the runs that one judge has seen serves a purpose best.

    Attributes:
        runs: the indices of the best; more than one where they are equal.
        words: a sentence. It holds the names of runs, which are foreign text.
    """

    purpose: str
    score: str
    judge: str
    runs: list[int]
    words: str


def standing(run: RunDir) -> RunStanding:
    """Read where `run` stands, from its journal alone."""
    history = read_history(run)
    judged = sorted(history.judged, key=lambda record: record.step)
    latest = latest_by_judge(judged)
    distances: dict[str, list[float]] = {judge: [] for judge in latest}
    for record in judged:
        distance = record.score(MAIN)
        if distance is not None and record.n == latest[record.judge].n:
            distances[record.judge].append(distance)
    return RunStanding(
        run.name,
        history.config or settings_of(run),
        history.start_config,
        latest,
        {name: _finite(history.series.get(name)) for name in ("g_loss", "d_loss")},
        history.reached,
        distances,
    )


def _finite(series: Series | None) -> list[float]:
    return [value for value in series.values if math.isfinite(value)] if series else []


def latest_by_judge(judged: Iterable[JudgedRecord]) -> dict[str, JudgedRecord]:
    """Return, by the digest of each judge, its judgement of the latest step."""
    found: dict[str, JudgedRecord] = {}
    for record in judged:
        # A later look at an earlier checkpoint is not where the run stands.
        if record.judge not in found or record.step >= found[record.judge].step:
            found[record.judge] = record
    return found


def figure_words(value: float | None) -> str:
    """Return a score in at most seven cells; a dash where there is none."""
    if value is None:
        return "-"
    words = f"{value:.4g}"
    words = words if len(words) <= FIGURE_CELLS else f"{value:.1e}"
    # With a minus before it, the exponent goes without its leading zero.
    return words if len(words) <= FIGURE_CELLS else words.replace("e-0", "e-").replace("e+0", "e+")


def short_words(record: JudgedRecord) -> str:
    """Return the scores of a judgement that say the most, in a phrase."""
    told = [
        f"{name} {figure_words(value)}"
        for name in scored([record])
        if SCORES.facts(name).purpose and (value := record.score(name)) is not None
    ]
    return ", ".join(told) or "no score is finite"


def by_judge(runs: Sequence[RunStanding]) -> dict[str, list[int]]:
    """Return the indices of the runs that each judge has seen, the judge of the most runs first.

    The scores of two judges say nothing about one another, so they belong in tables of their own.
    """
    judges = dict.fromkeys(judge for run in runs for judge in run.judged)
    groups = {judge: [i for i, run in enumerate(runs) if judge in run.judged] for judge in judges}
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


_OF_EACH: Final = frozenset({"seed", "threads", "processes", "max_restarts"})
"""Settings in which runs of one experiment differ: the machine may change the threads."""


def by_seed(runs: Sequence[Compared]) -> list[list[int]]:
    """Return the indices of runs that differ in the seed alone, two or more in a group."""
    groups: dict[str, list[int]] = {}
    for index, run in enumerate(runs):
        told = (run.settings, run.began_with)
        alike = [sorted((k, v) for k, v in each.items() if k not in _OF_EACH) for each in told]
        groups.setdefault(repr(alike), []).append(index)
    seeds = [{runs[i].settings.get("seed") for i in group} for group in groups.values()]
    return [
        group
        for group, different in zip(groups.values(), seeds, strict=True)
        if len(group) > 1 and len(different) == len(group)
    ]


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ in the seed alone, as one judge has seen them.

    Attributes:
        names: those of its runs.
        means: by score, the mean over the runs that have it.
        deviations: by score, its standard deviation over the runs, of two or more with n - 1.
    """

    names: list[str]
    means: dict[str, float]
    deviations: dict[str, float]

    @property
    def label(self) -> str:
        """What it is called in a table; it holds the name of a run, which is foreign text."""
        return seeds_words(self.names)

    def words(self, score: str) -> str:
        """Return the mean of a score, and its deviation where there is one."""
        mean = figure_words(self.means.get(score))
        deviation = self.deviations.get(score)
        return mean if deviation is None else f"{mean} ± {figure_words(deviation)}"


def seeds_words(names: Sequence[str]) -> str:
    """Return how runs that differ in the seed alone are called together."""
    return f"{len(names)} seeds of {names[0]}"


def _seed_group(rows: Sequence[tuple[str, JudgedRecord]], scores: Sequence[str]) -> SeedGroup:
    found = {
        score: [value for _, record in rows if (value := record.score(score)) is not None]
        for score in scores
    }
    return SeedGroup(
        [name for name, _ in rows],
        {score: statistics.fmean(values) for score, values in found.items() if values},
        {score: statistics.stdev(values) for score, values in found.items() if len(values) > 1},
    )


class SeedCurve:
    """The mean of a quantity over several runs, and one standard deviation to either side.

    `sources` are its points in each run; the deviation stands in place of the range of a bin.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = [source for source in sources if source.extent]

    @property
    def extent(self) -> tuple[int, int] | None:
        """The first and the last step at which any of the runs has a point."""
        found = [extent for source in self._sources if (extent := source.extent)]
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None

    def __len__(self) -> int:
        """Return the number of points of all runs together."""
        return sum(map(len, self._sources))

    def window(self, start: float, stop: float, columns: int) -> list[Bin | None]:
        """Return `columns` bins that divide the steps from `start` to `stop`, both included."""
        windows = [source.window(start, stop, columns) for source in self._sources]
        return [_across([each for each in column if each]) for column in zip(*windows, strict=True)]


def _across(bins: Sequence[Bin]) -> Bin | None:
    """Return the mean over runs of the means in a span of steps, and its deviation as the range."""
    if not bins:
        return None
    means = [each.mean for each in bins if math.isfinite(each.mean)]
    points, broken = sum(each.points for each in bins), sum(each.broken for each in bins)
    if not means:
        return Bin(math.nan, math.nan, math.nan, math.nan, points, broken)
    mean = statistics.fmean(means)
    spread = statistics.stdev(means) if len(means) > 1 else 0.0
    last = statistics.fmean(each.last for each in bins if math.isfinite(each.last))
    return Bin(mean - spread, mean + spread, mean, last, points, broken)


@dataclass(frozen=True)
class JudgeTable:
    """The runs that one judge has seen.

    Attributes:
        judge: its digest.
        rows: the name of each run and its judgement.
        groups: those of them that differ in the seed alone, together.
        scores: the scores that any of them has.
        uneven: a sentence where it saw different numbers of images; empty otherwise.
        advice: which of them to take for what.
    """

    judge: str
    rows: list[tuple[str, JudgedRecord]]
    groups: list[SeedGroup]
    scores: list[str]
    uneven: str
    advice: list[Advice]


def judge_tables(runs: Sequence[RunStanding], best_by: str | None = MAIN) -> list[JudgeTable]:
    """Return a table for each judge, that of the most runs first.

    The best run by the score `best_by` comes first, and those without it last, as they stood; None
    leaves all as they stood.
    """
    sayings = advice(runs)
    tables = []
    for judge, indices in by_judge(runs).items():
        rows = [(runs[i].name, runs[i].judged[judge]) for i in indices]
        scores = scored(record for _, record in rows)
        together = by_seed([runs[i] for i in indices])
        groups = [_seed_group([rows[i] for i in group], scores) for group in together]
        if best_by is not None:
            rows.sort(key=lambda row: _place(row[1].score(best_by), best_by))
        records = [record for _, record in rows]
        uneven = len({record.n for record in records}) > 1
        words = "Scores depend on the number of images, which differs: judge all alike."
        found = [each for each in sayings if each.judge == judge]
        tables.append(JudgeTable(judge, rows, groups, scores, words if uneven else "", found))
    return tables


def _place(value: float | None, score: str) -> tuple[bool, float]:
    if value is None:
        return True, 0.0
    return False, value if SCORES.facts(score).less_is_better else -value


def advice(runs: Sequence[RunStanding]) -> list[Advice]:
    """Say for every judge of two runs or more which is best for quality, augmentation and else."""
    given = []
    for judge, indices in by_judge(runs).items():
        # What the main score says is the last word.
        named = scored(runs[i].judged[judge] for i in indices)
        for score in sorted(named, key=MAIN.__eq__):
            facts = SCORES.facts(score)
            if not facts.purpose:
                continue
            values = {i: runs[i].judged[judge].score(score) for i in indices}
            found = {i: value for i, value in values.items() if value is not None}
            if len(found) < 2:
                continue
            best = (min if facts.less_is_better else max)(found.values())
            first = [i for i, value in found.items() if value == best]
            figure = f"{short(score)} {best:.4g}"
            if len(first) > 1:
                names = " and ".join(runs[i].name for i in first)
                words = f"For {facts.purpose}, {names} are equally good ({figure})."
            else:
                words = (
                    f"For {facts.purpose}, take {runs[first[0]].name}: {facts.because} ({figure})."
                )
            given.append(Advice(facts.purpose, score, judge, first, words))
    return given


_WORD: Final = b'"judged"'
_BLOCK: Final = 1 << 20


class JudgedRuns:
    """Reads the standings of runs, and keeps those whose journal is as it was."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp | None, RunStanding | None]] = {}

    def read(self, run: RunDir) -> RunStanding | None:
        """Return where a run stands; None if it was never judged or cannot be read."""
        try:
            stamp = stamp_of(run.journal)
            known = self._known.get(run.path)
            if stamp is None or known is None or known[0] != stamp:
                # Most runs were never judged, and to find that out takes a hundredth of the time.
                read = standing(run) if _holds(run.journal, _WORD) else None
                known = self._known[run.path] = stamp, read if read and read.judged else None
        except (OSError, GantermError):
            return None
        return known[1]


def _holds(path: Path, word: bytes) -> bool:
    with os.fdopen(open_regular(path), "rb") as file:
        rest = b""
        while block := file.read(_BLOCK):
            if word in rest + block:
                return True
            rest = block[-len(word) :]
    return False
