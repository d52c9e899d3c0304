"""What a worker is to do: begin a run, take it up again, branch from or repeat another one."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ganterm.config import FIELDS, RunConfig, check, parse_value
from ganterm.config.branch import Origin, origin_of
from ganterm.config.fields import packaged, resolve_parts
from ganterm.config.recorded import config_of, refuse_foreign_code, refuse_imported
from ganterm.config.runfile import from_mapping, read_run_toml, to_mapping
from ganterm.core.errors import ConfigError, TrainingError
from ganterm.core.published import package_of
from ganterm.core.records import (
    CheckpointRecord,
    ControlRecord,
    EndRecord,
    EpochRecord,
    MetricsRecord,
    OpeningRecord,
    PendingChange,
    Record,
    StartRecord,
)
from ganterm.doctor.active import REMEDY_MARK
from ganterm.runs import checkpoints, control
from ganterm.runs.history import effective
from ganterm.runs.journal import JournalTail, records_of
from ganterm.runs.layout import RunDir
from ganterm.runs.live import AUTOMATIC, Rewind, last_rewind, steering
from ganterm.runs.parts import changed_originals, manifest_of
from ganterm.worker.checkpoint import read_meta

_MAX_THREADS = 1024
_TRAINED = (MetricsRecord, EpochRecord, CheckpointRecord)
"""What only a worker that has said how its run is configured writes."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where a worker starts from.

    Attributes:
        config: the configuration to train under.
        checkpoint: the verified checkpoint to go on from; `None` starts at step 0.
        step: steps that its state has done.
        threads: CPU threads the run began with, which the last bits of its sums depend on;
            0 where that is not known.
        mode: how mode `auto` has had the run's steps run so far; empty where that is not known.
        data_crc32: checksum of the images the run began with; empty where it is not known.
        moved: whether the images are said to be those, in another place.
        resumed: whether the run has a history.
        parent: run and step, `NAME@STEP`, that a branch without a history goes on from; empty
            where there is none.
        controls: live changes that the state has seen.
        pending: live changes to make again, in order.
        skipped: newer checkpoints that are damaged, each with the reason.
        rewind: why it goes on from there and not from its newest state; None for every other.
        notes: what the user should be told about the run's files, in sentences.
        answered: ids of waiting commands that an earlier worker obeyed but could not remove.
        missed: ids of waiting commands that were meant for an earlier worker alone.
    """

    config: RunConfig
    checkpoint: Path | None = None
    step: int = 0
    threads: int = 0
    mode: str = ""
    data_crc32: str = ""
    moved: bool = False
    resumed: bool = False
    parent: str = ""
    controls: int = 0
    pending: Sequence[PendingChange] = ()
    skipped: Sequence[tuple[Path, str]] = ()
    rewind: Rewind | None = None
    notes: Sequence[str] = ()
    answered: frozenset[str] = field(default_factory=frozenset)
    missed: frozenset[str] = field(default_factory=frozenset)


def prepare(
    run: RunDir,
    *,
    repeat: Path | None = None,
    steps: int | None = None,
    epochs: int | None = None,
    device: str | None = None,
    mode: str | None = None,
    dataset: str | None = None,
    processes: int | None = None,
) -> Job:
    """Find out what to do with `run` from what its directory holds; nothing there is changed.

    `repeat` is the directory of a run whose live changes a new run makes again at their steps;
    `steps` or `epochs` give the run a new length, `device` another place to train, `mode` another
    way to run its steps, `dataset` the place where its images are now, `processes` another number
    of them.

    Raises:
        ConfigError: the configuration cannot be read, a component it names cannot be found, or
            the run has reached its length.
        TrainingError: the run has been trained, but none of its checkpoints is whole.
    """
    records = list(records_of(run.journal, Record))
    length = {name: n for name, n in (("steps", steps), ("epochs", epochs)) if n}
    openings = [record for record in records if isinstance(record, OpeningRecord)]
    tail = JournalTail(run.journal)
    if not openings and any(isinstance(record, _TRAINED) for record in tail.each()):
        # What was trained is not to be begun again at step 0: this refuses it.
        config_of(StartRecord(step=0), run)
    if openings:
        job = _resumed(run, records, openings, length)
    else:
        config = _with_length(read_run_toml(run.config_file), length)
        origin = origin_of(run)
        if origin is None:
            job = Job(config=config) if repeat is None else _repeating(config, RunDir(repeat))
        else:
            job = _branched(run, origin, config)
    if device is not None:
        moved = msgspec.structs.replace(job.config, device=str(parse_value("device", device)))
        job = dataclasses.replace(job, config=moved)
    if mode is not None:
        changed = msgspec.structs.replace(job.config, mode=parse_value("mode", mode))
        job = dataclasses.replace(job, config=changed, mode="")
    if processes is not None:
        changed = msgspec.structs.replace(job.config, processes=processes)
        if processes == 1:
            changed = msgspec.structs.replace(changed, max_restarts=0)
        check(changed)
        job = dataclasses.replace(job, config=changed)
    if dataset is not None:
        config = msgspec.structs.replace(job.config, dataset=dataset)
        job = dataclasses.replace(job, config=config, moved=True)
    refuse_foreign_code(job.config, run.path, run.config_file, run.journal)
    job = _with_parts(job, run, openings)
    return _with_waiting_commands(job, run, records)


def _with_parts(job: Job, run: RunDir, openings: Sequence[OpeningRecord]) -> Job:
    """Run what is the user's own, or of packages; say what of it changed since it was trained."""
    if resolve_parts(job.config):
        check(job.config)
    notes = list(job.notes)
    were = (openings[-1].packages or {}) if openings else {}
    changed = {
        package: now
        for name, package in were.items()
        if name in packaged(job.config)
        if (now := package_of(name.partition(":")[0])) != package
    }
    notes += [
        f"Parts of it were those of {package}, and {now or 'no package with a version'} is "
        "installed now, with which it trains on; it may compute something else."
        for package, now in changed.items()
    ]
    if (manifest := manifest_of(run)) and (edited := changed_originals(manifest)):
        notes.append(
            f"{', '.join(edited)} changed since the run began, and it goes on with its copy in "
            f"{run.parts}; a new run takes the file as it is."
        )
    return dataclasses.replace(job, notes=notes)


