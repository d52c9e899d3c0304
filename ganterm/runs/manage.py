"""What is done to a whole run from outside: rename it, write a note on it, delete it.

A run that trains is left alone: whoever renames or deletes one holds its lock meanwhile, so that
no worker can begin in between.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ganterm.core.directory import sync_directory
from ganterm.core.errors import ConfigError, WorkerError
from ganterm.core.files import TEMP_PREFIX, read_limited, storage_trouble, write_atomically
from ganterm.runs.layout import RunDir, check_name
from ganterm.runs.lock import LockHeld, WorkerLock
from ganterm.runs.state import observe

NOTE_LIMIT: Final = 1 << 14
"""Bytes of the longest note."""

_DELETED = f"{TEMP_PREFIX}deleted-"


def rename(run: RunDir, name: str) -> RunDir:
    """Give `run` another name in the same directory and return it under that name.

    Raises:
        ConfigError: the name is taken or none a run may have, or the run is a link.
        WorkerError: a worker holds the run, or may hold it on another machine.
        TrainingError: the directory cannot be written.
    """
    name = check_name(name)
    if name == run.name:
        return run
    target = RunDir(run.path.parent / name)
    with _to_oneself(run, "renamed"):
        try:
            # An empty directory keeps the name for the run, which then takes its place.
            target.path.mkdir()
        except FileExistsError:
            raise ConfigError(f"there is already a {target.path}; choose another name") from None
        try:
            run.path.rename(target.path)
        except OSError:
            with contextlib.suppress(OSError):
                target.path.rmdir()
            raise
        sync_directory(target.path.parent)
    return target


def delete(run: RunDir) -> None:
    """Delete `run` with everything in it. What is gone cannot be brought back.

    Its name is free at once, however long removing the files takes; files that an earlier deletion
    was interrupted at go too.

    Raises:
        ConfigError: the run is a link.
        WorkerError: a worker holds the run, or may hold it on another machine.
        TrainingError: the files cannot be removed.
    """
    with _to_oneself(run, "deleted"):
        run.path.rename(run.path.parent / f"{_DELETED}{secrets.token_hex(4)}-{run.name}")
    try:
        for rest in run.path.parent.glob(f"{_DELETED}*"):
            with contextlib.suppress(FileNotFoundError):
                rest.unlink() if rest.is_symlink() else shutil.rmtree(rest)
    except OSError as error:
        raise storage_trouble(error, run.path) from error


def read_note(run: RunDir) -> str:
    """Return what the user wrote about `run`; empty where there is nothing. It is foreign text."""
    try:
        text = read_limited(_note_file(run), NOTE_LIMIT)
    except (OSError, ValueError):
        return ""
    return text.decode("utf-8", "replace").strip()


def write_note(run: RunDir, text: str) -> None:
    """Replace the note on `run`; an empty one is removed. A run that trains can be noted as well.

    Raises:
        ConfigError: the note is longer than `NOTE_LIMIT` bytes.
        TrainingError: it cannot be written.
    """
    content = text.strip().encode("utf-8", "replace")
    if len(content) > NOTE_LIMIT - 1:
        raise ConfigError(f"a note holds up to {NOTE_LIMIT - 1} bytes; shorten it")
    try:
        if content:
            write_atomically(_note_file(run), content + b"\n")
        else:
            _note_file(run).unlink(missing_ok=True)
    except OSError as error:
        raise storage_trouble(error, _note_file(run)) from error


def disk_usage(run: RunDir) -> int:
    """Return the bytes of all files of `run`; what vanishes meanwhile counts nothing."""
    total = 0
    for parent, _, names in os.walk(run.path):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total


def _note_file(run: RunDir) -> Path:
    return run.path / "note.txt"


@contextlib.contextmanager
def _to_oneself(run: RunDir, what: str) -> Iterator[None]:
    """Hold the lock of `run` while it is `what`: renamed or deleted."""
    if run.path.is_symlink():
        raise ConfigError(f"{run.path} is a link to a run; remove the link or go to the run itself")
    view = observe(run)
    if view.state == "unknown":
        raise WorkerError(f"{run.name} cannot be {what}, for {view.message}")
    try:
        with WorkerLock(run.lock):
            yield
    except LockHeld:
        raise WorkerError(
            f"{run.name} is training and cannot be {what}; stop it first: "
            f"'ganterm ctl {run.word} stop'"
        ) from None
    except OSError as error:
        raise storage_trouble(error, run.path) from error
