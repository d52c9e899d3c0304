"""A branch: a new run that goes on from an earlier checkpoint of another.

It begins with a copy of that checkpoint and with the settings that were in force there, changed as
asked. What its parent did afterwards, changes of live settings included, is no part of it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ganterm import __version__
from ganterm.config.fields import FIELDS, Value, code_of, field, parse_value
from ganterm.config.recorded import (
    config_in,
    config_of,
    openings_of,
    refuse_imported,
    refuse_untrusted,
    trust_typed,
)
from ganterm.config.rules import check
from ganterm.config.runfile import read_made, render_run_toml, stem_of
from ganterm.config.schema import RunConfig, batches_per_epoch
from ganterm.core.errors import ConfigError
from ganterm.core.files import open_regular, write_atomically
from ganterm.core.records import MAX_STEP, ControlRecord, OpeningRecord
from ganterm.core.settings import NETWORK
from ganterm.runs import checkpoints
from ganterm.runs.checkpoints import CheckpointDamaged
from ganterm.runs.journal import records_of
from ganterm.runs.layout import RunDir, create_run, step_of
from ganterm.runs.live import AUTOMATIC
from ganterm.runs.parts import code_from, copy_parts, take_over

FIXED: Final = frozenset(
    {"recipe", "dataset", "split", "holdout", "image_size", "channels", "seed"}
    | {"fit", "background", "flip"}
    | {name for name, spec in FIELDS.items() if spec.group == NETWORK}
)
"""Settings that a state belongs to: with others it would be another run's."""

_LENGTHS: Final = {"steps": "epochs", "epochs": "steps"}
_NAMED: Final = 8


@dataclass(frozen=True)
class Origin:
    """Where a branch comes from.

    Attributes:
        parent: run and step, `NAME@STEP`.
        step: the step alone.
        threads: CPU threads the parent computes with; 0 where that is not known.
        data_crc32: checksum of the images the parent trains on; empty where it is not known.
    """

    parent: str
    step: int
    threads: int = 0
    data_crc32: str = ""


def branch(
    source: RunDir,
    step: int,
    runs_dir: Path,
    *,
    name: str | None = None,
    changes: Mapping[str, object] | None = None,
    dataset: str | None = None,
    command: str = "",
    before: Callable[[RunConfig], object] = lambda _: None,
) -> RunDir:
    """Make a run that goes on from the checkpoint of `source` at `step`; its worker can be started.

    Without `changes` it ends exactly as its parent would have. `name` is the run's, or None to
    number the runs of the recipe; `changes` holds settings by name, as text or as values;
    `dataset` is where its images are, or others that it is to go on with; `command` is the command
    line that the run.toml says made it. `before` sees the configuration before there is a
    directory, and may raise.

    Raises:
        ConfigError: there is no such checkpoint, a setting cannot be changed or makes no sense,
            the run would be at its end at once, or the name cannot be had.
        CheckpointDamaged: the checkpoint is not whole.
        TrainingError: the run cannot be written.
    """
    refuse_imported(source)
    path = source.checkpoint_path(step) if 0 <= step < MAX_STEP else None
    if path is None or not path.is_file():
        raise ConfigError(_no_checkpoint(source, step))
    header = checkpoints.read_header(path)
    openings = openings_of(source)
    present = _in_force(source, config_in(path, header), openings)
    refuse_untrusted(present, source.path)
    config = _changed(present, changes or {})
    threads = config.threads or (openings[0].threads if openings else 0)
    if "threads" not in (changes or {}) and _chosen_by_worker(source, step):
        config = msgspec.structs.replace(config, threads=0)
    if dataset is not None:
        config = msgspec.structs.replace(config, dataset=dataset)
    _refuse_an_end(source, config, step, _epochs_done(path, header, openings))
    trust_typed(config, present)
    with code_from(source):
        before(config)
    made = {"ganterm": __version__, "command": command, "parent": f"{source.name}@{step}"}
    if openings:
        made |= {"threads": str(threads), "data_crc32": openings[0].data_crc32}

    def fill(run: RunDir, _: str) -> None:
        _copy(path, run.checkpoint_path(step))
        take_over(source, run)
        copy_parts(code_of(config), run)
        write_atomically(run.config_file, render_run_toml(config, made).encode())

    try:
        return create_run(runs_dir, name, stem_of(config), fill)
    except CheckpointDamaged as error:
        raise CheckpointDamaged(path, error.reason) from None


