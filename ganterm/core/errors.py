"""What can go wrong, and the exit code each kind of trouble ends a command with.

The message of every `GantermError` is one sentence for the user: what is wrong and what to do.
"""

from __future__ import annotations

import sys
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command; scripts rely on them."""

    OK = 0
    TRAINING = 1
    """Training failed or diverged."""
    USAGE = 2
    """A wrong option, configuration or name, or an output that cannot be written."""
    DATA = 3
    """A dataset is missing, damaged or could not be downloaded."""
    WORKER = 4
    """The worker process died without a word, or another one holds the run."""
    SIGHUP = 129
    """The terminal went away."""
    SIGINT = 130
    SIGTERM = 143


class GantermError(Exception):
    """Base of every error whose message is meant for the user."""

    exit_code: ExitCode = ExitCode.TRAINING


def missing_library(error: ModuleNotFoundError) -> ConfigError | None:
    """Return the error for the user where a library is not installed; None for one of our own."""
    name = (error.name or "").partition(".")[0]
    if not name or name == "ganterm":
        return None
    package = {"PIL": "pillow", "sklearn": "scikit-learn"}.get(name, name)
    return ConfigError(
        f"This needs {package}, which is not installed here; `{sys.executable} -m pip install "
        f"{package}` installs it."
    )


class TrainingError(GantermError):
    """Training failed or diverged, or its run could not be written."""

    exit_code = ExitCode.TRAINING


class PeerLostError(TrainingError):
    """Another process of a training is gone: an end of this one, but not of the run."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Another process of this training is gone ({why}).")


class ConfigError(GantermError):
    """A setting, an option, a name or a file the user gave does not make sense."""

    exit_code = ExitCode.USAGE


class DataError(GantermError):
    """A dataset is missing, damaged or out of reach."""

    exit_code = ExitCode.DATA


class WorkerError(GantermError):
    """The worker process died, or another worker holds the run."""

    exit_code = ExitCode.WORKER
