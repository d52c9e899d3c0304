"""What runs are and do, and how good they are, said in lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from ganterm.client.charts import kinds_of
from ganterm.client.comparison import RunStanding, figure_words, judge_tables
from ganterm.client.feed import RunFeed, offers_of
from ganterm.client.overview import Overview
from ganterm.client.queueing import device_words
from ganterm.client.scores import Figure, classes_of, figures, judge_words, judgements, judges_of
from ganterm.client.wording import notice_of, sentence
from ganterm.components.scores import SCORES, scored
from ganterm.config.differences import differing
from ganterm.core.quantities import headlines
from ganterm.core.records import JudgedRecord, Record, ResumeRecord, StartRecord
from ganterm.core.series import Series
from ganterm.render import words

SILENT_SECONDS: Final = 10.0
"""How long a living worker may say nothing before a word is said about it."""

_UNSPOKEN: Final = frozenset({"rates", "speed"})
"""Charts whose figures are settings, or told with the progress."""
_LOG_LINES: Final = 3
_TOLD_STEPS: Final = 6
_STEADY: Final = 0.03


def listed(run: Overview) -> str:
    """Return one run of a list in a line."""
    place = "" if run.place is None else f", place {run.place}"
    parts = [f"{run.name}: {run.state}{place}", _steps(run.step, run.steps)]
    if run.d_loss is not None or run.g_loss is not None:
        parts.append(f"D loss {words.number(run.d_loss)}, G loss {words.number(run.g_loss)}")
    parts += [f"{run.recipe or '?'} on {run.dataset or '?'}"]
    if run.age_s is not None and not run.alive:
        parts.append(f"{words.duration(run.age_s)} ago")
    if run.note:
        parts.append(f"note: {run.note}")
    if run.trouble:
        parts.append(run.trouble)
    return ", ".join(parts)


def queued(run: Overview) -> str:
    """Return one run of the queue in a line."""
    place = "now" if run.place is None else f"place {run.place}"
    return f"{run.name}: {place}, {run.state}, {_steps(run.step, run.steps)}, {device_words(run)}"


def progress(feed: RunFeed) -> str:
    """Return how far a run is, how fast, and its newest losses."""
    parts = [_steps(feed.step, feed.steps or None), *_pace(feed)]
    parts += [
        f"{each.spoken} {words.number(feed.latest(each.name))}"
        for each in headlines(feed.series)
        if feed.latest(each.name) is not None
    ]
    return ", ".join(parts)


def state(feed: RunFeed) -> str:
    """Return a run's state in a sentence."""
    return sentence(feed.run.name, feed.view.state, feed.view.message)


def status(feed: RunFeed) -> Iterator[str]:
    """Yield how a run stands, and what it is, in a few lines."""
    yield state(feed)
    parts = [_steps(feed.step, feed.steps or None)]
    if feed.steps:
        parts.append(f"{100 * feed.step // feed.steps} percent")
    epoch = feed.latest("epoch")
    if epoch is not None:
        parts.append(f"epoch {int(epoch)}" + (f" of {feed.epochs}" if feed.epochs else ""))
    yield ", ".join([*parts, *_pace(feed)])
    config, view = feed.config, feed.view
    about = [f"{config.get('recipe', '?')} on {config.get('dataset', '?')}"]
    about += [f"on from {feed.parent}"] if feed.parent else []
    about += [f"device {feed.device} of {feed.host}"] if feed.device else []
    if view.status is not None and view.status.memory_bytes and view.alive:
        about.append(f"{view.status.memory_bytes / (1 << 20):,.0f} MiB of memory")
    if feed.checkpoints:
        about.append(f"newest checkpoint of step {feed.checkpoints[-1].step:,}")
    yield ", ".join(about)


