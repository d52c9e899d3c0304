"""Where judged runs stand, read from their journals as rarely as will do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ganterm.client.comparison import RunStanding, standing
from ganterm.core.errors import GantermError
from ganterm.runs.files import open_regular
from ganterm.runs.layout import RunDir

_WORD: Final = b'"judged"'
_BLOCK: Final = 1 << 20
_Stamp = tuple[int, int, int]


class JudgedRuns:
    """Reads the standings of runs, and keeps those whose journal is as it was."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Stamp, RunStanding | None]] = {}

    def read(self, run: RunDir) -> RunStanding | None:
        """Return where a run stands; None if it was never judged or cannot be read."""
        try:
            found = run.journal.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            known = self._known.get(run.path)
            if known is None or known[0] != stamp:
                # Most runs were never judged, and to find that out takes a hundredth of the time.
                read = standing(run) if _holds(run.journal, _WORD) else None
                known = self._known[run.path] = stamp, read if read and read.judged else None
        except (OSError, GantermError):
            return None
        return known[1]


def _holds(path: Path, word: bytes) -> bool:
    with os.fdopen(open_regular(path), "rb") as file:
        rest = b""
        while block := file.read(_BLOCK):
            if word in rest + block:
                return True
            rest = block[-len(word) :]
    return False
