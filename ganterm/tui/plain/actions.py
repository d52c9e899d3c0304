"""Commands that do something: steer the run that is watched, begin others, tidy up."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from ganterm.client.comparison import (
    JudgedRuns,
    RunStanding,
    advice,
    by_judge,
    figure_words,
    ranked,
    standing,
    uneven,
)
from ganterm.client.feed import RunFeed, offers_of
from ganterm.client.overview import RunList
from ganterm.client.preflight import inspect
from ganterm.client.scores import (
    Figure,
    classes_of,
    figures,
    judge_words,
    judgements,
    judges_of,
)
from ganterm.client.tasks import Fetch, Judging, judge_options
from ganterm.components.scores import MAIN, SCORES, scored
from ganterm.config.branch import branch as make_branch
from ganterm.config.differences import differing
from ganterm.config.fields import field, parse_value
from ganterm.config.recorded import recorded_config
from ganterm.config.resolve import resolve
from ganterm.config.runfile import new_run, to_mapping
from ganterm.core.errors import ConfigError, WorkerError
from ganterm.core.records import JudgedRecord
from ganterm.data.catalogue import anchored, as_labelled, dataset_facts
from ganterm.doctor.applicable import chosen
from ganterm.runs import manage
from ganterm.runs.launch import start_worker
from ganterm.runs.layout import RunDir, resolve_run
from ganterm.runs.live import to_undo
from ganterm.tui.plain import report

if TYPE_CHECKING:
    from pathlib import Path

    from ganterm.config.schema import RunConfig
    from ganterm.tui.plain.session import PlainSession


def steer(name: str, session: PlainSession, rest: str) -> None:
    """Ask the worker to pause, stop, write a checkpoint or draw samples."""
    if rest:
        raise ConfigError(f"{name} takes nothing after it.")
    _steerable(session)
    session.order(name)


def change(session: PlainSession, rest: str) -> None:
    """Ask the worker to change a live setting."""
    key, equals, text = rest.partition("=")
    if not equals:
        raise ConfigError("set takes KEY=VALUE, such as set lr_g=1e-4.")
    spec = field(key.strip())
    if not spec.live:
        raise ConfigError(f"{spec.name} cannot be changed while training; settings live says what.")
    value = parse_value(spec.name, text)
    _steerable(session)
    session.order("set", key=spec.name, value=value)


def undo(session: PlainSession, _rest: str) -> None:
    """Ask the worker to take the last change back that stands, asked for or made."""
    feed = _steerable(session)
    # Before the worker has said under what it trains, the run's file does.
    config = feed.config or to_mapping(recorded_config(feed.run))
    found = to_undo([*feed.changes, *session.pending.projected(config)])
    if found is None:
        raise ConfigError("There is no change to undo.")
    session.order("set", key=found.key, value=found.before)


def remedy(session: PlainSession, rest: str) -> None:
    """Say what can be done about the troubles that stand, or do it: live, or as another run."""
    feed = session.watched
    if not rest:
        session.say_all(
            report.troubles(feed) if feed.troubles else ["The doctor finds no trouble."]
        )
        return
    offer = chosen(offers_of(feed), rest, feed.run.name)
    if offer.live:
        for key, value in offer.remedy.settings.items():
            session.order("set", key=key, value=value)
        return
    _look_ahead(session, recorded_config(feed.run), session.runs_dir)
    _start_worker(session, offer.begin(feed.run, session.runs_dir))


def resume(session: PlainSession, rest: str) -> None:
    """Go on after a pause, or start a worker for a run that has none."""
    feed = session.watched
    name = feed.run.name
    if session.pending.will_pause(feed.paused):
        session.order("resume")
        return
    if feed.view.alive is not False:
        raise WorkerError(f"{name} is training, or it cannot be told from here whether it is.")
    config = recorded_config(feed.run)
    _, given = _settings_of(rest)
    for key, text in given.items():
        if key not in {"steps", "epochs", "device"}:
            raise ConfigError("resume takes steps=N, epochs=N or device=NAME, and nothing else.")
        parse_value(key, text)
    changed = {key: parse_value(key, text) for key, text in given.items() if key == "device"}
    _look_ahead(session, msgspec.structs.replace(config, **changed), feed.run.path)
    _start_worker(session, feed.run, [f"--{key}={text}" for key, text in given.items()])


def start(session: PlainSession, rest: str) -> None:
    """Begin a run of a recipe and watch it."""
    words, given = _settings_of(rest)
    if len(words) != 1:
        raise ConfigError("start takes a recipe and KEY=VALUE, such as start dcgan steps=2000.")
    name = given.pop("name", None)
    resolved = as_labelled(resolve({"recipe": words[0], **given}, environment=os.environ))
    config = resolved.config
    config = msgspec.structs.replace(config, dataset=anchored(config.dataset))
    _look_ahead(session, config, session.runs_dir, name)
    command = _command("train", f"--recipe={words[0]}", name, given)
    _start_worker(session, new_run(config, session.runs_dir, name=name, command=command))


def branch(session: PlainSession, rest: str) -> None:
    """Go on from an earlier checkpoint of the run that is watched, as a new run."""
    words, given = _settings_of(rest)
    digits = words[0].replace(",", "") if len(words) == 1 else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise ConfigError("branch takes a step and KEY=VALUE, such as branch 2000 lr_g=1e-4.")
    source, step = session.watched.run, int(digits)
    name = given.pop("name", None)
    command = _command(f"branch {shlex.quote(source.name)}", f"--step={step}", name, given)
    made = make_branch(
        source,
        step,
        session.runs_dir,
        name=name,
        changes=given,
        command=command,
        before=lambda config: _look_ahead(session, config, session.runs_dir, name),
    )
    _start_worker(session, made)


def fetch(session: PlainSession, rest: str) -> None:
    """Download a dataset while the session goes on."""
    _refuse_a_second(session)
    session.task = Fetch(dataset_facts(rest).name)


def judge(session: PlainSession, rest: str) -> None:
    """Say how good the run is, or have it judged while the session goes on."""
    feed = session.watched
    word, _, options = rest.partition(" ")
    if word == "now":
        _refuse_a_second(session)
        if not feed.checkpoints:
            raise ConfigError(f"{feed.run.name} has no checkpoint yet that could be judged.")
        session.task = Judging(feed.run, judge_options(options))
    elif rest:
        raise ConfigError("judge takes nothing after it, or now, such as judge now n=2000.")
    elif feed.judged:
        session.say_all(scores(feed.judged))
    else:
        session.say(f"{feed.run.name} has not been judged; judge now has it judged.")


def compare(session: PlainSession, rest: str) -> None:
    """Say how runs stand beside one another: those that are named, or all that were judged."""
    if rest:
        runs = [standing(resolve_run(name, session.runs_dir)) for name in rest.split()]
    else:
        judged, listing = JudgedRuns(), RunList(session.runs_dir)
        runs = [each for run in listing.poll() if (each := judged.read(run.run)) is not None]
    session.say_all(list(compared(runs)) or ["No run has been judged yet."])


def rename(session: PlainSession, rest: str) -> None:
    """Give the run that is watched another name."""
    renamed = manage.rename(session.watched.run, rest)
    session.say(f"It is now {renamed.name}.")
    session.watch(renamed)


def note(session: PlainSession, rest: str) -> None:
    """Write a note on the run that is watched."""
    manage.write_note(session.watched.run, rest)
    session.say("Noted." if rest else "The note is removed.")


def delete(session: PlainSession, rest: str) -> None:
    """Delete a run if the word yes stands behind its name."""
    words = rest.split()
    if not words:
        raise ConfigError("delete takes the name of a run, and yes.")
    run = resolve_run(words[0], session.runs_dir)
    if words[1:] != ["yes"]:
        raise ConfigError(f"{run.name} would be gone for good; delete {run.name} yes does it.")
    manage.delete(run)
    if session.feed is not None and session.feed.run == run:
        session.watch(None)
    session.say(f"{run.name} is deleted.")


def _refuse_a_second(session: PlainSession) -> None:
    if session.task is not None:
        raise ConfigError(f"{session.task.name} is being seen to; one task at a time.")


def _steerable(session: PlainSession) -> RunFeed:
    feed = session.watched
    if feed.view.alive is False:
        raise WorkerError(f"{feed.run.name} is not training; resume trains it on.")
    return feed


def _settings_of(rest: str) -> tuple[list[str], dict[str, str]]:
    """Return the words of a line without an equals sign, and those with one as settings."""
    try:
        words = shlex.split(rest)
    except ValueError:
        raise ConfigError("A quotation mark is not closed.") from None
    pairs = [word.partition("=") for word in words]
    given = {key.strip().replace("-", "_"): value for key, equals, value in pairs if equals}
    return [word for word, equals, _ in pairs if not equals], given


def _command(verb: str, first: str, name: str | None, given: dict[str, str]) -> str:
    """Return the command line that does the same."""
    options = [first, *([f"--name={name}"] if name else [])]
    options += [f"--set={key}={value}" for key, value in given.items()]
    return f"ganterm {verb} {shlex.join(options)}"


def _look_ahead(
    session: PlainSession, config: RunConfig, runs_dir: Path, name: str | None = None
) -> None:
    """Say what a run takes where that is much; raises where it cannot begin."""
    found = inspect(config, runs_dir, name=name)
    for note in found.notes:
        session.say(note)
    if found.missing:
        raise ConfigError(
            f"{found.missing} is not on this machine yet; fetch {found.missing} downloads it."
        )


def _start_worker(session: PlainSession, run: RunDir, arguments: list[str] | None = None) -> None:
    session.say(f"Starting {run.name}.")
    start_worker(run, arguments or [])
    session.watch(run)


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
