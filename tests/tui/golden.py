"""Screens held to golden texts: what a person saw, looked at and found good.

After a change on purpose, `REGENERATE_GOLDENS=1 pytest tests/tui` writes them anew; `git diff` then
shows what changed on every screen.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

from textual.pilot import Pilot

from tests.tui.driving import SIZES, painted, screen_text

_DIRECTORY = Path(__file__).parent / "golden"


def assert_golden(what: str, text: str, size: tuple[int, int]) -> None:
    """Fail unless `text` is that of the golden file of `what` at `size`, in columns and rows."""
    path = _DIRECTORY / f"{what}-{size[0]}x{size[1]}.txt"
    if os.environ.get("REGENERATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing; REGENERATE_GOLDENS=1 writes it"
    assert text + "\n" == path.read_text(encoding="utf-8")


async def every_size(pilot: Pilot[None]) -> AsyncIterator[tuple[int, int]]:
    """Give the terminal one size after the other, and the first again; yield each."""
    for size in (*SIZES, SIZES[0]):
        await pilot.resize_terminal(*size)
        await painted(pilot)
        yield size


async def assert_goldens(what: str, pilot: Pilot[None]) -> None:
    """Fail unless the screen is that of the golden files of `what` at every size it is given."""
    async for size in every_size(pilot):
        assert_golden(what, screen_text(pilot.app), size)
