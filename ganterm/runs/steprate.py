"""How fast a run has been going, and so how long it will take."""

from __future__ import annotations

from collections import deque

SPAN_SECONDS = 20.0
"""Span of the past that counts."""


class StepRate:
    """The pace of the last seconds, from the times at which steps were reported."""

    def __init__(self, span: float = SPAN_SECONDS) -> None:
        self.span = span
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, time: float, step: int) -> None:
        """Take note that `step` steps were done at `time`, in seconds."""
        self._seen.append((time, step))
        while time - self._seen[0][0] > self.span:
            self._seen.popleft()

    def clear(self) -> None:
        """Forget what was, as after a pause, which says nothing about the pace."""
        self._seen.clear()

    @property
    def steps_per_second(self) -> float | None:
        """Steps a second; None before two reports, or where the clock or the run went back."""
        if len(self._seen) < 2:
            return None
        (since, first), (until, last) = self._seen[0], self._seen[-1]
        return (last - first) / (until - since) if last > first and until > since else None

    def seconds_to(self, steps: int) -> float | None:
        """Return the seconds until `steps` steps are done at this pace; None without a pace."""
        rate = self.steps_per_second
        return None if rate is None else max(steps - self._seen[-1][1], 0) / rate
