"""The connection to the terminal: how much of what was sent it still has to carry."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

MOST_SECONDS: Final = 4.0
"""However much was sent, changes wait no longer than this; the connection may be quicker."""


class Link:
    """A connection that carries so many bytes a second, as far as is known.

    Nothing is measured: what was sent takes its time, and what comes by itself waits for that.
    """

    def __init__(
        self, bytes_per_second: float | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with an empty connection; None for one that carries anything at once."""
        self._rate = bytes_per_second
        self._clock = clock
        self._total = 0
        self._free_at = 0.0

    def sent(self, total: int) -> None:
        """Tell how many bytes were sent so far, all in all."""
        now, count, self._total = self._clock(), total - self._total, total
        if self._rate and count > 0:
            begin = max(self._free_at, now)
            self._free_at = min(begin + count / self._rate, now + MOST_SECONDS)

    @property
    def seconds_left(self) -> float:
        """Seconds until it has carried everything; 0 where it has."""
        return max(self._free_at - self._clock(), 0.0)
