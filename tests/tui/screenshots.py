"""Takes the pictures of the app that README shows.

    python -m tests.tui.screenshots RUNS_DIR [PICTURE ...]

RUNS_DIR should hold a few real runs: the first that is listed is the one that is watched, best
while it trains, "turbo-001" the one whose judgements are shown and that is explored, and one of
ring-collapse the one with an alert.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from ganterm.runs.layout import find_runs
from ganterm.tui.app import GantermApp
from ganterm.tui.base import AppOptions

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SETTLE_SECONDS = 3.0
"""Long enough for the runs to be read and for the pictures to be loaded."""

SCREENS: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "runs": ((120, 30), ()),
    "monitor": ((120, 40), ("enter",)),
    "monitor-80x24": ((80, 24), ("enter",)),
    "setup": ((120, 40), ("n",)),
    "compare": ((120, 40), ("asterisk", "c")),
    "judge": ((120, 40), ("slash", *"turbo-0", "enter", "J")),
    "alert": ((100, 30), ("slash", *"collapse", "enter", "enter")),
    "explorer": (
        (120, 40),
        ("slash", *"turbo-0", "enter", "E", "a", "shift+right", "down", "shift+right", "b"),
    ),
    "help": ((120, 40), ("question_mark",)),
}
"""By the picture's name: columns and rows, and the keys that lead from the list to the screen."""


async def take(name: str, runs_dir: Path) -> None:
    """Save the picture `name` of the app on the runs of `runs_dir`."""
    size, keys = SCREENS[name]
    app = GantermApp(AppOptions(runs_dir))
    async with app.run_test(size=size) as pilot:
        await asyncio.sleep(SETTLE_SECONDS)
        for key in keys:
            await pilot.press(key)
            await asyncio.sleep(SETTLE_SECONDS)
        picture = app.export_screenshot(title="ganterm")
    (ASSETS / f"{name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Take every picture, or those that are named."""
    runs_dir, *names = map(Path, sys.argv[1:])
    if not find_runs(runs_dir):
        sys.exit(f"There are no runs in {runs_dir} to take pictures of.")
    for name in map(str, names or SCREENS):
        asyncio.run(take(name, runs_dir))


if __name__ == "__main__":
    main()
