"""Slow links: few bytes while a run trains, nothing lost in a stall, and no question to answer."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganterm.runs.control import pending
from ganterm.tui.terminal.pace import LOW_BANDWIDTH, SSH, Pace
from tests.tui.app_session import TRUECOLOUR, AppSession
from tests.tui.training import Training
from tests.worker.workers import Zygote

ANSWERED = re.compile(
    rb"\x1b\[[?>=]?[0-9;]*c"  # device attributes
    rb"|\x1b\[\??[0-9;]*n"  # device status, cursor position
    rb"|\x1b\[\??[0-9;]*\$p"  # modes
    rb"|\x1b\[>[0-9;]*q"  # the terminal's name
    rb"|\x1b\[\?[0-9;]*u"  # the keyboard protocol
    rb"|\x1b\[[0-9;]*[0-9]t"  # the window
    rb"|\x1b\][0-9;]*\?(?:\x07|\x1b)"  # colours
    rb"|\x1b[P_][^\x1b]*(?:q|\?)"  # termcap, graphics
    rb"|\x05"
)
"""Everything that a terminal answers to (xterm's ctlseqs, kitty's protocols)."""

PAINTING_BYTES = 12_000
"""What one change of everything takes with `--low-bandwidth`: a picture, charts and numbers."""


@pytest.fixture(scope="module")
def training(_zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Training]:
    with Training(_zygote, tmp_path_factory.mktemp("runs")) as training:
        yield training


def app_on(training: Training, *arguments: str, **env: str) -> AppSession:
    return AppSession(
        training.run.path.parent, training.run.name, *arguments, env={**TRUECOLOUR, **env}
    )


def shown_step(app: AppSession) -> int:
    """Return the step in the first line of the screen."""
    found = re.search(r"step ([\d,]+)/", app.screen.lines[0])
    return int(found[1].replace(",", "")) if found else -1


def bytes_per_second(app: AppSession, seconds: float) -> float:
    """Read for a while and return how much came."""
    began, before = time.monotonic(), app.count
    app.until(lambda: time.monotonic() - began >= seconds)
    return (app.count - before) / (time.monotonic() - began)


def settle(app: AppSession) -> None:
    """Read until everything has been there once: the run, its curves and its samples."""
    app.see("● running", "log 2", "newest")
    first = shown_step(app)
    app.until(lambda: shown_step(app) > first)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [12, 60])
def test_low_bandwidth_is_low(training: Training, seconds: float) -> None:
    """While a run trains, and draws samples all the time, less than 3 kB a second are sent.

    The last painting of a window is paid for by the time after it: a short window sees all of it.
    """
    steady = LOW_BANDWIDTH.bytes_per_second
    assert steady
    assert steady + PAINTING_BYTES / 60 < 3000
    app = app_on(training, "--low-bandwidth")
    try:
        settle(app)
        step = shown_step(app)
        rate = bytes_per_second(app, seconds)
        assert shown_step(app) > step
        assert 0 < rate <= steady + PAINTING_BYTES / seconds
    finally:
        app.kill()


@pytest.mark.slow
@pytest.mark.parametrize("pace", [SSH, LOW_BANDWIDTH], ids=lambda pace: pace.name)
def test_slow_links_get_fewer_frames(training: Training, pace: Pace) -> None:
    """Over SSH the screen changes four times a second by itself, no more."""
    arguments = ["--low-bandwidth"] if pace is LOW_BANDWIDTH else []
    paying = PAINTING_BYTES / pace.bytes_per_second if pace.bytes_per_second else 0.0
    app = app_on(training, *arguments, SSH_CONNECTION="10.0.0.1 5 10.0.0.2 22")
    try:
        settle(app)
        steps, began = set(), time.monotonic()
        # A painting is paid for before the next one comes.
        while (elapsed := time.monotonic() - began) < 3 + paying:
            app._read(0.05)
            steps.add(shown_step(app))
        assert 1 < len(steps) <= pace.looks_per_second * elapsed + 2
    finally:
        app.kill()


@pytest.mark.slow
def test_a_stalled_terminal_stops_nothing(training: Training) -> None:
    """Nothing is read while the run makes 600 steps and draws 6 grids; then it shows the newest.

    It does so at once, through no backlog: what comes is a screen or three, not the way there.
    """
    app = app_on(training)
    try:
        settle(app)
        frozen = shown_step(app)
        training.come_to(training.step + 600)
        newest, before = training.step, app.count
        app.until(lambda: shown_step(app) >= newest - 20, f"step {newest}")
        assert frozen < newest - 300
        assert app.count - before < 120_000
        passed = app.output[before:].count(b"step ")
        assert passed < 12
    finally:
        app.kill()


@pytest.mark.slow
def test_a_long_stall_slows_no_worker(training: Training) -> None:
    """Twenty seconds without a reader: the run is as quick as with one."""
    app = app_on(training)
    try:
        settle(app)
        begin = training.step
        bytes_per_second(app, 20)
        read = training.step - begin
        begin = training.step
        time.sleep(20)
        stalled = training.step - begin
        newest = training.step
        app.until(lambda: shown_step(app) >= newest - 20, f"step {newest}")
        assert stalled > 0.8 * read
    finally:
        app.kill()


def test_a_terminal_is_asked_nothing_and_left_as_it_was(training: Training) -> None:
    """No answer can come late and be taken for typing, by the app or by the shell after it.

    Every mode that was switched on is switched off, and the screen is empty: GNU screen has no
    other screen that it would go back to.
    """
    app = app_on(training)
    try:
        settle(app)
        if sys.platform.startswith("linux"):
            # Ctrl-Z stops the app and gives the terminal back; going on paints everything anew.
            app.type("\x1a")
            state = Path(f"/proc/{app.process.pid}/stat")
            app.until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", "stopped")
            app.until(lambda: not app.screen.text.strip(), "an empty screen")
            app.process.send_signal(signal.SIGCONT)
            app.see("running", "log 2", "newest")

        # A terminal may answer what somebody else asked it before: nothing is done for that.
        for answer in (
            "\x1b[?1;2c",
            "\x1b[?2026;2$y",
            "\x1b[12;40R",
            "\x1b]11;rgb:0000/0000/0000\x1b\\",
            "\x1b[?0u",
        ):
            app.type(answer + "]")
            app.see("Discriminator's output")
            app.type("[")
            app.see("Losses")
            assert "●" in app.screen.lines[0]
            assert "What the keys do" not in app.screen.text
            assert "Search for commands" not in app.screen.text
        assert pending(training.run.control) == []

        app.type("?")
        app.see("What the keys do")
        app.type("q")
        app.see_gone("What the keys do")
        app.type("q")
        assert app.leave() == 0
    finally:
        app.kill()
    assert ANSWERED.findall(app.output) == []
    output = app.output.decode("utf-8", "replace")
    last_words = output[output.rindex("\x1b[2J") + 4 :]
    assert re.sub(r"\x1b\[[0-9;?<]*[a-zA-Z]", "", last_words).strip().startswith(training.run.name)
    modes = dict(re.findall(r"\x1b\[\?(\d+)([hl])", output))
    assert modes.pop("25") == "h"
    assert modes.pop("7", "h") == "h"
    assert set(modes.values()) == {"l"}
    assert output.count("\x1b[>") == output.count("\x1b[<u")
