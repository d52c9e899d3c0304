"""The worker's lock: held for the worker's life, freed by the kernel however the worker ends.

The lock is POSIX's (`fcntl.lockf`): it belongs to the process, so a forked child that outlives a
killed worker does not keep it, and it works on NFS. The price is that closing *any* descriptor of
the file drops it, so within the process that holds a lock nothing may open the lock file. The
functions here see to that by themselves: they know the files that this process holds.
"""

import contextlib
import errno
import fcntl
import os
import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from ganterm.core import jsontext
from ganterm.core.directory import Directory, naming
from ganterm.core.errors import WorkerError
from ganterm.core.files import open_regular
from ganterm.runs.status import HOST

_held: set[tuple[int, int]] = set()
"""Device and inode of every lock file that this process holds."""

_guard = threading.Lock()
"""Keeps a probe of one thread from closing a descriptor of the file another has just locked."""


@dataclass(frozen=True)
class Holder:
    """Who wrote a lock file last: its holder, if it is held."""

    pid: int
    host: str


class LockHeld(WorkerError):  # noqa: N818 (named for what happened)
    """Another worker holds the run.

    Attributes:
        holder: who it is; None if the lock file does not say.
    """

    def __init__(self, path: Path, holder: Holder | None) -> None:
        who = f"worker {holder.pid} on {holder.host}" if holder else "another worker"
        run = path.parent.name
        super().__init__(
            f"run {run!r} is held by {who}; follow it with 'ganterm attach {run}' or end it with "
            f"'ganterm ctl {run} stop'"
        )
        self.holder = holder


class WorkerLock:
    """The lock of one run; a context manager that acquires and releases it.

    A lock file is never removed: two workers could then lock two files of the same name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1
        self._identity = (-1, -1)

    @property
    def held(self) -> bool:
        """Whether this process holds the lock; False in a child forked by the holder."""
        return self._descriptor >= 0 and self._identity in _held

    @property
    def holder_pid(self) -> int:
        """The process that holds the lock, once it is acquired."""
        return os.getpid()

    @property
    def intact(self) -> bool:
        """Whether the lock still guards the run: held, and the locked file still at its path.

        After `rm worker.lock`, or with the run moved or deleted, another worker may lock another
        file; a careful holder looks now and then and stops.
        """
        return self.held and _identity_at(self.path) == self._identity

    def require_intact(self) -> None:
        """Refuse to go on where the lock is not `intact`.

        A run that was deleted may have made way for another one of the same name.

        Raises:
            FileNotFoundError: `filename` is what is no longer there, the lock file or its run.
        """
        if not self.intact:
            run = self.path.parent
            gone = self.path if run.is_dir() else run
            raise FileNotFoundError(errno.ENOENT, "It is no longer there", str(gone))

    def acquire(self, timeout: float = 2.0) -> None:
        """Take the lock, trying for `timeout` seconds: observers hold it for an instant.

        Raises:
            LockHeld: another worker holds it.
            WorkerError: the file system has no locks.
            OSError: the lock file cannot be opened for writing; `filename` is set.
        """
        deadline = time.monotonic() + timeout
        while not self._try_acquire():
            if time.monotonic() >= deadline:
                raise LockHeld(self.path, holder(self.path))
            time.sleep(random.uniform(0.005, 0.025))

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        with _guard:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                _held.discard(self._identity)
                os.close(descriptor)

    def __enter__(self) -> "WorkerLock":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _try_acquire(self) -> bool:
        with _guard:
            if _identity_at(self.path) in _held:
                # The kernel would grant it: to itself a process is no stranger.
                raise LockHeld(self.path, Holder(os.getpid(), HOST))
            with Directory(self.path.parent) as directory:
                descriptor = directory.open(self.path.name, os.O_RDWR | os.O_CREAT)
            taken = False
            try:
                found = os.fstat(descriptor)
                identity = (found.st_dev, found.st_ino)
                # The file may have been removed between opening and locking it.
                taken = (
                    _lock(descriptor, fcntl.LOCK_EX, self.path)
                    and _identity_at(self.path) == identity
                )
            finally:
                if not taken:
                    os.close(descriptor)
            if taken:
                _held.add(identity)
                self._descriptor, self._identity = descriptor, identity
                self._sign()
            return taken

    def _sign(self) -> None:
        """Write who holds the lock; on a full disk it stays unsigned and holds all the same."""
        line = jsontext.dump_line({"pid": os.getpid(), "host": HOST})
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, line, 0)


class LentLock(WorkerLock):
    """The lock of a run that the parent process holds for this one, as long as it lives."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lender = os.getppid()
        self._identity = _identity_at(path) or (-1, -1)

    @property
    def held(self) -> bool:
        """Whether the parent is there, whose death frees the lock."""
        return os.getppid() == self._lender

    @property
    def holder_pid(self) -> int:
        """The parent."""
        return self._lender

    def acquire(self, timeout: float = 2.0) -> None:
        """Do nothing: it is held."""

    def release(self) -> None:
        """Do nothing: it is not this process's to give back."""


def is_held(path: Path) -> bool:
    """Tell whether a worker holds the lock at `path`, without needing or creating anything there.

    Raises:
        WorkerError: the file system has no locks.
        OSError: the lock file is there but cannot be read.
    """
    with _guard:
        if _identity_at(path) in _held:
            return True
        try:
            descriptor = open_regular(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return not _lock(descriptor, fcntl.LOCK_SH, path)
        finally:
            os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """Return who signed the lock file at `path` last; None if nobody can be read there."""
    with _guard:
        if _identity_at(path) in _held:
            return Holder(os.getpid(), HOST)
        try:
            descriptor = open_regular(path)
        except OSError:
            return None
        try:
            value = jsontext.parse_object(os.pread(descriptor, 4096, 0))
        except (OSError, ValueError):
            return None
        finally:
            os.close(descriptor)
    pid, host = value.get("pid"), value.get("host")
    return Holder(pid, host) if jsontext.is_count(pid) and isinstance(host, str) else None


def _lock(descriptor: int, mode: int, path: Path) -> bool:
    """Try to lock without waiting; False if another process is in the way."""
    try:
        fcntl.lockf(descriptor, mode | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            raise WorkerError(
                f"the file system of {path} has no locks, so two workers could write one run; "
                "choose another place with --runs-dir"
            ) from error
        with naming(path):
            raise
    return True


def _identity_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _forget() -> None:
    """Start a forked child with what the kernel gives it: no lock, and no other thread."""
    global _guard  # noqa: PLW0603 (the parent's may be locked by a thread that is not here)
    _guard = threading.Lock()
    _held.clear()


os.register_at_fork(after_in_child=_forget)
