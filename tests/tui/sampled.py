"""Runs with samples to look at: images whose pixels tell their step and their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from tests.records import record as record_of
from tests.tui.driving import write_run

Image = Callable[[int, int], Raster]
"""Makes the image at a place, from 0, of the samples of a step."""


def bars(step: int, index: int) -> Raster:
    """Return an 8x8 image with as many bright columns as its place, its grey told by the step."""
    grey = 85 * (step // 100 % 3 + 1)
    row = bytes(grey if x <= index % 8 else 0 for x in range(8))
    return Raster(8, 8, 1, row * 8)


def write_sheet(run: RunDir, step: int, *, count: int = 16, image: Image = bars) -> Path:
    """Draw the samples of a step."""
    path = run.sample_path(step)
    save_sheet([image(step, index) for index in range(count)], 4, path)
    return path


def add_samples(run: RunDir, steps: Iterable[int], *, count: int = 16, image: Image = bars) -> None:
    """Let the run draw samples at these steps."""
    with JournalWriter(run.journal, clock=lambda: 1.7e9) as journal:
        for step in steps:
            path = write_sheet(run, step, count=count, image=image)
            journal.write(record_of("sample", step, path=str(path.relative_to(run.path))))


def sampled_run(
    runs_dir: Path, steps: Iterable[int] = (0, 100, 200, 300), name: str = "run-001"
) -> RunDir:
    """Make a finished run that drew samples at these steps, and real images."""
    run = write_run(runs_dir, name)
    run.samples.mkdir(exist_ok=True)
    add_samples(run, steps)
    save_sheet([bars(0, 7 - index) for index in range(16)], 4, run.real_samples)
    return run
