"""Alerts in the monitor: what stands is named with its remedies, and a key applies them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from ganterm.core.errors import ConfigError
from ganterm.doctor import applicable
from ganterm.runs.control import pending
from ganterm.runs.layout import RunDir
from ganterm.tui.app import GantermApp
from ganterm.tui.screens.monitor import MonitorScreen
from ganterm.tui.widgets.banner import Banner
from tests.tui.driving import SIZES, awaited, make_app, screen_text
from tests.tui.golden import assert_goldens
from tests.tui.living import LivingRun

MESSAGE = "D wins too easily: it is right on 99 % of both, and G's loss has risen to 4.2"


@pytest.fixture
def living(tmp_path: Path) -> Iterator[LivingRun]:
    """Give a run with a trouble that stands."""
    with LivingRun(tmp_path) as run:
        run.train(400)
        alert(run, "d-too-strong", MESSAGE)
        yield run


def alert(living: LivingRun, code: str, message: str, *, cleared: bool = False) -> None:
    """Let the doctor say something."""
    evidence: dict[str, Any] = {"acc_real": 0.99, "steps": 40}
    told = {"code": code, "message": message, "remedy": "halve lr_d", "evidence": evidence}
    living.say("alert", **told, remedies=[], cleared=cleared)


async def look(app: GantermApp, pilot: Pilot[None]) -> MonitorScreen:
    """Read the run, and return the monitor that shows it."""
    for _ in range(2):
        await app.workers.wait_for_complete()
        app.read_now()
        await pilot.pause()
    assert isinstance(app.screen, MonitorScreen)
    app.screen.update_times()
    await pilot.pause()
    return app.screen


def notice(screen: MonitorScreen) -> str:
    """Return what the banner says."""
    found = screen.query_one(Banner).notice
    return found.text if found else ""


def asked(run: RunDir) -> dict[str, Any]:
    """Return the settings that the worker was asked for."""
    commands = pending(run.control)
    assert all(command.name == "set" for command in commands)
    return {command.args["key"]: command.args["value"] for command in commands}


@awaited
async def test_what_stands_is_named_with_its_remedies_and_a_key_applies_them(
    living: LivingRun,
) -> None:
    """The trouble, its figures, the key that acts and how many other ways there are."""
    app = make_app(living.run.path.parent, run=living.run)
    async with app.run_test(size=SIZES[0]) as pilot:
        await look(app, pilot)
        await assert_goldens("monitor-alert", pilot)
        await pilot.resize_terminal(120, 40)
        assert MESSAGE in notice(await look(app, pilot))
        assert "h remedy  H all remedies" in screen_text(app).splitlines()[-1]

        # The worker is asked for the first one's settings; once, though the answer is yet to come.
        await pilot.press("h")
        await look(app, pilot)
        assert asked(living.run) == {"lr_d": 1e-4}
        await pilot.press("h")
        await look(app, pilot)
        assert len(pending(living.run.control)) == 1
        living.answer()

        # The list has every remedy of every trouble once, each with whether it is live.
        alert(living, "mode-collapse", "the samples grow alike")
        assert "And 1 more." in notice(await look(app, pilot))
        await pilot.press("H")
        await pilot.pause()
        assert "d-too-strong since step 360, acc_real 0.99, steps 40." in screen_text(app)
        listed = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        names = [each.split()[0] for each in listed]
        assert len(set(names)) == len(names)
        assert {"slower-d", "smooth-labels", "more-d-steps", "r1"} <= set(names)
        assert "as another run" in listed[names.index("r1")]
        app.screen.query_one(OptionList).highlighted = names.index("smooth-labels")
        await pilot.press("enter")
        await look(app, pilot)
        assert asked(living.run) == {"real_label": 0.9}
        living.answer()

        # What is over is no longer named, and the keys say that nothing is wrong.
        alert(living, "mode-collapse", "the samples grow alike", cleared=True)
        alert(living, "d-too-strong", MESSAGE, cleared=True)
        screen = await look(app, pilot)
        assert notice(screen) == ""
        assert "remedy" not in screen_text(app).splitlines()[-1]
        await pilot.press("h")
        await pilot.pause()
        assert pending(living.run.control) == []
        feed = screen.feed
        assert feed is not None
        assert [mark.text for mark in feed.marks if mark.kind == "alert"][-1] == f"over: {MESSAGE}"


@awaited
async def test_a_remedy_for_a_run_without_a_worker_begins_another(
    living: LivingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once that is confirmed, with the remedy's settings; the run itself is left alone."""
    begun: list[tuple[object, ...]] = []

    def begin(run: RunDir, settings: object, since: int, *_: object, command: str) -> RunDir:
        begun.append((run, settings, since, command))
        raise ConfigError("there is no checkpoint to go on from")

    monkeypatch.setattr(applicable, "begin_with", begin)
    living.die()
    app = make_app(living.run.path.parent, run=living.run)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "begins another run" in notice(await look(app, pilot))
        await pilot.press("h")
        await pilot.pause()
        assert "stays as it is" in screen_text(app)
        await pilot.press("n", "h")
        await pilot.pause()
        assert begun == []
        await pilot.press("y")
        await look(app, pilot)
        command = "ganterm ctl dcgan-001 remedy slower-d"
        assert begun == [(living.run, {"lr_d": 1e-4}, 360, command)]
        assert pending(living.run.control) == []
