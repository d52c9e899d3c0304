"""`ganterm bench`: what ganterm costs and how fast it is, measured here and now."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from ganterm.benchmarks.suite import (
    BenchSettings,
    Report,
    choose,
    facts,
    markdown,
    run_suite,
    scratch,
)
from ganterm.cli import completion
from ganterm.cli.console import emit_json, emit_lines, table
from ganterm.cli.narrate import ProgressReporter, Waiting, say
from ganterm.cli.options import AsJson, RunsDir
from ganterm.cli.outputs import write_file
from ganterm.core.errors import ConfigError
from ganterm.render.text import safe_text
from ganterm.runs.layout import default_runs_dir, resolve_run

_QUALITY = "Time to quality"


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="What to measure: throughput, techniques, limit, upkeep, growth, startup, "
            "quality, or all. By default all but quality, which takes many minutes.",
            show_default=False,
        ),
    ] = None,
    *,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            help="Recipe to train; may be repeated.",
            show_default="mlp and dcgan",
            autocompletion=completion.recipes,
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            min=0.1, max=86400, help="Seconds for which each contestant trains on each recipe."
        ),
    ] = 20.0,
    steps: Annotated[
        int,
        typer.Option(min=100, max=10**8, help="Steps over which the growth of memory is watched."),
    ] = 5000,
    fast: Annotated[
        str,
        typer.Option(
            metavar="RECIPE", help="Recipe that is to be as good sooner.", rich_help_panel=_QUALITY
        ),
    ] = "turbo",
    reference: Annotated[
        str,
        typer.Option(
            metavar="RECIPE",
            help="Recipe whose whole run in the tutorial loop is to be matched.",
            rich_help_panel=_QUALITY,
        ),
    ] = "dcgan",
    reference_run: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="A finished run of that recipe, which shows the tutorial loop's quality.",
            rich_help_panel=_QUALITY,
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(envvar="GANTERM_DEVICE", help="auto, cpu, cuda, cuda:N or mps.")
    ] = "auto",
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.md", help="Write a Markdown page as well."),
    ] = None,
) -> None:
    """Measure speed and costs on this machine, against a plain tutorial loop where there is one.

    Figures need a quiet machine: the load before the measurements stands with them.
    """
    chosen = choose(names or [])
    where = runs_dir or default_runs_dir()
    judged = None if reference_run is None else resolve_run(reference_run, where).path
    if output is not None:
        _check_output(output)
    with Waiting("importing PyTorch"):
        import torch  # noqa: F401, PLC0415
    with _ending_tidily(), scratch(where) as place, ProgressReporter() as progress:
        settings = BenchSettings(
            recipes=tuple(dict.fromkeys(recipe or BenchSettings.recipes)),
            seconds=seconds,
            device=device,
            scratch=place,
            steps=steps,
            fast=fast,
            reference=reference,
            reference_run=judged,
        )
        report = run_suite(chosen, settings, progress)
    if as_json:
        emit_json(report.as_mapping())
    else:
        emit_lines(_lines(report))
    if output is not None:
        earlier = output.read_text(errors="replace") if output.is_file() else ""
        write_file(output, markdown(report, earlier).encode(errors="backslashreplace"))
        say(f"Wrote {output}.")


def _lines(report: Report) -> Iterator[str]:
    yield from table(("MACHINE", ""), facts(report))
    for result in report.results.values():
        yield ""
        yield result.title
        headings, *rows = result.cells()
        yield from table(headings, rows)
        yield from map(safe_text, result.notes)


def _check_output(output: Path) -> None:
    """Say at once, rather than after minutes of measuring, that the page has no place to go."""
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise ConfigError(f"--output {output} cannot be a file; name one in a directory there is.")


@contextlib.contextmanager
def _ending_tidily() -> Iterator[None]:
    """Let being terminated, or losing the terminal, remove the scratch files and end the worker."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _leave) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
