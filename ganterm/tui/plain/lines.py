"""Reading commands line by line while other things go on."""

from __future__ import annotations

import os
import select
from typing import Final

LONGEST: Final = 1 << 16
"""Bytes of the longest line; what goes beyond is no command and is dropped."""


class LineReader:
    """Lines of a descriptor, as they come.

    Attributes:
        ended: whether nothing more will come.
    """

    def __init__(self, descriptor: int) -> None:
        self.ended = False
        self._descriptor = descriptor
        self._held = b""

    def wait(self, seconds: float) -> list[str]:
        """Return the lines that came within `seconds`, as soon as there is one."""
        if self.ended:
            # Nothing to wait for but the time.
            select.select([], [], [], seconds)
            return []
        ready, _, _ = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return []
        try:
            data = os.read(self._descriptor, LONGEST)
        except OSError:  # the terminal is gone
            data = b""
        self.ended = not data
        *lines, self._held = (self._held + data + (b"\n" if self.ended else b"")).split(b"\n")
        self._held = self._held[:LONGEST]
        return [text for line in lines if (text := line.decode("utf-8", "replace").strip())]
