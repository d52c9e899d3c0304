"""What can be said of a run at a glance, for every list of runs."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganterm import recipes
from ganterm.core.errors import ConfigError
from ganterm.core.files import Stamp, read_run_text, stamp_of
from ganterm.core.quantities import D_FAKE, D_REAL
from ganterm.core.records import MetricsRecord, Numbers
from ganterm.runs.journal import read_end
from ganterm.runs.layout import RunDir, find_runs
from ganterm.runs.manage import disk_usage, read_note
from ganterm.runs.state import RunView, State, observe


@dataclass(frozen=True)
class Overview:
    """One run in a list; strings may hold foreign text.

    Attributes:
        message: a sentence about the state; may be empty.
        steps: length of the run in steps; None if it is not known.
        images_per_s: real images seen per second lately.
        d_loss, g_loss, d_real, d_fake: as last measured; None where nothing was, or not finite.
        age_s: seconds since the run was last heard of; None for one never begun.
        size_bytes: what it takes up on the disk.
        note: the first line of what the user wrote about it.
    """

    name: str
    path: Path
    state: State
    alive: bool | None
    message: str
    recipe: str | None
    dataset: str | None
    step: int
    steps: int | None
    epochs: int | None
    images_per_s: float | None
    d_loss: float | None
    g_loss: float | None
    d_real: float | None
    d_fake: float | None
    device: str | None
    host: str | None
    pid: int | None
    age_s: float | None
    size_bytes: int
    last_checkpoint: str | None
    note: str

    @property
    def run(self) -> RunDir:
        """The run's directory."""
        return RunDir(self.path)


def overview(run: RunDir) -> Overview:
    """Return what can be said of `run` at a glance; reads only the end of its journal."""
    return describe(observe(run), settings_of(run), last_metrics(run), disk_usage(run))


def describe(
    view: RunView, settings: dict[str, Any], metrics: Numbers, size_bytes: int
) -> Overview:
    """Put together what `view`, the settings, the last metrics and the size say."""
    status = view.status
    run = view.run
    return Overview(
        name=run.name,
        path=run.path,
        state=view.state,
        alive=view.alive,
        message=view.message,
        recipe=_word(settings.get("recipe")),
        dataset=_word(settings.get("dataset")),
        step=view.step,
        steps=(status.steps if status else _count(settings.get("steps"))) or None,
        epochs=_count(settings.get("epochs")) or None,
        images_per_s=status.images_per_s if status else None,
        d_loss=metrics.get("d_loss"),
        g_loss=metrics.get("g_loss"),
        d_real=metrics.get(D_REAL),
        d_fake=metrics.get(D_FAKE),
        device=status.device if status else None,
        host=status.host if status else None,
        pid=status.pid if status else None,
        age_s=view.age,
        size_bytes=size_bytes,
        last_checkpoint=status.last_checkpoint if status else None,
        note=read_note(run).partition("\n")[0],
    )


def settings_of(run: RunDir) -> dict[str, Any]:
    """Return the settings in `run.toml` as they stand; empty where they cannot be read.

    They are not held against the schema, so that a run of any version can be listed.
    """
    try:
        text = read_run_text(run.config_file)
        settings = recipes.parse_toml(text, "run file").get("run")
    except ConfigError:
        return {}
    return settings if isinstance(settings, dict) else {}


def as_dict(overview: Overview) -> dict[str, Any]:
    """Return the overview as plain values, as JSON takes them."""
    return {**dataclasses.asdict(overview), "path": os.fspath(overview.path)}


def last_metrics(run: RunDir) -> Numbers:
    """Return the newest metrics within the last 64 kB of the journal; empty without one."""
    try:
        records = read_end(run.journal)
    except OSError:
        return {}
    return next((r.values for r in reversed(records) if isinstance(r, MetricsRecord)), {})


def cores_beside(runs: Path, threads: int = 0) -> tuple[int, str]:
    """Return on how many threads to compute beside what trains in `runs`, and a sentence on it.

    As many as are asked for; else one beside a run that trains on this machine, or 0, which leaves
    it to PyTorch, where none does.
    """
    busy = [
        view.run.name
        for view in map(observe, find_runs(runs))
        if view.alive and view.state in {"starting", "running"}
    ]
    if not busy:
        return threads, ""
    taken, cores = threads or 1, os.cpu_count() or 1
    who = f"{busy[0]}, which trains" if len(busy) == 1 else f"{len(busy)} runs that train"
    return taken, f"Judging takes {taken} of {cores} cores from {who}."


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


SIZE_SECONDS = 20.0
"""How often the files of a run that trains are counted again."""


@dataclass
class _Known:
    """What was read of a run, and what its files looked like then."""

    config_stamp: Stamp | None = None
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    journal_stamp: Stamp | None = None
    metrics: Numbers = dataclasses.field(default_factory=dict)
    size_bytes: int = 0
    size_until: float = 0.0
    size_stamp: Stamp | None = None


class RunList:
    """The runs of a directory.

    Attributes:
        trouble: one sentence where the directory cannot be listed; empty otherwise.
    """

    def __init__(self, runs_dir: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.runs_dir = runs_dir
        self.trouble = ""
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def poll(self) -> list[Overview]:
        """Return every run, the one last active first."""
        try:
            runs = find_runs(self.runs_dir)
            self.trouble = ""
        except ConfigError as error:
            runs, self.trouble = [], str(error)
        self._known = {run.name: self._known.get(run.name, _Known()) for run in runs}
        return [self._overview(run, self._known[run.name]) for run in runs]

    def _overview(self, run: RunDir, known: _Known) -> Overview:
        config, journal = stamp_of(run.config_file), stamp_of(run.journal)
        if config != known.config_stamp or config is None:
            known.settings, known.config_stamp = settings_of(run), config
        if journal != known.journal_stamp or journal is None:
            # A long silence on losses, as after a change, leaves the last ones standing.
            known.metrics = last_metrics(run) or known.metrics
            known.journal_stamp = journal
        if known.size_stamp is None or (
            journal != known.size_stamp and self._clock() >= known.size_until
        ):
            known.size_bytes = disk_usage(run)
            known.size_stamp, known.size_until = journal, self._clock() + SIZE_SECONDS
        return describe(observe(run), known.settings, known.metrics, known.size_bytes)
