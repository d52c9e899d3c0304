"""A real worker on the embedded digits, steered, killed and branched from the monitor."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens import run_actions, steering
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.widgets.banner import Banner
from ganterm.tui.widgets.live_values import LiveValues
from ganterm.tui.widgets.toned import Header
from tests.tui.driving import awaited, make_app, screen_text
from tests.worker.workers import Worker, Zygote, make_run


@pytest.fixture(autouse=True)
def _gather_until_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send small changes when the test says so, however long its key presses take."""
    monkeypatch.setattr(steering, "GATHER_SECONDS", 3600.0)


async def look(app: GantermApp, pilot: Pilot[None]) -> MonitorScreen:
    await app.workers.wait_for_complete()
    app.read_now()
    await pilot.pause()
    assert isinstance(app.screen, MonitorScreen)
    return app.screen


def value_of(screen: MonitorScreen, key: str) -> str:
    return next(row.value for row in screen.query_one(LiveValues).rows if row.key == key)


@pytest.mark.slow
@awaited
async def test_a_run_is_steered_killed_and_branched(
    zygote: Zygote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rate is changed and marked, a death named at the next look, an earlier state taken up."""
    run = make_run(tmp_path, steps=10**6, batch_size=16, checkpoint_every="0")
    worker = zygote.start(run)
    worker.until_step(12)
    started: list[Worker] = []

    def start(made: RunDir) -> None:
        started.append(zygote.start(made))

    monkeypatch.setattr(run_actions, "start_worker", start)
    app = make_app(tmp_path, run=run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await look(app, pilot)
        assert "running" in screen.query_one(Header).text
        assert value_of(screen, "lr_g") == "0.001"

        await pilot.press("full_stop", "k")
        screen.steering.send_queued()
        await app.workers.wait_for_complete()
        change = worker.until(lambda r: r["kind"] == "control" and r["name"] == "set")
        assert change is not None
        # Metrics of steps before it may come after it; the charts end where the metrics do.
        worker.until(lambda r: r["kind"] == "metrics" and r["step"] >= change["step"])
        await look(app, pilot)
        assert value_of(screen, "lr_g") == "0.0015"
        assert "Δ changed" in screen_text(app)
        assert screen.steering.pending.waiting == {}

        worker.kill()
        app.poller._readers[run.name]._look_again = 0.0
        await look(app, pilot)
        notice = screen.query_one(Banner).notice
        assert notice is not None
        assert "died without a word" in notice.text

        await pilot.press("b")
        await app.workers.wait_for_complete()
        assert app.screen.query(OptionList)
        await pilot.press("enter")
        app.screen.query_one(Input).value = "lr_d=1e-4"
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        (branch,) = started
        assert branch.run != run
        branch.until(lambda record: record["kind"] == "metrics")
        screen = await look(app, pilot)
        assert app.watched == RunDir(branch.run.path)
        assert branch.run.name in screen.query_one(Header).text
        assert value_of(screen, "lr_d") == "0.0001"
        branch.kill()
