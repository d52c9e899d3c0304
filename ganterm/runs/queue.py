"""The queue: runs that wait for a device of this machine, each by a ticket in its own directory.

A ticket asks for its run to be trained to its end, and stays until that is reached, so that a run
whose worker was killed goes on. It belongs to one directory, machine and user: a copy of a run is
not queued, and nobody's files have anything started for somebody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from ganterm.core import jsontext
from ganterm.core.directory import Directory
from ganterm.core.errors import ConfigError
from ganterm.core.files import open_to_append, read_limited, storage_trouble, write_atomically
from ganterm.core.records import MAX_STEP
from ganterm.runs.layout import RunDir
from ganterm.runs.status import HOST

AUTO: Final = "auto"
"""The device of a run that takes whichever is free first."""
MOST_AT_ONCE: Final = 64
_LIMIT: Final = 1 << 16

Device = Annotated[str, Meta(pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$")]
AtOnce = Annotated[int, Meta(ge=0, le=MOST_AT_ONCE)]
_Time = Annotated[float, Meta(ge=0, lt=1 << 53)]
_Argument = Annotated[str, Meta(pattern=r"^--[a-z][^\0]*$", max_length=8192)]
_Variable = Annotated[str, Meta(pattern=r"^GANTERM_[A-Z0-9_]+$")]


class Ticket(Struct, frozen=True, kw_only=True):
    """That a run is queued, and what became of that.

    Attributes:
        order: what places are counted by, the lowest first: when it was queued, until it is moved.
        host: the machine whose queue it is in.
        directory: inode of the run's directory, which no copy of it has.
        device: where it is to train; `processes`: in how many.
        arguments: the worker's own options; `environment`: its variables of ganterm.
        last: time of the last start, resume or end in the journal when it was queued; 0 for none.
        on: the device that it was given last; empty before its turn came.
        starts: how often a worker was started since it last got further; `step`: how far it was.
        error: why it could not be trained; empty while that is still to be done.
    """

    order: _Time
    directory: str
    host: str = HOST
    device: Device = AUTO
    processes: Annotated[int, Meta(ge=1, le=1024)] = 1
    arguments: Annotated[tuple[_Argument, ...], Meta(max_length=32)] = ()
    environment: dict[_Variable, Annotated[str, Meta(pattern=r"^[^\0]*$")]] = {}
    last: _Time = 0.0
    on: str = ""
    starts: Annotated[int, Meta(ge=0, le=1000)] = 0
    step: Annotated[int, Meta(ge=0, lt=MAX_STEP)] = 0
    error: str = ""

    @property
    def waits(self) -> bool:
        """Whether its run is still to be trained."""
        return not self.error


def read_ticket(run: RunDir) -> Ticket | None:
    """Return the ticket of `run`; None where there is none, or none that means this directory."""
    try:
        value = jsontext.parse_object(read_limited(run.ticket, _LIMIT))
        ticket = msgspec.convert(value, Ticket)
        return ticket if ticket.directory == identity(run) else None
    except (OSError, ValueError):
        return None


def is_for_us(run: RunDir, ticket: Ticket) -> bool:
    """Tell whether this user's queue on this machine is the one that `ticket` is in."""
    with contextlib.suppress(OSError):
        return ticket.host == HOST and run.ticket.lstat().st_uid == os.geteuid()
    return False


def write_ticket(run: RunDir, ticket: Ticket) -> None:
    """Replace the ticket of `run`; whoever changes one holds `Queue.editing`.

    Raises:
        OSError: it cannot be written; `filename` is set.
    """
    write_atomically(run.ticket, jsontext.dump_line(msgspec.to_builtins(ticket)))


def remove_ticket(run: RunDir) -> None:
    """Remove the ticket of `run`; raises `OSError` where it cannot be."""
    with contextlib.suppress(FileNotFoundError), Directory(run.path) as directory:
        directory.remove(run.ticket.name)
        directory.sync()


def identity(run: RunDir) -> str:
    """Return what tells a run's directory from a copy of it; raises `OSError`."""
    return str(run.path.stat().st_ino)


@dataclass(frozen=True)
class Queue:
    """What the queue of this user on this machine keeps beside the runs: `.queue-HOST-UID/`."""

    runs_dir: Path

    @property
    def path(self) -> Path:
        """Its directory, which is made when the first run is queued."""
        host = re.sub(r"[^0-9A-Za-z.-]", "_", HOST)[:100]
        return self.runs_dir / f".queue-{host}-{os.geteuid()}"

    @property
    def lock(self) -> Path:
        """The lock that its supervisor holds for life."""
        return self.path / "supervisor.lock"

    @property
    def log(self) -> Path:
        """What its supervisor did."""
        return self.path / "supervisor.log"

    @property
    def exists(self) -> bool:
        """Whether a run was ever queued; a link does not count."""
        return self.path.is_dir() and not self.path.is_symlink()

    @contextlib.contextmanager
    def editing(self) -> Iterator[None]:
        """Keep everybody else from changing tickets and limits meanwhile; waits for its turn.

        Raises:
            TrainingError: its directory cannot be written.
        """
        path = self.path / "edit.lock"
        try:
            with contextlib.suppress(FileExistsError):
                self.path.mkdir(parents=True)
            if not self.exists:
                raise ConfigError(f"{self.path} is no directory; remove it to have a queue here.")
            descriptor = open_to_append(path)
        except OSError as error:
            raise storage_trouble(error, path) from error
        try:
            # Without such locks, as on some network file systems, the last word stands.
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @property
    def limits(self) -> dict[str, int]:
        """How many runs train at once, by device; `auto` is every other device."""
        try:
            value = jsontext.parse_object(read_limited(self._limits, _LIMIT))
            return msgspec.convert(value, dict[Device, AtOnce])
        except (OSError, ValueError):
            return {}

    def set_limit(self, device: str, at_once: int) -> None:
        """Have `at_once` runs train at once on `device`; 0 begins none there.

        Raises:
            ConfigError: there is no such device, or there are no runs here.
            TrainingError: it cannot be remembered.
        """
        try:
            msgspec.convert(device, Device)
        except ValueError:
            raise ConfigError(f"{device!r} is no device: cpu, mps, cuda:N or auto.") from None
        with self.editing():
            try:
                limits = {**self.limits, indexed(device): at_once}
                write_atomically(self._limits, jsontext.dump_line(limits))
            except OSError as error:
                raise storage_trouble(error, self._limits) from error

    @property
    def _limits(self) -> Path:
        return self.path / "limits.json"


def indexed(device: str) -> str:
    """Return a device as it is counted: `cuda` is `cuda:0`."""
    return "cuda:0" if device == "cuda" else device


def devices_of(words: str) -> list[str]:
    """Return the devices, as they are counted, of a run on `cuda`, say, or on `2 x cuda`."""
    count, several, device = words.rpartition(" x ")
    if several and device == "cuda" and count.isdecimal():
        return [f"cuda:{index}" for index in range(min(int(count), 1024))]
    return [indexed(device)]
