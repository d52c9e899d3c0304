"""Which checkpoint the user means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ganterm.config.ownloop import refuse_logs
from ganterm.config.recorded import openings_of
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded
from ganterm.runs import checkpoints
from ganterm.runs.checkpoints import CheckpointDamaged
from ganterm.runs.layout import (
    RunDir,
    default_runs_dir,
    find_runs,
    resolve_run,
    sample_grids,
    step_of,
)

_NAMED = 8
"""Steps that an error lists before it shortens the list."""


@dataclass(frozen=True)
class CheckpointChoice:
    """A verified checkpoint, and what there is to say about the choice."""

    path: Path
    step: int
    origin: str
    """What it was found in: the run's name, or the path that was given."""
    notes: tuple[str, ...] = ()
    """Newer checkpoints that are damaged, a sentence each."""


def choose_checkpoint(
    target: str | None, runs_dir: Path | None = None, *, step: int | None = None
) -> CheckpointChoice:
    """Find the checkpoint meant by `target`: a run, a file, or a folder of checkpoints.

    A run is given by name or path; None is the run that was last active. The newest checkpoint
    that is whole is taken, or the one of `step`.

    Raises:
        ConfigError: there is no such run, file or step, or the run is only to be looked at.
        DataError: no checkpoint is there yet, or none is whole.
    """
    path = None if target is None else expanded(target)
    if path is not None and path.is_file():
        if step is not None:
            raise ConfigError(f"{path} is one checkpoint; leave --step out, or name its run.")
        checkpoints.verify(path)
        return CheckpointChoice(path, checkpoints.read_header(path).step, str(path))
    if path is not None and not is_run(path) and checkpoints.list_checkpoints(path):
        return _within(path, str(path), step)
    where = runs_dir or default_runs_dir()
    run = resolve_run(target, where)
    if target is None and not checkpoints.list_checkpoints(run.checkpoints):
        others = (
            each for each in find_runs(where) if checkpoints.list_checkpoints(each.checkpoints)
        )
        if (other := next(others, None)) is not None:
            found = _within(other.checkpoints, other.name, step)
            note = f"{run.name}, the newest run, has no checkpoint; taking {other.name}."
            return replace(found, notes=(note, *found.notes))
    for opening in openings_of(run):
        refuse_logs(opening.config)
    return _within(run.checkpoints, run.name, step)


def choose_every(target: str | None, runs_dir: Path | None = None) -> list[CheckpointChoice]:
    """Find all whole checkpoints of a run or of a folder, the oldest first.

    Raises as `choose_checkpoint` does.
    """
    newest = choose_checkpoint(target, runs_dir)
    found = []
    for path in checkpoints.list_checkpoints(newest.path.parent):
        try:
            checkpoints.verify(path)
        except CheckpointDamaged as error:
            newest = replace(newest, notes=(f"{path.name} is damaged ({error.reason}).",))
        else:
            found.append(replace(newest, path=path, step=checkpoints.read_header(path).step))
    return found


def _within(directory: Path, origin: str, step: int | None) -> CheckpointChoice:
    found = checkpoints.list_checkpoints(directory)
    if not found:
        raise DataError(
            f"{origin} has no checkpoint; while it trains, `ganterm ctl {origin} checkpoint` "
            "writes one."
        )
    if step is not None:
        named = next((path for path in found if step_of(path) == step), None)
        if named is None:
            raise ConfigError(f"{origin} has no checkpoint of step {step}; it has {_steps(found)}.")
        checkpoints.verify(named)
        return CheckpointChoice(named, step, origin)
    newest, damaged = checkpoints.newest_valid(directory)
    if newest is None:
        reasons = "; ".join(f"{path.name}: {reason}" for path, reason in damaged[:3])
        raise DataError(
            f"No checkpoint of {origin} is whole ({reasons}); copy one anew or train again."
        )
    notes = tuple(
        f"{path.name} is damaged ({reason}); going back to {newest.name}."
        for path, reason in damaged
    )
    return CheckpointChoice(newest, checkpoints.read_header(newest).step, origin, notes)


def newest_sample(run: RunDir) -> Path | None:
    """Return the sample grid of the highest step of a run; None if it has drawn none."""
    grids = sample_grids(run)
    return grids[-1][1] if grids else None


def _steps(found: list[Path]) -> str:
    steps = [str(step_of(path)) for path in found]
    if len(steps) > _NAMED:
        steps = [*steps[: _NAMED - 2], "...", steps[-1]]
    return ", ".join(steps)
