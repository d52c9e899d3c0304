"""`ganterm runs`: what runs there are and where each stands."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganterm.cli.console import emit_json, emit_lines, table
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, RunsDir

if TYPE_CHECKING:
    from ganterm.runs.layout import RunDir
    from ganterm.runs.records import Record

_HEADINGS = ("NAME", "STATE", "STEP", "D LOSS", "G LOSS", "AGE", "RECIPE", "DATASET", "SIZE")
_LEAST_NEEDED = ("SIZE", "DATASET", "RECIPE", "AGE")
"""Columns that go, in this order, from a screen that is too narrow for all."""


def runs(*, runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs, the one last active first: state, step, last losses, age and size.

    Age is the time since the run was last heard of.
    """
    from ganterm.runs.layout import default_runs_dir, find_runs  # noqa: PLC0415

    where = runs_dir or default_runs_dir()
    described = [describe(run) for run in find_runs(where)]
    if as_json:
        emit_json(described)
        return
    if not described:
        say(f"There are no runs in {where}; start one with `ganterm train`.")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    emit_lines(_fitted([_row(run) for run in described], width))
    for run in described:
        if run["state"] in {"failed", "crashed", "unknown"} and run["message"]:
            say(f"{run['name']} {run['state']}: {run['message']}")


def describe(run: RunDir) -> dict[str, Any]:
    """Return what can be said of a run at a glance; reads only the end of its journal."""
    from ganterm.runs.state import observe  # noqa: PLC0415

    view = observe(run)
    status = view.status
    settings = _settings(run)
    metrics = _last_metrics(run)
    return {
        "name": run.name,
        "path": str(run.path),
        "state": view.state,
        "alive": view.alive,
        "message": view.message,
        "recipe": settings.get("recipe"),
        "dataset": settings.get("dataset"),
        "step": view.step,
        "steps": status.steps if status and status.steps else settings.get("steps") or None,
        "epochs": settings.get("epochs") or None,
        "images_per_s": status.images_per_s if status else None,
        "d_loss": metrics.get("d_loss"),
        "g_loss": metrics.get("g_loss"),
        "d_real": metrics.get("d_real"),
        "d_fake": metrics.get("d_fake"),
        "device": status.device if status else None,
        "host": status.host if status else None,
        "pid": status.pid if status else None,
        "age_s": view.age,
        "size_bytes": _size(run.path),
        "last_checkpoint": status.last_checkpoint if status else None,
    }


def _settings(run: RunDir) -> dict[str, Any]:
    """Return the settings in `run.toml` as they stand; a run of any version can be listed."""
    from ganterm import recipes  # noqa: PLC0415
    from ganterm.errors import ConfigError  # noqa: PLC0415

    try:
        text = recipes.read_text(run.config_file, "run file")
        settings = recipes.parse_toml(text, "run file").get("run")
    except ConfigError:
        return {}
    return settings if isinstance(settings, dict) else {}


def _last_metrics(run: RunDir) -> Record:
    from ganterm.runs.journal import read_end  # noqa: PLC0415

    try:
        records = read_end(run.journal)
    except OSError:
        return {}
    return next((r for r in reversed(records) if r["kind"] == "metrics"), {})


def _size(directory: Path) -> int:
    """Return the bytes of all files below `directory`; what vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except OSError:
                continue
    return total


def _row(run: dict[str, Any]) -> list[str]:
    step, steps = run["step"], run["steps"]
    return [
        run["name"],
        run["state"],
        f"{step}/{steps}" if steps else f"{step}",
        _number(run["d_loss"]),
        _number(run["g_loss"]),
        _age(run["age_s"]),
        str(run["recipe"] or "?"),
        str(run["dataset"] or "?"),
        _bytes(run["size_bytes"]),
    ]


def _fitted(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Lay the table out, leaving out what is least needed where it is wider than `width`."""
    left_out: list[str] = []
    while True:
        kept = [i for i, heading in enumerate(_HEADINGS) if heading not in left_out]
        lines = table([_HEADINGS[i] for i in kept], [[row[i] for i in kept] for row in rows])
        if width is None or max(map(len, lines)) <= width or len(left_out) == len(_LEAST_NEEDED):
            return lines
        left_out.append(_LEAST_NEEDED[len(left_out)])


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, (int, float)) else "-"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:.0f}s"


def _bytes(count: int) -> str:
    for unit, size in (("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)):
        if count >= size:
            return f"{count / size:.{1 if count < 10 * size else 0}f}{unit}"
    return f"{count}B"