def losses(feed: RunFeed) -> Iterator[str]:
    """Yield a line for each chart of a run: its figures, where they go, what to compare with."""
    for kind in kinds_of(feed):
        told = [
            f"{label} {words.number(feed.latest(name))}{_trend(feed.series[name])}"
            for name, label in kind.quantities.items()
            if name in feed.series
        ]
        if not told or kind.name in _UNSPOKEN:
            continue
        compared = " and ".join(each.label for each in kind.references(feed.config))
        yield f"{kind.title}: {', '.join(told)}" + (
            f"; compare with {compared}" if compared else ""
        )


def troubles(feed: RunFeed) -> Iterator[str]:
    """Yield the troubles that stand, and the remedies by what is typed for them."""
    for trouble in feed.troubles:
        yield f"{trouble.code} since step {trouble.step:,}: {trouble.message}"
    for offer in offers_of(feed):
        yield f"remedy {offer.id}: {offer.remedy.label}, {offer.how}"


def happened(record: Record) -> str:
    """Return what a person who watches must hear at once; nothing for what can wait."""
    step = f"step {record.step:,}"
    match record:
        case StartRecord(parent=str(parent)):
            return f"It goes on from {parent} as a run of its own."
        case StartRecord(imported=str(file)):
            return f"Its weights were imported from {file}."
        case ResumeRecord():
            return f"It goes on from {step}."
    news = notice_of(record)
    return f"At {words.clock(record.time)}, {step}: {news.in_full}" if news else ""


def last_words(feed: RunFeed) -> list[str]:
    """Return what is to be said of a run that has just broken down, after its state."""
    if feed.view.state not in {"crashed", "failed"}:
        return []
    printed = [f"The worker printed: {line}" for line in feed.log[-_LOG_LINES:]]
    return [*(printed or ["The worker printed nothing."]), "resume trains it on."]


def silence(feed: RunFeed, now: float) -> str:
    """Return a sentence on a living worker that was long not heard of by `now`; or nothing."""
    view = feed.view
    if view.state not in {"running", "starting"} or not view.alive or view.status is None:
        return ""
    silent = now - view.status.updated
    if silent < SILENT_SECONDS:
        return ""
    return (
        f"No word from the worker for {words.duration(silent)}; it is alive, for it holds the run."
    )


def _pace(feed: RunFeed) -> list[str]:
    parts = []
    if feed.images_per_s:
        parts.append(f"{feed.images_per_s:,.0f} images per second")
    if feed.eta_seconds is not None:
        parts.append(f"{words.duration(feed.eta_seconds)} left")
    return parts


def _trend(series: Series) -> str:
    """Return where the newest eighth of a quantity lies against the eighth before."""
    if series.extent is None or len(series) < 16:
        return ""
    *_, before, after = series.window(*series.extent, 8)
    if before is None or after is None:
        return ""
    change = after.mean - before.mean
    if not math.isfinite(change):
        return ""
    if abs(change) <= _STEADY * max(abs(before.mean), abs(after.mean)):
        return ", steady"
    return ", rising" if change > 0 else ", falling"


def _steps(step: int, steps: int | None) -> str:
    return f"step {step:,} of {steps:,}" if steps else f"step {step:,}"


def scores(judged: Sequence[JudgedRecord]) -> Iterator[str]:
    """Yield the newest judgement of each judge, score by score, and where the first goes."""
    for judge in judges_of(judged):
        records = judgements(judged, judge)
        newest = records[-1]
        yield (f"Step {newest.step:,}, {newest.n:,} images of each kind, by {judge_words(newest)}:")
        yield from filter(None, [newest.caution])
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
    for table in judge_tables(runs):
        yield f"By {judge_words(table.rows[0][1])}, the best first:"
        for name, record in table.rows:
            told = [f"{score} {figure_words(record.score(score))}" for score in scored([record])]
            yield f"{name}, step {record.step:,}, {record.n:,} images: {', '.join(told)}"
        for group in table.groups:
            told = [f"{score} {group.words(score)}" for score in group.means]
            yield f"{group.label}, mean and standard deviation: {', '.join(told)}"
        if table.uneven:
            yield table.uneven
        yield from (each.words for each in table.advice)
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
