"""Files that anyone may have put there, read without surprises, and files replaced whole.

What is read is a regular file and never without a bound. What is written is there as a whole or
not at all, whatever crashes, fills up or reads meanwhile.
"""

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ganterm.core.errors import ConfigError, TrainingError

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

Stamp = tuple[int, int, int]
"""What changes with a file: its time, its size, and which file it is."""


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file; None where there is none."""
    try:
        found = path.stat()
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
    """Open `path` for reading and return its descriptor.

    A named pipe would block the reader and a device never ends, so anything but a regular file is
    refused; so are symbolic links, which a run's own files must not be, unless `follow`.

    Raises:
        OSError: it is missing, unreadable, or not a regular file; `filename` is set.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    return _checked(os.open(path, flags), path)


def open_to_append(path: Path) -> int:
    """Open a file of a run to append to it and to read it; it is made where it is missing.

    Raises:
        OSError: it cannot be opened, or is a link or no regular file; `filename` is set.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    return _checked(os.open(path, flags, 0o666), path)


def read_limited(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes.

    Raises:
        OSError: as `open_regular`, and `EFBIG` where the file is longer than `limit`.
    """
    descriptor = open_regular(path, follow=follow)
    try:
        data = read_range(descriptor, 0, limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"Longer than {limit} bytes", str(path))
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
    """Return the text of a run's configuration, of at most 1 MiB.

    Raises:
        ConfigError: it cannot be read; the sentence names `path`.
    """
    try:
        return read_limited(path, 1 << 20).decode("utf-8")
    except OSError as error:
        raise ConfigError(f"The run file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The run file {path} is not a text file; it should be TOML.") from None
    except ValueError:  # a path with a null byte
        raise ConfigError(f"The run file {str(path)!r} has a name that no file can have.") from None


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


def _checked(descriptor: int, path: Path) -> int:
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
