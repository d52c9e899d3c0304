"""The status: one small file that says where a run stands, replaced atomically while it trains."""

import dataclasses
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ganterm.core import jsontext
from ganterm.core.files import read_limited, write_atomically
from ganterm.core.records import MAX_STEP, Count

STATES: Final = ("starting", "running", "paused", "stopped", "finished", "failed")
LIVE_STATES: Final = frozenset({"starting", "running", "paused"})

HOST: Final = os.uname().nodename
"""Name of this machine, as runs on shared disks tell machines apart."""

_LIMIT = 1 << 16
_Amount = Annotated[float, Meta(ge=0, lt=1 << 53)]


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where a run stands, as its worker last said; the worker may have died since.

    Attributes:
        state: one of `STATES`.
        pid: process id of the worker on `host`.
        step: optimiser steps of the generator done, of `steps`.
        images_per_s: real images seen per second lately; 0 before the first measure.
        epoch: epochs done, of `epochs`; `epochs` is None for a run that counts steps.
        device: where it trains, such as cpu, cuda:0 or 2 x cpu.
        last_checkpoint: the newest checkpoint, relative to the run.
        started: when this worker began, `updated`: when this was written; seconds since 1970.
        message: a sentence for the user; may be empty.
        memory_bytes: memory that the worker holds on the device it trains on; None if unknown.
    """

    state: str
    step: Annotated[int, Meta(ge=0, lt=MAX_STEP)]
    steps: Count
    pid: Count = field(default_factory=os.getpid)
    images_per_s: _Amount = 0.0
    host: str = HOST
    epoch: Count = 0
    epochs: Count | None = None
    device: str = ""
    last_checkpoint: str | None = None
    started: _Amount = 0.0
    updated: _Amount = field(default_factory=time.time)
    message: str = ""
    memory_bytes: Count | None = None

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"{self.state!r} is not one of {', '.join(STATES)}")


def write_status(path: Path, status: Status) -> None:
    """Replace the status file: atomic for every reader, not synced (it is soon replaced again).

    Raises:
        OSError: it cannot be written; `filename` is set.
    """
    value = jsontext.finite(dataclasses.asdict(status))
    if value["images_per_s"] is None:
        value["images_per_s"] = 0.0
    write_atomically(path, jsontext.dump_line(value), sync=False)


def read_status(path: Path) -> Status | None:
    """Return the status at `path`; None where there is none or it is garbled.

    Fields of a newer ganterm are passed over.
    """
    try:
        value = jsontext.parse_object(read_limited(path, _LIMIT))
    except (OSError, ValueError):
        return None
    # A missing host or pid must not be taken for this machine and this process.
    if not {"state", "pid", "step", "steps", "host", "updated"} <= value.keys():
        return None
    try:
        return msgspec.convert(value, Status)
    except ValueError:  # that of msgspec, or of a name that is no UTF-8
        return None
