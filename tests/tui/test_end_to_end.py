"""A day with the app on a real terminal: set up, train, see digits, steer, leave, come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ganterm.render.sheet import load_sheet
from ganterm.runs import control
from ganterm.runs.layout import RunDir, find_runs
from ganterm.runs.lock import is_held
from ganterm.runs.state import observe
from tests.records import lines
from tests.tui.app_session import AppSession
from tests.tui.emulator import Emulator
from tests.tui.training import Training, end_workers
from tests.worker.workers import Zygote

ROUNDING = 40
"""How far a grey may be from the sample's; frames are rounded to few greys."""


@pytest.fixture
def runs_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "runs"
    end_workers(tmp_path / "runs")


def records(run: RunDir, kind: str) -> list[dict[str, Any]]:
    return [record for record in lines(run.journal) if record["kind"] == kind]


def sets(run: RunDir) -> list[tuple[str, Any]]:
    """Return the live changes that the worker made, as (key, value)."""
    return [
        (record["args"]["key"], record["args"]["value"])
        for record in records(run, "control")
        if record["name"] == "set" and not record["error"]
    ]


def captioned_step(screen: Emulator) -> int | None:
    """Return the step that the samples on the screen are said to be of."""
    found = re.search(r"step ([\d,]+)  newest", screen.text)
    return int(found[1].replace(",", "")) if found else None


def greys(screen: Emulator) -> list[list[int]]:
    """Return the pixels of the screen, two in each cell; -1 where there is no grey."""
    rows: list[list[int]] = []
    for line in screen.looks:
        pairs = [look if len(look) == 2 else ("", "") for look in line]
        rows += [[_grey(str(pair[half])) for pair in pairs] for half in (0, 1)]
    return rows


def _grey(colour: str) -> int:
    red, green, blue = (colour.split(";")[2:] or ["", "", ""])[:3]
    return int(red) if red and red == green == blue else -1


def shows_samples(screen: Emulator, run: RunDir) -> bool:
    """Tell whether the first digit of the newest samples on the disk is on the screen."""
    step = captioned_step(screen)
    if step is None or not run.sample_path(step).exists():
        return False
    digit = load_sheet(run.sample_path(step))[0]
    rows, wanted = greys(screen), [list(row) for row in digit.rows()]
    return any(
        all(
            abs(shown - pixel) <= ROUNDING
            for y, line in enumerate(wanted)
            for shown, pixel in zip(rows[top + y][left : left + digit.width], line, strict=True)
        )
        for top in range(len(rows) - digit.height)
        for left in range(screen.columns - digit.width)
    )


def test_a_day_with_the_app(runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first screen to digits, a pause and a new rate; training outlives the app."""
    monkeypatch.setenv("GANTERM_RECIPE", "dcgan-8x8")  # The default is over in seconds.
    first = AppSession(runs_dir)
    try:
        first.see("There are no runs")
        first.type("n")
        first.see("New run", "dcgan-8x8", "ready")
        first.type("\x07")  # Ctrl-G
        first.see("● running", "lr_g")
        (run,) = find_runs(runs_dir)
        first.type("i")
        first.until(lambda: len(records(run, "sample")) > 1, "new samples")
        first.until(lambda: shows_samples(first.screen, run), "the digits of the sheet")

        first.type("p")
        first.see("paused")
        assert observe(run).state == "paused"
        first.type("p")
        first.see("● running")

        first.type(".")
        first.until(lambda: sets(run) == [("lr_g", 0.0015)], "a new rate in the journal")
        first.see("0.0015")

        first.type("q")
        assert first.leave() == 0
        assert run.name in first.text
        assert is_held(run.lock)
    finally:
        first.kill()

    again = AppSession(runs_dir, run.name)
    try:
        step = observe(run).step
        again.see("● running", "0.0015", "lr_g: 0.001 to 0.0015")
        again.until(lambda: observe(run).step > step, "more steps")
        again.type("x")
        again.see("Stop")
        again.type("y")
        again.see("stopped")
        again.until(lambda: not is_held(run.lock), "the end of the worker")
        assert [record["reason"] for record in records(run, "end")] == ["stopped"]
        assert records(run, "checkpoint")[-1]["step"] == records(run, "end")[0]["step"]
        again.type("q")
        assert again.leave() == 0
    finally:
        again.kill()


@pytest.mark.slow
@pytest.mark.parametrize("end", ["hang up", "kill"])
def test_training_outlives_an_app_that_is_torn_away(
    zygote: Zygote, runs_dir: Path, end: str
) -> None:
    """A lost connection, or `kill -9`: the worker goes on, and another app shows it all."""
    with Training(zygote, runs_dir) as training:
        app = AppSession(runs_dir, training.run.name)
        app.see("● running")
        if end == "kill":
            app.kill()
        else:
            app.hang_up()
        training.come_to(training.step + 50)
        again = AppSession(runs_dir, training.run.name)
        try:
            again.see("● running", "log 2")
        finally:
            again.kill()


@pytest.mark.slow
def test_a_worker_that_is_killed_is_said_to_be_gone(zygote: Zygote, runs_dir: Path) -> None:
    """In words, with what it printed last and the way to go on."""
    with Training(zygote, runs_dir) as training:
        app = AppSession(runs_dir, training.run.name)
        try:
            app.see("● running")
            training.kill()
            app.see("crashed", "resume")
        finally:
            app.kill()


@pytest.mark.slow
def test_two_apps_agree(zygote: Zygote, runs_dir: Path) -> None:
    """What one does, the other shows."""
    with Training(zygote, runs_dir) as training:
        one, other = (AppSession(runs_dir, training.run.name) for _ in range(2))
        try:
            for app in (one, other):
                app.see("● running")
            one.type("p")
            for app in (one, other):
                app.see("paused")
            control.post(training.run.control, "resume")
            for app in (other, one):
                app.see("● running")
        finally:
            one.kill()
            other.kill()
