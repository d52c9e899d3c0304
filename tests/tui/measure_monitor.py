"""Measures the monitor: a chart's repaint, and how soon a key is answered while a run trains.

    python -m tests.tui.measure_monitor            # the repaint of a chart
    python -m tests.tui.measure_monitor RUN_PATH   # the keys as well, of a run that trains

The time of a key goes from its byte to the last byte that completes its answer on the screen.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import random
import select
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ganterm.client.feed import RunFeed
from ganterm.core.series import Series
from ganterm.runs.layout import create_run
from ganterm.tui.screens.monitor import MonitorScreen
from tests.cli.pty_session import PtySession
from tests.tui.driving import make_app
from tests.tui.emulator import Emulator

POINTS = 1_000_000
REPAINTS = 40
KEYS = 40
COLUMNS, ROWS = 120, 40
TIMEOUT = 5.0

ANSWERS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("]", lambda text: "Discriminator's output" in text),
    ("[", lambda text: "Losses" in text),
    ("?", lambda text: "What the keys do" in text),
    ("q", lambda text: "What the keys do" not in text),
    ("z", lambda text: "lr_g" not in text),
    ("z", lambda text: "lr_g" in text),
    ("s", lambda text: "smoothed 0.6" in text),
    ("s", lambda text: "smoothed 0.9," in text or "smoothed 0.9 " in text),
    ("s", lambda text: "smoothed 0.97" in text),
    ("s", lambda text: "smoothed" not in text),
)
"""Keys, and what the screen shows when each has been answered; the last leaves it as it was."""


def main(arguments: list[str]) -> None:
    """Measure and tell."""
    tell("repaint of the losses, 80 columns, 2 x 1,000,000 points", asyncio.run(repaints()))
    for run in arguments:
        tell(f"keys while {Path(run).name} trains", list(key_times(Path(run))))


def tell(what: str, seconds: list[float]) -> None:
    """Say the median and the worst in milliseconds."""
    median, worst = statistics.median(seconds) * 1e3, max(seconds) * 1e3
    sys.stdout.write(f"{what}: median {median:.1f} ms, worst {worst:.1f} ms, n {len(seconds)}\n")


async def repaints() -> list[float]:
    """Return the processor's seconds from a new point to the lines of the chart with it."""
    with tempfile.TemporaryDirectory() as directory:
        run = create_run(Path(directory), "measured", "dcgan")
        app = make_app(Path(directory), run=run)
        async with app.run_test(size=(80, 24)) as pilot:
            app.read_now()
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, MonitorScreen)
            feed = long_feed(RunFeed(run))
            await pilot.press("z")
            screen.charts.show(feed)
            chart = screen.charts.first_chart
            assert chart.size.width >= 78
            seconds = []
            for index in range(REPAINTS):
                feed.last_step += 1
                for name in ("d_loss", "g_loss"):
                    feed.series[name] = feed.series[name].plus([POINTS + index], [0.5])
                began = time.process_time()
                screen.charts.show(feed)
                for y in range(chart.size.height):
                    chart.render_line(y)
                seconds.append(time.process_time() - began)
            return seconds[1:]


def long_feed(feed: RunFeed) -> RunFeed:
    """Give a feed two losses of a million noisy points each."""
    chance = random.Random(0)
    for name in ("d_loss", "g_loss"):
        points = [chance.random() for _ in range(POINTS)]
        feed.series[name] = Series().plus(range(POINTS), points)
    feed.last_step = POINTS - 1
    return feed


def key_times(run: Path) -> Iterator[float]:
    """Yield the seconds from each key to its answer in an app on a terminal of its own."""
    session = PtySession(
        ["app", run.name, "--runs-dir", str(run.parent)],
        columns=COLUMNS,
        rows=ROWS,
        env={"COLORTERM": "truecolor"},
    )
    screen = Emulator(COLUMNS, ROWS)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        follow(session, screen, decoder, lambda text: "lr_g" in text and "Losses" in text, 30.0)
        for index in range(KEYS):
            key, answered = ANSWERS[index % len(ANSWERS)]
            # Not in step with the app's own rounds.
            follow(session, screen, decoder, lambda _text: False, 0.2 + 0.05 * (index % 7))
            began = time.perf_counter()
            session.type(key)
            ended = follow(session, screen, decoder, answered, TIMEOUT)
            if ended is None:
                raise SystemExit(f"{key!r} was not answered:\n{screen.text}")
            yield ended - began
    finally:
        session.process.kill()
        session.process.wait()


def follow(
    session: PtySession,
    screen: Emulator,
    decoder: codecs.IncrementalDecoder,
    until: Callable[[str], bool],
    timeout: float,
) -> float | None:
    """Read until the screen is as wanted; return when its last byte came, None if it never did."""
    deadline = time.perf_counter() + timeout
    while (left := deadline - time.perf_counter()) > 0:
        if not select.select([session.master], [], [], left)[0]:
            break
        data = os.read(session.master, 1 << 16)
        came = time.perf_counter()
        screen.feed(decoder.decode(data))
        if until(screen.text):
            return came
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
