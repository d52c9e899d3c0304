"""The folder in which the agent of several processes learns of them, and they of it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Final

from ganterm.core.errors import ExitCode

BEAT_SECONDS: Final = 1.0
"""How often a process shows that it lives, and looks whether its agent does."""
HOME: Final = "RANKS_OF_GANTERM"
"""The variable that names the folder in which our own agent learns of its processes."""


def heart_of(home: Path, rank: int) -> Path:
    """Return the file that a process touches as long as it lives."""
    return home / f"heart-{rank}"


def verdict_of(home: Path) -> Path:
    """Return the file in which the first process says how the run ended, and why."""
    return home / "verdict"


def stop_of(home: Path) -> Path:
    """Return the file that is there once somebody asks the agent to stop."""
    return home / "stop"


def beat(home: Path | None, rank: int) -> None:
    """Show from now on that this process lives, where our own agent asks; end it with its parent.

    A thread of its own does, which stands still where the process does.
    """
    parent, heart = os.getppid(), heart_of(home, rank) if home else None

    def live() -> None:
        while os.getppid() == parent:
            if heart:
                with contextlib.suppress(OSError):
                    heart.touch()
            time.sleep(BEAT_SECONDS)
        os._exit(ExitCode.WORKER)

    threading.Thread(target=live, name="heart", daemon=True).start()
