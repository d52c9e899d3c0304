"""Files that anyone may have put there, read without surprises, and files replaced whole.

What is read is a regular file and never without a bound. What is written is there as a whole or
not at all, whatever crashes, fills up or reads meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ganterm.core.directory import (
    RUN_DIRECTORIES,
    Directory,
    FileUnusable,
    checked,
    is_run,
    naming,
    told_unusable,
)
from ganterm.core.errors import ConfigError, TrainingError

TEMP_PREFIX = ".tmp-"
"""How the name of an unfinished file begins; no reader of a run looks at such names."""

_ABANDONED_SECONDS = 60.0

_ADVICE = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some of your quota there",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EROFS: "it is read-only, so choose another place with --runs-dir",
    errno.EACCES: "allow writing there or choose another place with --runs-dir",
    errno.EPERM: "allow writing there or choose another place with --runs-dir",
    errno.ENOENT: "it was deleted or moved, so put it back or start a new run",
    errno.ESTALE: "it was deleted or moved, so put it back or start a new run",
    errno.ELOOP: "it is a symbolic link, which a run's own files must not be",
}

Stamp = tuple[int, int, int]
"""What changes with a file: its time, its size, and which file it is."""


def stamp_of(path: Path | str) -> Stamp | None:
    """Return the stamp of a file, or of a link itself; None where there is none."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def is_ours(path: Path) -> bool:
    """Tell whether `path` belongs to this user or to root; what is not there is nobody's word."""
    try:
        return path.stat().st_uid in {os.geteuid(), 0}
    except OSError:
        return True


def not_utf8(name: str) -> bool:
    """Tell whether `name`, of a file or a directory, stands for bytes that are no UTF-8."""
    return any("\udc80" <= character <= "\udcff" for character in name)


def expanded(path: str | Path) -> Path:
    """Return `path` from the home directory where it says `~`; as it is where there is none."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib's raises without a home


@contextlib.contextmanager
def regular_path(path: Path) -> Iterator[Path]:
    """Give a path to what is now the regular file at `path`, for libraries that open by name.

    It is of plain ASCII, for those that take no other, safetensors above all.

    Raises:
        OSError: as `open_regular`; links are followed.
    """
    descriptor = open_regular(path, follow=True)
    try:
        yield Path(f"/dev/fd/{descriptor}")
    finally:
        os.close(descriptor)


def open_regular(path: Path, *, follow: bool = False) -> int:
    """Open the regular file at `path` for reading and return its descriptor.

    It is no link, as a run's own files must not be; with `follow` it may be one where it lies in no
    run.

    Raises:
        FileUnusable: it is unreadable, a link, or not a regular file.
        OSError: it is missing; `filename` is set.
    """
    own = path.parent.name in RUN_DIRECTORIES and is_run(path.parent.parent)
    with told_unusable(path):
        if follow and not own:
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
            return checked(os.open(path, flags), path)
        with Directory(path.parent) as directory:
            return directory.open(path.name, os.O_RDONLY)


def open_to_append(path: Path) -> int:
    """Open a file of a run to append to it and to read it; it is made where it is missing.

    Raises:
        OSError: it cannot be opened, or is a link or no regular file; `filename` is set.
    """
    with naming(path), Directory(path.parent) as directory:
        return directory.open(path.name, os.O_RDWR | os.O_APPEND | os.O_CREAT)


def read_limited(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes.

    Raises:
        FileUnusable: it is longer than `limit`, or as `open_regular`.
    """
    descriptor = open_regular(path, follow=follow)
    try:
        # What is far too long is not read only to be refused.
        long = os.fstat(descriptor).st_size > limit
        data = b"" if long else read_range(descriptor, 0, limit + 1)
    finally:
        os.close(descriptor)
    if long or len(data) > limit:
        raise FileUnusable(errno.EFBIG, f"Longer than {limit} bytes", str(path))
    return data


def read_range(descriptor: int, begin: int, length: int) -> bytes:
    """Return up to `length` bytes from offset `begin`; fewer only where the file ends."""
    parts: list[bytes] = []
    while length > 0:
        part = os.pread(descriptor, min(length, 1 << 20), begin)
        if not part:
            break
        parts.append(part)
        begin += len(part)
        length -= len(part)
    return b"".join(parts)