def _branched(run: RunDir, origin: Origin, config: RunConfig) -> Job:
    path = run.checkpoint_path(origin.step)
    try:
        checkpoints.verify(path)
    except checkpoints.CheckpointDamaged as error:
        raise TrainingError(
            f"{run.name} goes on from {origin.parent}, and its copy of that checkpoint cannot be "
            f"used: {error.reason}; branch again with `ganterm branch`."
        ) from None
    return Job(
        config=config,
        checkpoint=path,
        step=origin.step,
        threads=config.threads or origin.threads,
        data_crc32=origin.data_crc32,
        parent=origin.parent,
    )


def _resumed(
    run: RunDir, records: list[Record], openings: list[OpeningRecord], length: dict[str, int]
) -> Job:
    refuse_imported(run)
    began = config_of(openings[0], run)
    rewind = last_rewind(records)
    newest, damaged = _newest(run, rewind)
    config, controls, step = began, 0, 0
    if newest is None:
        if not (rewind and rewind.pending) or rewind.to:
            _refuse_a_loss(run, records, damaged)
    elif _parent_of(openings[0]) and newest == run.checkpoint_path(openings[0].step):
        # The parent's checkpoint: it knows nothing of this run's own settings and changes.
        step = openings[0].step
    else:
        meta = read_meta(newest)
        config, controls, step = meta.config, meta.controls, meta.counters["step"]
    pending = steering(records).after(controls)
    if rewind is not None and step <= rewind.to:
        # Later checkpoints have seen these settings.
        config = from_mapping({**to_mapping(config), **rewind.settings})
        check(config)
    if rewind is not None and rewind.pending:
        pending = [each for each in pending if not each.id.startswith(REMEDY_MARK)]
    # A length that an earlier resume was given holds, even where no checkpoint has seen it.
    latest = config_of(openings[-1], run)
    config = _with_length(config, {"steps": latest.steps, "epochs": latest.epochs})
    config = msgspec.structs.replace(config, dataset=latest.dataset)
    _refuse_standing_still(run, records, step, length)
    return Job(
        config=_with_length(config, length),
        threads=config.threads or _threads_of(openings[0]),
        mode=openings[-1].mode,
        data_crc32=openings[0].data_crc32,
        checkpoint=newest,
        step=step,
        resumed=True,
        controls=controls,
        pending=pending,
        skipped=damaged,
        rewind=rewind if rewind and rewind.pending else None,
        notes=_edits(run, began),
    )


def _newest(run: RunDir, rewind: Rewind | None) -> tuple[Path | None, list[tuple[Path, str]]]:
    """Return the checkpoint to go on from, and newer ones that are damaged, with reasons."""
    if rewind is None or not rewind.pending:
        return checkpoints.newest_valid(run.checkpoints)
    if not rewind.to:
        return None, []  # Not that of step 0: it may be of other networks.
    if rewind.aside:
        aside = checkpoints.healthy_aside(run.checkpoints).get(rewind.to)
        with contextlib.suppress(checkpoints.CheckpointDamaged):
            if aside is not None:
                checkpoints.verify(aside)
                return aside, []
    return checkpoints.newest_valid(run.checkpoints, rewind.to)


def _parent_of(record: Record) -> str:
    return (record.parent or "") if isinstance(record, StartRecord) else ""


