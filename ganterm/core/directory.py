"""Directories reached by descriptor, in which no link is followed where they are a run's own.

Within a run no link is followed: neither a file of its own nor one of its directories is one, and
what is in a directory is reached through its descriptor. The run itself may be a link, as whoever
keeps runs elsewhere makes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ganterm.core.errors import DataError

RUN_DIRECTORIES: Final = ("samples", "checkpoints", "control", "parts")
"""The directories within a run; it has no deeper ones."""
_RUN_MARKS: Final = ("run.toml", "journal.jsonl")
"""A directory with a file of one of these names is a run."""
_A_LINK: Final = "Is a symbolic link"
# Enough to reach what is in a directory that may not be listed.
_SEARCHED: Final = getattr(os, "O_PATH", os.O_RDONLY)


class FileUnusable(DataError, OSError):  # noqa: N818 - named for what happened
    """A file or a directory is there and cannot be read, or must not be: a link, a pipe, ..."""

    def __str__(self) -> str:
        """Return the sentence for the user."""
        return f"{self.filename} cannot be read: {self.strerror}."


class Directory:
    """A directory held open, so that what is in it by name is in no other; a context manager.

    Of a run's own directories it is none that a link leads to, and neither is a file in it.

    Raises:
        OSError: it is missing, a link, or cannot be opened; `filename` is set.
    """

    def __init__(self, path: Path, *, follow: bool = False) -> None:
        """Open `path`; with `follow` it may be a link by any name where it lies in no run."""
        self.path = path
        own = path.name in RUN_DIRECTORIES and (is_run(path.parent) or not follow)
        flags = _SEARCHED | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags | (os.O_NOFOLLOW if own else 0))
        except NotADirectoryError:
            if own and path.is_symlink():
                raise OSError(errno.ELOOP, _A_LINK, str(path)) from None
            raise

    def open(self, name: str, flags: int) -> int:
        """Open a regular file that is no link, and return its descriptor.

        A named pipe would block whoever opens it, and a device never ends.

        Raises:
            OSError: it is missing, cannot be opened, or is something else; `filename` is set.
        """
        path = self.path / name
        flags |= os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with naming(path):
            return checked(os.open(name, flags, 0o666, dir_fd=self._descriptor), path)

    def names(self) -> list[str]:
        """Return what is in it, in order.

        Raises:
            OSError: it cannot be listed; `filename` is set.
        """
        with naming(self.path), _closing(self._listed()) as descriptor:
            return sorted(os.listdir(descriptor))  # noqa: PTH208 - of a descriptor

    def lstat(self, name: str) -> os.stat_result:
        """Return what is known of what has a name in it; of a link itself."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Remove a file, or a link itself; one that is missing is removed already.

        Raises:
            OSError: it cannot be removed; `filename` is set.
        """
        with naming(self.path / name), contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def rename(self, name: str, other: str) -> None:
        """Give a file another name in it, whatever has that one now.

        Raises:
            OSError: it cannot be renamed; `filename` is set.
        """
        with naming(self.path / name):
            held = self._descriptor
            os.replace(name, other, src_dir_fd=held, dst_dir_fd=held)

    def sync(self) -> None:
        """Flush the names in it, so that a rename or a new file survives a power cut."""
        with naming(self.path), _closing(self._listed()) as descriptor:
            try:
                os.fsync(descriptor)
            except OSError as error:
                # Some network and FUSE file systems cannot sync a directory, and keep names by
                # themselves.
                if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                    raise

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def _listed(self) -> int:
        return os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._descriptor)


def is_run(path: Path) -> bool:
    """Tell whether `path` is a run: a directory with a configuration or a journal, of any kind."""
    return any(os.path.lexists(path / name) for name in _RUN_MARKS)


def names_in(path: Path, *, follow: bool = False) -> list[str]:
    """Return what is in a directory, in order; nothing where it is missing.

    It is no link where it is a run's own; with `follow` it may be one where it lies in no run.

    Raises:
        FileUnusable: it is a link, or cannot be listed.
    """
    try:
        with told_unusable(path), Directory(path, follow=follow) as directory:
            return directory.names()
    except (FileNotFoundError, NotADirectoryError):
        return []


def make_directory(path: Path) -> None:
    """Make a directory of a run, unless it is there.

    Raises:
        OSError: it cannot be made, or there is something else; `filename` is set.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    with Directory(path):
        pass


def sync_directory(directory: Path) -> None:
    """Flush the names in `directory`, so that a rename or a new file survives a power cut."""
    with Directory(directory, follow=True) as held:
        held.sync()


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an OSError raised inside the path the user knows; calls on descriptors name none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextlib.contextmanager
def told_unusable(path: Path) -> Iterator[None]:
    """Give an OSError of what is there its sentence; what is missing is left to the caller."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        why = _A_LINK if error.errno == errno.ELOOP else error.strerror
        raise FileUnusable(error.errno, why, str(path)) from None


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def checked(descriptor: int, path: Path) -> int:
    """Return the descriptor of a regular file; that of anything else is closed.

    Raises:
        OSError: it is no regular file; `filename` is set.
    """
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
