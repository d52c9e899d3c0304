"""`ganterm runs`: what runs there are and where each stands."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganterm.cli.console import emit_json, emit_lines, table
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, RunsDir
from ganterm.render import words
from ganterm.render.text import cell_width, shortened

if TYPE_CHECKING:
    from ganterm.client.overview import Overview

_HEADINGS = ("NAME", "STATE", "STEP", "D LOSS", "G LOSS", "AGE", "RECIPE", "DATASET", "SIZE")
_MOST_CHARACTERS = 120
"""Of a line about a failure, where there is no terminal to fit."""
_LEAST_NEEDED = ("SIZE", "DATASET", "RECIPE", "AGE")
"""Columns that go, in this order, from a screen that is too narrow for all."""


def runs(*, runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the runs, the one last active first: state, step, last losses, age and size.

    Age is the time since the run was last heard of.
    """
    from ganterm.client.overview import as_dict, overview, placed  # noqa: PLC0415
    from ganterm.runs.layout import default_runs_dir, find_runs  # noqa: PLC0415

    where = runs_dir or default_runs_dir()
    found = placed([overview(run) for run in find_runs(where)])
    if as_json:
        emit_json([as_dict(run) for run in found])
        return
    if not found:
        say(f"There are no runs in {where}; start one with `ganterm train`.")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    emit_lines(_fitted([_row(run) for run in found], width))
    lines, cut = [], False
    for run in found:
        wrong = run.state in {"failed", "crashed", "unknown"}
        for said in filter(None, (run.message if wrong else "", run.trouble)):
            told = f"{run.name} {run.state}: {' '.join(said.split())}"
            lines.append(shortened(told, width or _MOST_CHARACTERS, "..."))
            cut = cut or lines[-1] != told
    for line in lines:
        say(line)
    if cut:
        say("`ganterm attach RUN` tells the whole of it.")


def _row(run: Overview) -> list[str]:
    return [
        run.name,
        run.state if run.place is None else f"{run.state} {run.place}",
        f"{run.step}/{run.steps}" if run.steps else f"{run.step}",
        words.number(run.d_loss),
        words.number(run.g_loss),
        words.age(run.age_s),
        run.recipe or "?",
        run.dataset or "?",
        words.size(run.size_bytes),
    ]


def _fitted(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Lay the table out, leaving out what is least needed where it is wider than `width`."""
    left_out: list[str] = []
    while True:
        kept = [i for i, heading in enumerate(_HEADINGS) if heading not in left_out]
        lines = table([_HEADINGS[i] for i in kept], [[row[i] for i in kept] for row in rows])
        if (
            width is None
            or max(map(cell_width, lines)) <= width
            or len(left_out) == len(_LEAST_NEEDED)
        ):
            return lines
        left_out.append(_LEAST_NEEDED[len(left_out)])