def _with_length(config: RunConfig, length: dict[str, int]) -> RunConfig:
    if not length:
        return config
    changed = msgspec.structs.replace(config, **{"steps": 0, "epochs": 0, **length})
    check(changed)
    return changed


def _threads_of(record: OpeningRecord) -> int:
    """Return how many threads a worker began with; 0 for a number that none can have."""
    return record.threads if record.threads in range(_MAX_THREADS + 1) else 0


def _repeating(config: RunConfig, source: RunDir) -> Job:
    """Return what makes the live changes of `source` again, at their steps."""
    records = list(records_of(source.journal, Record))
    if not records:
        raise ConfigError(f"{source.name} has no journal, so there is nothing to repeat.")
    if parent := _parent_of(records[0]):
        raise ConfigError(
            f"{source.name} is a branch of {parent}, and a branch cannot be repeated from step 0; "
            "branch once more with `ganterm branch`."
        )
    if last_rewind(records):
        raise ConfigError(
            f"{source.name} was rewound by its doctor, and goes on under other settings than it "
            "began with; branch it with `ganterm branch`, or train with its recipe anew."
        )
    threads, pending = config.threads, steering(records).after(0)
    if threads:
        pending = [change for change in pending if not change.id.startswith(AUTOMATIC)]
    elif isinstance(records[0], OpeningRecord):
        threads = _threads_of(records[0])
    return Job(config=config, threads=threads, pending=pending)


def _refuse_a_loss(run: RunDir, records: list[Record], damaged: list[tuple[Path, str]]) -> None:
    """Refuse to begin again at step 0 what has been trained further."""
    anew = f"start anew with `ganterm train --config {run.config_file}`."
    if damaged:
        raise TrainingError(
            f"No checkpoint of {run.name} is whole ({damaged[0][0].name}: {damaged[0][1]}); put "
            f"one back into {run.checkpoints}, or {anew}"
        )
    kinds = (StartRecord, CheckpointRecord)
    saved = [record.step for record in effective(records) if isinstance(record, kinds)]
    if any(saved):
        raise TrainingError(
            f"The checkpoint of step {max(saved)} and all others are gone from {run.checkpoints}; "
            f"put one back, or {anew}"
        )


def _refuse_standing_still(
    run: RunDir, records: list[Record], step: int, length: dict[str, int]
) -> None:
    """Refuse a run that is at its end, or a new length that it has passed."""
    last = [record for record in records if isinstance(record, (OpeningRecord, EndRecord))][-1]
    finished = isinstance(last, EndRecord) and last.reason == "finished" and step >= last.step
    if finished and not length:
        raise ConfigError(
            f"{run.name} has reached its length at step {step}; train on with "
            f"`ganterm resume {run.word} --steps N` (or --epochs N)."
        )
    epochs = [
        record.epoch
        for record in effective(records)
        if isinstance(record, EpochRecord) and record.step <= step
    ]
    reached = {"steps": step, "epochs": max(epochs, default=0)}
    for name, asked in length.items():
        if asked <= reached[name]:
            raise ConfigError(
                f"{run.name} has trained {reached[name]} {name} already; give --{name} a greater "
                "number."
            )


def _edits(run: RunDir, began: RunConfig) -> list[str]:
    """Say what of the run's file does not hold: a run goes on as it began."""
    how = "a run goes on as it began"
    try:
        written = read_run_toml(run.config_file)
    except ConfigError as error:
        return [f"{str(error).rstrip('.')}; {how}, with the configuration in its journal."]
    # What auto stood for is in the journal.
    if written.precision == "auto":
        written = msgspec.structs.replace(written, precision=began.precision)
    if written.micro_batch is None:
        written = msgspec.structs.replace(written, micro_batch=began.micro_batch)
    edited = [name for name in FIELDS if getattr(written, name) != getattr(began, name)]
    if not edited:
        return []
    return [
        f"{', '.join(edited)} in {run.config_file} changed since the run began, and {how}; use "
        f"`ganterm ctl {run.word} set`, or `ganterm train --config` for a new run."
    ]


def _with_waiting_commands(job: Job, run: RunDir, records: list[Record]) -> Job:
    answered, missed = waiting_commands(run, records)
    return dataclasses.replace(job, answered=answered, missed=missed)


def waiting_commands(
    run: RunDir, records: Iterable[Record]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of waiting commands that are answered already, and of those for others alone.

    `records` are those of the run's journal.
    """
    waiting = control.pending(run.control)
    known = {record.id for record in records if isinstance(record, ControlRecord)}
    answered = {command.id for command in waiting if command.id in known}
    # Whoever starts a worker wants it to train, whatever the worker before was last told.
    missed = {command.id for command in waiting if command.name in {"pause", "stop"}}
    return frozenset(answered), frozenset(missed - answered)
