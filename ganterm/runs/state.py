"""What state a run is in, judged from outside: by its lock, the end of its journal, its status."""

import time
from dataclasses import dataclass
from typing import Final, Literal

from ganterm.core.errors import ExitCode, WorkerError
from ganterm.core.records import EndRecord, OpeningRecord, Record
from ganterm.runs import journal
from ganterm.runs.layout import RunDir
from ganterm.runs.lock import holder, is_held
from ganterm.runs.queue import AUTO, Ticket, read_ticket
from ganterm.runs.status import HOST, LIVE_STATES, Status, read_status

State = Literal[
    "new",
    "queued",
    "starting",
    "running",
    "paused",
    "stopped",
    "finished",
    "failed",
    "crashed",
    "unknown",
]

_ENDS: Final[dict[str, State]] = {
    "finished": "finished",
    "stopped": "stopped",
    "failed": "failed",
}
_LIVE: Final[dict[str, State]] = {
    "starting": "starting",
    "running": "running",
    "paused": "paused",
}


@dataclass(frozen=True)
class RunView:
    """A run as an observer sees it at one moment.

    Attributes:
        run: its directory.
        state: new (nothing written yet), queued, starting, running, paused; stopped, finished,
            failed (it ended in good order); crashed (its worker died without a word); unknown
            (another host's, or unreadable).
        alive: whether a worker holds its lock; None if that cannot be told from here.
        message: a sentence about the state; may be empty. It may hold foreign text.
        step: steps done, as far as the run says.
        status: its status file; None where there is none or it is garbled.
        last_record: the last record of its journal; None where there is none.
        age: seconds since the status was written; None without a status. Across hosts it trusts
            their clocks.
        ticket: that it was queued; it may have ended since, or be at work.
    """

    run: RunDir
    state: State
    alive: bool | None
    message: str
    step: int
    status: Status | None
    last_record: Record | None
    age: float | None
    ticket: Ticket | None = None


def observe(run: RunDir) -> RunView:
    """Judge the state of `run`; reads at most the last 64 kB of its journal and never writes."""
    view = _look(run)
    if view.state == "crashed":
        # The worker may have come to life between the look at its lock and at its journal.
        view = _look(run)
    return view


def _look(run: RunDir) -> RunView:
    # The lock first: a worker writes its end before it lets go, so a free lock and no end, seen
    # in this order, is a crash.
    trouble = ""
    try:
        alive: bool | None = is_held(run.lock)
    except (OSError, WorkerError) as error:
        alive, trouble = None, str(error)
    status = read_status(run.status)
    try:
        records = journal.read_end(run.journal)
    except OSError as error:
        records, alive, trouble = [], None, str(error)
    age = None if status is None else max(0.0, time.time() - status.updated)
    if alive:
        state, message = _live_state(run, status), status.message if status else ""
    elif trouble:
        state, message = "unknown", trouble
    else:
        state, message = _still_state(run, records, status, age)
    ticket = read_ticket(run)
    if ticket is not None and alive is False and state != "unknown":
        state, message = _queued_state(ticket, last_life(records), state, message)
    if state == "unknown":
        alive = None
    last = records[-1] if records else None
    step = max(status.step if status else 0, last.step if last and not alive else 0)
    return RunView(run, state, alive, message, step, status, last, age, ticket)


def _live_state(run: RunDir, status: Status | None) -> State:
    """Trust the status only if the worker that holds the lock wrote it."""
    signed = holder(run.lock)
    if status is None or signed is None or (signed.pid, signed.host) != (status.pid, status.host):
        return "starting"
    return _LIVE.get(status.state) or _ENDS[status.state]


def _still_state(
    run: RunDir, records: list[Record], status: Status | None, age: float | None
) -> tuple[State, str]:
    last = last_life(records)
    if isinstance(last, EndRecord):
        return _ENDS.get(last.reason, "stopped"), last.message
    if status is not None and status.state not in LIVE_STATES and last is None:
        return _ENDS[status.state], status.message
    if status is None and not records:
        return "new", "no worker has written it yet"
    if status is not None and status.host != HOST:
        return "unknown", f"its worker is on {status.host}, last heard of {age or 0:.0f} s ago"
    step = records[-1].step if records else 0
    way = run.restart or f"go on with 'ganterm resume {run.word}'"
    return "crashed", f"its worker died without a word after step {step}; {way}"


def last_life(records: list[Record]) -> OpeningRecord | EndRecord | None:
    """Return the last start, resume or end among the records of a journal."""
    lives = (each for each in reversed(records) if isinstance(each, (OpeningRecord, EndRecord)))
    return next(lives, None)


def _queued_state(
    ticket: Ticket, last: OpeningRecord | EndRecord | None, state: State, message: str
) -> tuple[State, str]:
    """Return the state of a run with a ticket that no worker holds."""
    news = last is not None and last.time != ticket.last
    if ticket.error:
        return (state, message) if news else ("failed", ticket.error)
    # A signal ends a worker where the machine goes down, and nobody has asked for that.
    if news and isinstance(last, EndRecord) and last.exit_code != ExitCode.SIGTERM:
        return state, message
    where = "the first free device" if ticket.device == AUTO else ticket.device
    where += "" if ticket.host == HOST else f" of {ticket.host}"
    died = "its worker was killed, and it goes on when its turn comes; " if news else ""
    return "queued", f"{died}it waits for {where}"