def origin_of(run: RunDir) -> Origin | None:
    """Return where `run` comes from, as its run.toml says; None where it is no branch.

    Raises:
        ConfigError: the file cannot be read, or what it says of a parent makes no sense.
    """
    made = read_made(run.config_file)
    parent = made.get("parent")
    if parent is None:
        return None
    name, _, step = parent.rpartition("@")
    if not (name and _is_count(step) and int(step) < MAX_STEP):
        raise ConfigError(
            f"Run file {run.config_file}: parent names no run and step, such as dcgan-001@5000."
        )
    threads = made.get("threads", "")
    return Origin(
        parent, int(step), int(threads) if _is_count(threads) else 0, made.get("data_crc32", "")
    )


def checkpoint_steps(run: RunDir) -> list[int]:
    """Return the steps that `run` has checkpoints of, in order; they are not verified."""
    steps = map(step_of, checkpoints.list_checkpoints(run.checkpoints))
    return [step for step in steps if step is not None]


def which_steps(source: RunDir) -> str:
    """Say which checkpoints `source` can be branched from, and how."""
    steps = checkpoint_steps(source)
    if not steps:
        return _no_checkpoint(source, 0)
    shown = [f"{step:,}" for step in steps]
    if len(shown) > 2 * _NAMED:
        shown = [*shown[:_NAMED], "…", *shown[-_NAMED:]]
    return (
        f"{source.name} has checkpoints of {', '.join(shown)}; "
        f"`ganterm branch {source.name} --step {steps[-1]}` goes on from the newest."
    )


def _no_checkpoint(source: RunDir, step: int) -> str:
    steps = checkpoint_steps(source)
    if not steps:
        return f"{source.name} has no checkpoint yet, so nothing can branch from it."
    near = sorted(sorted(steps, key=lambda each: abs(each - step))[:_NAMED])
    which = "there are those of" if len(near) == len(steps) else "the nearest are those of"
    return (
        f"{source.name} has no checkpoint of step {step:,}; {which} "
        f"{', '.join(f'{each:,}' for each in near)}."
    )


def _in_force(source: RunDir, config: RunConfig, openings: list[OpeningRecord]) -> RunConfig:
    """Return the configuration of a checkpoint with the length that its run was given since."""
    if not openings:
        return config
    latest = config_of(openings[-1], source)
    return msgspec.structs.replace(
        config, steps=latest.steps, epochs=latest.epochs, dataset=latest.dataset
    )


def _chosen_by_worker(source: RunDir, step: int) -> bool:
    """Tell whether the threads in force at a step are what the run's worker changed them to."""
    last = ""
    for record in records_of(source.journal, ControlRecord):
        if record.key == "threads" and record.step <= step:
            last = last if record.error else record.id
    return last.startswith(AUTOMATIC)


def _changed(config: RunConfig, changes: Mapping[str, object]) -> RunConfig:
    parsed: dict[str, Value] = {}
    for name, value in changes.items():
        spec = field(name)
        parsed[spec.name] = parse_value(name, value)
        if spec.name in FIXED and parsed[spec.name] != getattr(config, spec.name):
            raise ConfigError(
                f"{spec.name} cannot be changed in a branch, which goes on with the networks, the "
                "images and the seed of its parent; begin a new run with `ganterm train`."
            )
    for name, other in _LENGTHS.items():
        if parsed.get(name):
            parsed.setdefault(other, 0)
    changed = msgspec.structs.replace(config, **parsed)
    check(changed)
    return changed


def _epochs_done(
    path: Path, header: checkpoints.CheckpointHeader, openings: list[OpeningRecord]
) -> int:
    """Return the whole epochs that a checkpoint has seen; 0 where that cannot be told."""
    images = openings[0].images if openings else 0
    config = config_in(path, header)
    try:
        batches = header.told("counters")["batches"]
        per_epoch = batches_per_epoch(images, config.batch_size, drop_last=config.drop_last)
        return int(batches // per_epoch)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 0


def _refuse_an_end(source: RunDir, config: RunConfig, step: int, epochs: int) -> None:
    unit, length, done = (
        ("steps", config.steps, step) if config.steps else ("epochs", config.epochs, epochs)
    )
    if length <= done:
        raise ConfigError(
            f"At step {step:,} {source.name} has made its {length:,} {unit} already; give the "
            f"branch more of them with {unit}."
        )


def _copy(source: Path, target: Path) -> None:
    """Copy a checkpoint and verify the copy; the original may be pruned meanwhile."""
    with os.fdopen(open_regular(source), "rb") as original:
        write_atomically(
            target,
            lambda copy: shutil.copyfileobj(original, copy, 1 << 20),
            check=checkpoints.verify,
        )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(MAX_STEP))
