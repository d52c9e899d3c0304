"""How far long work is, for programs: lines of JSON on standard output."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

LINE_EVERY = 0.1
"""Seconds between two lines about the same work; its end is always told."""


class ProgressLines:
    """Tells how far work is; call it as `ganterm.data.Progress` says.

    Each line has `what`, `done`, `total` (null where unknown) and `unit`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}

    def __call__(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Tell that `done` of `total` `unit` are through, unless that was just told."""
        now = self._clock()
        if done == total or now - self._told.get(what, -math.inf) >= LINE_EVERY:
            self._told[what] = now
            emit_line({"what": what, "done": done, "total": total, "unit": unit})


def emit_line(record: dict[str, Any]) -> None:
    """Print one line of JSON at once."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
