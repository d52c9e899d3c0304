"""A stop that a signal asks for, taken at the next step boundary."""

from __future__ import annotations

import signal
from types import FrameType


class StopFlag:
    """Becomes true when one of the given signals arrives."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._received: int | None = None
        for number in numbers:
            signal.signal(number, self._note)

    def __bool__(self) -> bool:
        return self._received is not None

    @property
    def name(self) -> str:
        """Name of the signal that arrived; empty before."""
        return signal.Signals(self._received).name if self._received is not None else ""

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._received = number
