"""Writing files so that a crash, a full disk or a reader never meets half of one."""

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ganterm.core.errors import TrainingError

TEMP_PREFIX = ".tmp-"
"""How the name of an unfinished file begins; no reader of a run looks at such names."""

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


def write_atomically(
    path: Path,
    content: bytes | Callable[[Path], object],
    *,
    check: Callable[[Path], object] | None = None,
    sync: bool = True,
) -> None:
    """Replace `path` by `content`, all of it or nothing.

    The file is written beside its place, synced, checked, renamed, and the directory synced; on
    any failure (an interrupt too) the temporary file goes and `path` is what it was.

    Args:
        path: what to replace; a symbolic link is replaced, not followed.
        content: the bytes, or a function that writes them to the path it is given, which keeps
            the suffix of `path` and exists, empty.
        check: called with the synced temporary file; what it raises stops the replacement.
        sync: False leaves flushing to the kernel: atomic for every reader, but a power cut may
            lose the new content. For files that are soon replaced again.

    Raises:
        OSError: the disk is full, the directory is gone or read-only, ...; `filename` is set.
    """
    temp = path.with_name(f"{TEMP_PREFIX}{os.getpid()}-{secrets.token_hex(4)}-{path.name[-100:]}")
    with naming(path):
        try:
            _create(temp, content if isinstance(content, bytes) else b"")
            if not isinstance(content, bytes):
                content(temp)
            if sync:
                _sync_file(temp)
            if check is not None:
                check(temp)
            temp.replace(path)
        except BaseException:
            # The first error is the one to tell; the removal may fail for the same reason.
            with contextlib.suppress(OSError):
                temp.unlink()
            raise
        if sync:
            sync_directory(path.parent)


def remove_stale_temps(directory: Path, *, older_than: float = 0.0) -> list[Path]:
    """Remove unfinished files that a killed writer left in `directory`; return their paths.

    Only whoever may write the directory may call this: the holder of the run's lock. Where other
    processes write as well (control/), `older_than` in seconds spares what they are writing now.
    A directory that is missing has no such files.
    """
    removed: list[Path] = []
    limit = time.time() - older_than
    try:
        temps = sorted(directory.glob(f"{TEMP_PREFIX}*"))
    except (FileNotFoundError, NotADirectoryError):
        return removed
    for temp in temps:
        with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            if temp.lstat().st_mtime <= limit:
                temp.unlink()
                removed.append(temp)
    return removed


def sync_directory(directory: Path) -> None:
    """Flush the names in `directory`, so that a rename or a new file survives a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems cannot sync a directory and keep names by themselves.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an OSError raised inside the path the user knows; calls on descriptors name none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def storage_trouble(error: OSError, path: Path) -> TrainingError:
    """Return the one sentence that tells a user why `path`, or the file the error names, failed."""
    named = error.filename if isinstance(error.filename, str) else str(path)
    advice = _ADVICE.get(error.errno or 0, "check the disk")
    return TrainingError(f"cannot write {named}: {error.strerror or error}; {advice}")


def _create(temp: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temp, flags, 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