def read_tail(path: Path, size: int, *, begin: int = 0) -> bytes:
    """Return the last bytes of a regular file, `size` at most, none before offset `begin`.

    Raises:
        OSError: as `open_regular`.
    """
    descriptor = open_regular(path)
    try:
        return read_range(descriptor, max(begin, os.fstat(descriptor).st_size - size), size)
    finally:
        os.close(descriptor)


def read_run_text(path: Path) -> str:
    """Return the text of a run's configuration, of at most 128 KiB.

    Raises:
        ConfigError: it cannot be read; the sentence names `path`.
    """
    try:
        return read_limited(path, 1 << 17).decode("utf-8")
    except OSError as error:
        raise ConfigError(f"The run file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The run file {path} is not a text file; it should be TOML.") from None
    except ValueError:  # a path with a null byte
        raise ConfigError(f"The run file {str(path)!r} has a name that no file can have.") from None


def write_atomically(
    path: Path,
    content: bytes | Callable[[BinaryIO], object],
    *,
    check: Callable[[Path], object] | None = None,
    sync: bool = True,
) -> None:
    """Replace `path` by `content`, all of it or nothing.

    The file is written beside its place, synced, checked, renamed, and the directory synced; on
    any failure (an interrupt too) the temporary file goes and `path` is what it was.

    Args:
        path: what to replace; a symbolic link is replaced, not followed.
        content: the bytes, or a function that writes them to the open file it is given.
        check: called with the synced temporary file; what it raises stops the replacement.
        sync: False leaves flushing to the kernel: atomic for every reader, but a power cut may
            lose the new content. For files that are soon replaced again.

    Raises:
        OSError: the disk is full, the directory is gone or read-only, ...; `filename` is set.
    """
    temp = f"{TEMP_PREFIX}{os.getpid()}-{secrets.token_hex(4)}-{path.name[-100:]}"
    with naming(path), Directory(path.parent) as directory:
        try:
            descriptor = directory.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(descriptor, "wb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content(file)
                file.flush()
                if sync:
                    os.fsync(descriptor)
            if check is not None:
                check(path.with_name(temp))
            directory.rename(temp, path.name)
        except BaseException:
            # The first error is the one to tell; the removal may fail for the same reason.
            with contextlib.suppress(OSError):
                directory.remove(temp)
            raise
        if sync:
            directory.sync()


def remove_stale_temps(directory: Path, *, older_than: float = 0.0) -> list[Path]:
    """Remove unfinished files that a killed writer left in `directory`; return their paths.

    Only whoever may write the directory may call this: the holder of the run's lock. Where other
    processes write as well (control/), `older_than` in seconds spares what they are writing now.
    A directory that is missing has no such files.

    Raises:
        OSError: it is a link, or cannot be listed; `filename` is set.
    """
    removed: list[Path] = []
    limit = time.time() - older_than
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), Directory(directory) as held:
        for name in filter(_is_temp, held.names()):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError):
                if held.lstat(name).st_mtime <= limit:
                    held.remove(name)
                    removed.append(directory / name)
    return removed


@contextlib.contextmanager
def in_the_making(path: Path) -> Iterator[None]:
    """Keep `remove_abandoned` from a file or directory for as long as this process is at it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        # A file system without such locks has nothing removed from it either.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_abandoned(paths: Iterable[Path]) -> None:
    """Remove those of the files and directories whose maker was killed a minute ago or more."""
    for path in paths:
        with contextlib.suppress(OSError):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(path, flags)
            try:
                found = os.fstat(descriptor)
                # Younger ones may not have been locked yet.
                if time.time() - found.st_mtime < _ABANDONED_SECONDS:
                    continue
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if stat.S_ISDIR(found.st_mode):
                    shutil.rmtree(path)
                else:
                    path.unlink()
            finally:
                os.close(descriptor)


def storage_trouble(error: OSError, path: Path) -> TrainingError:
    """Return the one sentence that tells a user why `path`, or the file the error names, failed."""
    named = error.filename if isinstance(error.filename, str) else str(path)
    advice = _ADVICE.get(error.errno or 0, "check the disk")
    return TrainingError(f"cannot write {named}: {error.strerror or error}; {advice}")


def _is_temp(name: str) -> bool:
    return name.startswith(TEMP_PREFIX)
