"""Draws images for the app: `python -m ganterm.worker.serve`.

Reads requests on standard input and answers on standard output, lines of JSON as in
`ganterm.runs.serving`. It computes on one thread, so that its images come at once also while a
training run has every core, and ends with its input: when the app has gone, however it went.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from ganterm.errors import GantermError
from ganterm.runs.child import MAX_LINE
from ganterm.worker.inbox import Inbox, Request

Answers = Iterator[dict[str, Any] | None]
"""What a request is answered with, piece by piece; None is a pause. The last is the answer."""
Handlers = Mapping[str, Callable[[Request], Answers]]

URGENCY: Final = ("open", "draw", "strip", "directions", "sketch", "prepare")
"""What there is to do, the most urgent first; see `ganterm.worker.explore` for each."""


def main() -> None:
    """Answer requests until there are no more to come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    inbox = Inbox(URGENCY)
    threading.Thread(target=_listen, args=(sys.stdin.fileno(), inbox), daemon=True).start()
    from ganterm.worker.explore import Explorations  # noqa: PLC0415 - listens from the start

    serve(inbox, Explorations().handlers, lambda message: _write(answers, message))


def serve(inbox: Inbox, handlers: Handlers, tell: Callable[[dict[str, Any]], object]) -> None:
    """Answer what comes into `inbox` until it is closed.

    Answers of several kinds are made in turn, a piece at a time, the most urgent first; a newer
    request takes the place of one of its kind, however far that is.
    """
    under_way: dict[str, tuple[int, Answers]] = {}
    while True:
        news = inbox.take(wait=not under_way)
        if news is None:
            return
        for message in news.replies:
            tell(message)
        for request in news.requests:
            if request.do == "open":
                _skip(under_way, tuple(under_way), tell)
            _skip(under_way, (request.do,), tell)
            under_way[request.do] = request.id, handlers[request.do](request)
        kind = next((kind for kind in URGENCY if kind in under_way), None)
        if kind is None:
            continue
        request_id, answers = under_way[kind]
        piece, over = _next(answers)
        if over:
            del under_way[kind]
        if piece is not None:
            tell({"id": request_id, **piece, **({} if over else {"going": True})})


def _next(answers: Answers) -> tuple[dict[str, Any] | None, bool]:
    """Return the next piece, and whether it is the last; what goes wrong is the last one."""
    try:
        return next(answers), False
    except StopIteration as end:
        return end.value or {}, True
    except (GantermError, OSError, MemoryError) as error:
        return {"error": _sentence(error)}, True


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "There is not enough memory for that; close other programs."
    return str(error)


def _skip(
    under_way: dict[str, tuple[int, Answers]],
    kinds: tuple[str, ...],
    tell: Callable[[dict[str, Any]], object],
) -> None:
    for kind in kinds:
        if kind in under_way:
            tell({"id": under_way.pop(kind)[0], "skipped": True})


def _listen(descriptor: int, inbox: Inbox) -> None:
    """Take requests in, and end the process with them."""
    rest = b""
    # Not by way of `sys.stdin`, whose lock would be in the way of whoever ends the process.
    while block := os.read(descriptor, 1 << 16):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            inbox.put(line)
        if len(rest) > MAX_LINE:
            rest = b""
    # The app has gone. Nobody waits for what is being computed.
    os._exit(0)


def _write(answers: BinaryIO, message: dict[str, Any]) -> None:
    line = memoryview(json.dumps(message).encode() + b"\n")
    try:
        while line:
            line = line[answers.write(line) :]
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
