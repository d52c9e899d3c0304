"""Putting runs into the queue, taking them out, moving them, and keeping the queue going.

Nobody has to start or stop anything for it: its supervisor goes with the last queued run, and any
process of ganterm that finds runs queued and no supervisor starts another one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ganterm.client.overview import Overview, by_place, overview
from ganterm.config.recorded import last_config
from ganterm.core.errors import ConfigError, GantermError, WorkerError
from ganterm.core.files import open_to_append, storage_trouble
from ganterm.runs.journal import read_end
from ganterm.runs.launch import spawn
from ganterm.runs.layout import RunDir, runs_in
from ganterm.runs.lock import is_held
from ganterm.runs.queue import (
    AUTO,
    Queue,
    Ticket,
    devices_of,
    identity,
    is_for_us,
    read_ticket,
    remove_ticket,
    write_ticket,
)
from ganterm.runs.state import last_life, observe
from ganterm.runs.status import HOST

SUPERVISOR: Final = "ganterm.worker.supervisor"
LEAST_SPACE: Final = 64 << 20
"""Bytes that the disk must have left for a run to be begun."""
_ALIVE: Final = {"starting", "running", "paused"}
_started: list[subprocess.Popen[bytes]] = []
"""Supervisors that this process started, so that they are waited for when they have ended."""


def enqueue(run: RunDir, device: str, arguments: Sequence[str] = ()) -> None:
    """Have `run` trained when its turn on `device` comes; `arguments` are its worker's.

    Raises:
        ConfigError: it is queued already, or trains.
        TrainingError: its ticket cannot be written.
    """
    queue = Queue(run.path.parent)
    with queue.editing():
        view = observe(run)
        if view.state == "queued":
            raise ConfigError(f"{run.name} is queued already; `ganterm queue` shows its place.")
        if view.alive is not False:
            raise ConfigError(f"{run.name} is training, or may be on another machine.")
        try:
            last = last_life(read_end(run.journal))
            ticket = Ticket(
                order=time.time(),
                directory=identity(run),
                device=device,
                processes=_processes_of(run, arguments),
                arguments=(*arguments, f"--started-by={json.dumps(sys.argv)}"),
                environment={k: v for k, v in os.environ.items() if k.startswith("GANTERM_")},
                last=last.time if last else 0.0,
            )
            write_ticket(run, ticket)
        except OSError as error:
            raise storage_trouble(error, run.ticket) from error
        if read_ticket(run) is None:
            remove_ticket(run)
            raise ConfigError(f"The queue takes no device {device!r} or no such options.")
    wake(queue.runs_dir)


def _processes_of(run: RunDir, arguments: Sequence[str]) -> int:
    for each in arguments:
        if each.startswith("--processes="):
            return int(each.partition("=")[2])
    with contextlib.suppress(ConfigError):
        return last_config(run).processes
    return 1  # Its worker says what is wrong.


def drop(run: RunDir) -> None:
    """Take `run` out of the queue; it stays as it is, begun or not.

    Raises:
        ConfigError: it is not in the queue, or it is training.
        TrainingError: its ticket cannot be removed.
    """
    with Queue(run.path.parent).editing():
        _require_queued(run)
        try:
            remove_ticket(run)
        except OSError as error:
            raise storage_trouble(error, run.ticket) from error


def move(run: RunDir, place: int) -> None:
    """Give `run` another place among those that wait on its machine; 1 is the next one's.

    Raises:
        ConfigError: it is not in the queue, or it is training.
        TrainingError: a ticket cannot be written.
    """
    queue = Queue(run.path.parent)
    with queue.editing():
        ours = _require_queued(run)
        others = [
            (each, found)
            for each in runs_in(queue.runs_dir)
            if each.name != run.name
            and (found := read_ticket(each))
            and found.host == ours.host
            and observe(each).state == "queued"
        ]
        others.sort(key=lambda each: (each[1].order, each[0].name))
        at = min(max(place, 1), len(others) + 1) - 1
        before = others[at - 1][1].order if at else None
        after = others[at][1].order if at < len(others) else None
        low = (after or ours.order) - 2.0 if before is None else before
        high = low + 2.0 if after is None else after
        changed = [(run, ours, (low + high) / 2)]
        if not low < changed[0][2] < high:
            # No number lies between those two any more.
            line = [*others[:at], (run, ours), *others[at:]]
            changed = [(each, found, ours.order + n) for n, (each, found) in enumerate(line)]
        try:
            for each, found, order in changed:
                write_ticket(each, msgspec.structs.replace(found, order=order))
        except OSError as error:
            raise storage_trouble(error, run.ticket) from error


def _require_queued(run: RunDir) -> Ticket:
    view = observe(run)
    if view.state == "queued" and view.ticket is not None:
        return view.ticket
    if view.ticket is not None and view.alive:
        raise ConfigError(f"{run.name} is training by now; `ganterm ctl {run.word} stop` stops it.")
    raise ConfigError(f"{run.name} is not in the queue; `ganterm queue` lists what is.")


def wake(runs_dir: Path) -> None:
    """Start the queue's supervisor where runs wait for one on this machine and there is none.

    What prevents it is left to the next who tries.
    """
    queue = Queue(runs_dir)
    with contextlib.suppress(OSError, GantermError):
        if not queue.exists or is_held(queue.lock) or not needs_supervisor(runs_dir):
            return
        _started[:] = [each for each in _started if each.poll() is None]
        with os.fdopen(open_to_append(queue.log), "ab") as log:
            _started.append(
                spawn(
                    SUPERVISOR,
                    str(runs_dir.absolute()),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )


def needs_supervisor(runs_dir: Path) -> bool:
    """Tell whether a run waits in this machine's queue, or trains for it.

    Raises:
        ConfigError: the directory cannot be listed.
    """
    for run in runs_in(runs_dir):
        if (ticket := read_ticket(run)) and ticket.waits and is_for_us(run, ticket):
            view = observe(run)
            if view.alive or view.state == "queued":
                return True
    return False


def listing(runs_dir: Path) -> list[Overview]:
    """Return the runs that the queue has at work, then those that wait, by their places.

    Raises:
        ConfigError: the directory cannot be listed.
    """
    queued = [run for run in runs_in(runs_dir) if read_ticket(run) is not None]
    return in_queue([overview(run) for run in queued])


def in_queue(runs: Sequence[Overview]) -> list[Overview]:
    """Return of `runs` those that the queue has at work, then those that wait, by their places."""
    at_work = [run for run in runs if run.ticket is not None and run.state in _ALIVE]
    return [*at_work, *by_place(runs)]


def parse_place(text: str) -> int:
    """Return the place that `text` means: a number from 1 on, `first` or `last`.

    Raises:
        ConfigError: it is none.
    """
    words = {"first": 1, "last": 1 << 30}
    if text in words:
        return words[text]
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ConfigError(f"{text!r} is no place; say 1, 2, ..., first or last.")
    return int(text[:9])


def device_words(run: Overview) -> str:
    """Return where a run of the queue trains or is to train, and on which machine if on another."""
    elsewhere = run.ticket is not None and run.ticket.host != HOST
    device = (run.ticket.on if run.ticket and run.alive else "") or run.device or AUTO
    return f"{device} of {run.ticket.host}" if elsewhere and run.ticket else device


def occupied(runs: Sequence[Overview]) -> Counter[str]:
    """Count the runs at work on this machine by device, whoever started them."""
    taken: Counter[str] = Counter()
    for run in runs:
        if run.alive and run.host in {None, HOST}:
            on = run.ticket.on if run.ticket else ""
            taken.update(devices_of(on or run.device or ""))
    return taken


def hindrance(runs_dir: Path) -> str:
    """Return why no run is begun now, in a sentence; nothing where one can be."""
    try:
        free = shutil.disk_usage(runs_dir).free
    except OSError as error:
        return f"{runs_dir} cannot be used: {error.strerror}."
    if free >= LEAST_SPACE:
        return ""
    return f"The disk of {runs_dir} has {free >> 20} MiB left: the queue waits for more."


def as_dict(run: Overview) -> dict[str, Any]:
    """Return how a run stands in the queue, as JSON takes it; place 0 is that of one at work."""
    ticket = run.ticket
    return {
        "run": run.name,
        "path": os.fspath(run.path),
        "place": run.place or 0,
        "state": run.state,
        "device": device_words(run),
        "host": ticket.host if ticket else None,
        "step": run.step,
        "steps": run.steps,
        "message": run.message,
    }


def supervisor_alive(runs_dir: Path) -> bool:
    """Tell whether the queue's supervisor is at work on this machine."""
    try:
        return is_held(Queue(runs_dir).lock)
    except (OSError, WorkerError):
        return False
