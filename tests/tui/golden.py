"""Screens held to golden texts: what a person saw, looked at and found good.

After a change on purpose, `REGENERATE_GOLDENS=1 pytest tests/tui` writes them anew; `git diff` then
shows what changed on every screen.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tui.driving import SIZES

at_every_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")

_DIRECTORY = Path(__file__).parent / "golden"


def assert_golden(what: str, text: str, size: tuple[int, int]) -> None:
    """Fail unless `text` is that of the golden file of `what` at `size`, in columns and rows."""
    path = _DIRECTORY / f"{what}-{size[0]}x{size[1]}.txt"
    if os.environ.get("REGENERATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing; REGENERATE_GOLDENS=1 writes it"
    assert text + "\n" == path.read_text(encoding="utf-8")
