"""What can be said of a run at a glance, for every list of runs."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganterm import recipes
from ganterm.core.errors import ConfigError
from ganterm.core.quantities import D_FAKE, D_REAL
from ganterm.core.records import MetricsRecord, Numbers
from ganterm.runs.files import read_run_text
from ganterm.runs.journal import read_end
from ganterm.runs.layout import RunDir
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


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
