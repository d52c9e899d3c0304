"""The status of a run, kept up to date by the worker that trains it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from pathlib import Path
from typing import Any, Final

import torch

from ganterm.runs.layout import RunDir
from ganterm.runs.lock import WorkerLock
from ganterm.runs.status import Status, write_status
from ganterm.worker.trouble import Extras

HEARTBEAT_SECONDS: Final = 1.0
"""How often the status is renewed."""
_STATM: Final = Path("/proc/self/statm")


class StatusReporter:
    """Writes the status file of a run whose `lock` the process holds, as long as that is possible.

    Attributes:
        status: what the file says, and what was noted since.
    """

    def __init__(self, run: RunDir, lock: WorkerLock, extras: Extras, status: Status) -> None:
        self.status = status
        self._run = run
        self._lock = lock
        self._extras = extras
        self._next_heartbeat = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time for the next heartbeat."""
        return time.monotonic() >= self._next_heartbeat

    def note(self, **facts: Any) -> None:
        """Take fields of the status down for the next time it is written."""
        self.status = dataclasses.replace(self.status, **facts)

    def say(self, message: str) -> None:
        """Write what the worker is about, in a few words; its next report takes them back.

        Raises:
            OSError: as `report`.
        """
        with self._attempt():
            self._write(message=message)

    def report(
        self, state: str, device: torch.device, *, place: str = "", **position: int | None
    ) -> None:
        """Write that the run is in `state` on `device`, which `place` names, and how far it is.

        `position` has `step`, `steps`, `epoch` and `epochs` of the status.

        Raises:
            OSError: the run is not the one this worker holds, or its journal cannot be written.
        """
        self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        with self._attempt():
            self._write(
                state=state,
                **position,
                device=place or str(device),
                memory_bytes=memory_in_use(device),
                message="",
            )

    def end(self, state: str, step: int, message: str) -> None:
        """Write how the run ended, and at which step: the journal has said it already."""
        with contextlib.suppress(OSError):
            self._write(state=state, step=step, message=message)

    def _attempt(self) -> contextlib.AbstractContextManager[None]:
        return self._extras.attempt("status", "Writing the status", self.status.step)

    def stand_back(self, before: Status | None) -> None:
        """Put the status back that was there `before` this worker, which leaves the run alone.

        Raises:
            OSError: as `report`.
        """
        self._lock.require_intact()
        if before is None:
            self._run.status.unlink(missing_ok=True)
        else:
            write_status(self._run.status, before)

    def loading(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Say how far loading is, as `ganterm.data.Progress` does, once a heartbeat.

        Raises:
            OSError: as `report`.
        """
        if self.due:
            self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
            self.say(f"{what}: {done:,}{'' if total is None else f' of {total:,}'} {unit}")

    def _write(self, **facts: Any) -> None:
        self._lock.require_intact()
        self.note(**facts, updated=time.time())
        write_status(self._run.status, self.status)


def memory_in_use(device: torch.device) -> int | None:
    """Return the bytes that this process holds on a device; None where that cannot be told.

    On a GPU that is what PyTorch has reserved, on the CPU what of the process is in memory.
    """
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
