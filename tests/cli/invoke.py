"""Commands run in this process, as `ganterm` runs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from ganterm.cli.app import app
from ganterm.core.errors import GantermError


@dataclass(frozen=True)
class Outcome:
    """What a command gave: its exit code, its data, and what it said."""

    code: int
    data: bytes
    said: str

    @property
    def text(self) -> str:
        """Return the data as text."""
        return self.data.decode()


def invoke(*arguments: object, env: dict[str, str | None] | None = None) -> Outcome:
    """Run a command; an error for the user becomes its sentence and its exit code.

    Variables of the machine the tests run on are out of the way unless `env` sets them.
    """
    clean = {"GANTERM_COLOR": None, "GANTERM_CHARSET": None, "GANTERM_RUNS_DIR": None}
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={**clean, **(env or {})})
    error = result.exception
    if isinstance(error, GantermError):
        return Outcome(error.exit_code, result.stdout_bytes, result.stderr + f"ganterm: {error}\n")
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return Outcome(result.exit_code, result.stdout_bytes, result.stderr)


def ganterm(*arguments: object, cwd: Path) -> Outcome:
    """Run a command as it is typed in a directory."""
    here = Path.cwd()
    os.chdir(cwd)
    try:
        return invoke(*arguments)
    finally:
        os.chdir(here)
