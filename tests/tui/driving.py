"""Driving the app without a terminal: tests that await, runs to look at, the screen as text."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from typing_extensions import ParamSpec

from ganterm.client.overview import Overview
from ganterm.render.colour import Canvas
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.tui.app import GantermApp
from ganterm.tui.base import FULL_CANVAS, AppOptions
from ganterm.tui.messages import RunsListed
from ganterm.tui.terminal.pace import LOW_BANDWIDTH
from tests.records import record as record_of

PATIENCE = 60.0
"""Seconds after which something that should come counts as not coming."""

Parameters = ParamSpec("Parameters")

_PACE = dataclasses.replace(LOW_BANDWIDTH, rest_seconds=0.0)
"""Nothing changes by itself, nor with the time that a test takes: pictures come as they rest."""
SIZES = ((60, 20), (80, 24), (120, 40), (200, 50))
"""Columns and rows that every screen is looked at with."""


def awaited(test: Callable[Parameters, Coroutine[Any, Any, None]]) -> Callable[Parameters, None]:
    """Let pytest call a test that awaits; tasks start as `App.run` lets them, eagerly if it can."""

    async def begin(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        if eager := getattr(asyncio, "eager_task_factory", None):
            asyncio.get_running_loop().set_task_factory(eager)
        await test(*args, **kwargs)

    @functools.wraps(test)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        asyncio.run(begin(*args, **kwargs))

    return run


def make_app(
    runs_dir: Path, *, run: RunDir | None = None, canvas: Canvas = FULL_CANVAS, theme: str = "night"
) -> GantermApp:
    """Return an app that reads runs only when it is told to, and moves nothing."""
    return GantermApp(
        AppOptions(runs_dir, run=run, theme=theme, canvas=canvas, pace=_PACE, background=False)
    )


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def painted(pilot: Pilot[None]) -> None:
    """Wait until the screen has painted all there was to paint."""
    await pilot.pause()
    while pilot.app.screen._dirty_widgets or pilot.app.screen._layout_required:
        await pilot.pause()


def screen_text(app: App[None]) -> str:
    """Return what the screen shows, as lines without blanks at their ends."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Let the app run until something holds; fails when it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, screen_text(pilot.app)
        await pilot.pause(0.01)


def list_runs(app: GantermApp, runs: Sequence[Overview], trouble: str = "") -> None:
    """Give the app a list of runs as if they had been found."""
    app.listed = RunsListed(runs, trouble)
    app.runs_signal.publish(app.listed)


_PLAIN = Overview(
    name="plain",
    path=Path("checkpoints/plain"),
    state="finished",
    alive=False,
    message="",
    recipe="dcgan",
    dataset="mnist",
    step=10_000,
    steps=10_000,
    epochs=None,
    images_per_s=2310.0,
    d_loss=0.651,
    g_loss=1.204,
    d_real=0.61,
    d_fake=0.38,
    device="cpu",
    host="here",
    pid=4711,
    age_s=7200.0,
    size_bytes=5_400_000,
    last_checkpoint=None,
    note="",
)


def overview_of(name: str, **facts: Any) -> Overview:
    """Return a run in a list: finished, unless `facts` say otherwise."""
    path = Path("checkpoints") / name
    return dataclasses.replace(_PLAIN, **{"name": name, "path": path, **facts})


def some_runs() -> list[Overview]:
    """Return one run in each state."""
    return [
        overview_of("dcgan-003", state="running", alive=True, step=4_200, age_s=0.2),
        overview_of(
            "wgan-gp-001",
            state="crashed",
            message="its worker died without a word after step 12,100; go on with "
            "'ganterm resume wgan-gp-001'",
            recipe="wgan-gp",
            dataset="fashion-mnist",
            step=12_100,
            steps=20_570,
            d_loss=-1.25,
            g_loss=3.705,
            age_s=1260.0,
        ),
        overview_of("dcgan-002", state="paused", alive=True, step=900, age_s=1.0, note="by hand"),
        overview_of(
            "dcgan-001",
            state="failed",
            message="the generator's loss is not finite since step 4,801",
            step=4_821,
            d_loss=None,
            g_loss=math.nan,
            age_s=4 * 3600.0,
        ),
        overview_of(
            "dcgan-8x8-002",
            recipe="dcgan-8x8",
            dataset="digits",
            step=4_520,
            steps=4_520,
            age_s=2 * 86400.0,
            note="lr doubled: faster, but it collapses to 3s and 8s after 2,000 steps",
        ),
        overview_of("mlp-001", state="stopped", recipe="mlp", step=938, age_s=8 * 86400.0),
        overview_of(
            "dcgan-64-001",
            state="new",
            message="no worker has written it yet",
            step=0,
            steps=2345,
            d_loss=None,
            g_loss=None,
            age_s=None,
            recipe="dcgan-64",
            size_bytes=512,
        ),
        overview_of("sngan-001", state="starting", alive=True, recipe="sngan", step=0, age_s=3.0),
        overview_of("far-001", state="unknown", alive=None, message="its worker is on box7"),
    ]


def write_run(
    runs_dir: Path, name: str, *, steps: int = 400, drift: float = 0.0, **config: Any
) -> RunDir:
    """Make a finished run on the disk: `steps` steps whose losses are smooth functions of them."""
    run = create_run(runs_dir, name, "dcgan")
    settings = {"recipe": "dcgan", "dataset": "mnist", "lr_g": 2e-4, "batch_size": 128, **config}
    with JournalWriter(run.journal, clock=lambda: 1.7e9) as journal:
        opening: dict[str, Any] = {"run": name, "config": settings, "steps": steps, "host": "here"}
        journal.write(record_of("start", 0, device="cpu", threads=2, **opening))
        for step in range(0, steps, 4):
            share = step / steps
            journal.write(
                record_of(
                    "metrics",
                    step,
                    images_per_s=2310.0,
                    g_loss=0.7 + drift + 1.5 * share**0.5,
                    d_loss=1.4 - drift - 0.8 * share,
                )
            )
        journal.write(record_of("end", steps, reason="finished", message="", exit_code=0))
    return run
