"""Making a run of foreign weights, asked of a process of its own that may fall over them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from ganterm.errors import DataError, ExitCode, GantermError
from ganterm.runs.launch import command_of

MODULE = "ganterm.worker.adopt"


class RefusedError(GantermError):
    """The weights make no run.

    Attributes:
        rows: how each layer fits: `ours`, `shape`, `theirs`, `words`, `fits`; empty where it did
            not come so far. Strings are foreign text.
        notes: what was taken from where before that, a sentence each; foreign text too.
    """

    def __init__(
        self, message: str, exit_code: ExitCode, rows: list[dict[str, Any]], notes: list[str]
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.rows = rows
        self.notes = notes


def adopt(request: Mapping[str, Any]) -> dict[str, Any]:
    """Make a run as `ganterm.worker.adopt` is asked to; return its answer.

    Raises:
        RefusedError: it says why in one sentence; nothing was made.
        DataError: the process died of the file; nothing was made.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        command_of(MODULE),
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise DataError(f"{request['file']} could not be imported: {last}") from None
    if "error" in answer:
        code = ExitCode(answer["exit_code"])
        raise RefusedError(answer["error"], code, answer["rows"], answer["notes"])
    return answer
