"""Reading commands line by line while other things go on."""

from __future__ import annotations

import os
import select


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
        data = os.read(self._descriptor, 1 << 16)
        self.ended = not data
        *lines, self._held = (self._held + data + (b"\n" if self.ended else b"")).split(b"\n")
        return [text for line in lines if (text := line.decode("utf-8", "replace").strip())]
