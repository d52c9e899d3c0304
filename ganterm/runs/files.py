"""Reading files that anyone may have put there: regular files only, and never without a bound."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ganterm.core.errors import ConfigError

Stamp = tuple[int, int, int]
"""What changes with a file: its time, its size, and which file it is."""


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def not_utf8(name: str) -> bool:
    """Tell whether `name`, of a file or a directory, stands for bytes that are no UTF-8."""
    return any("\udc80" <= character <= "\udcff" for character in name)


def expanded(path: str | Path) -> Path:
    """Return `path` from the home directory where it says `~`; as it is where there is none."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib's raises without a home


@contextlib.contextmanager
def utf8_path(path: Path) -> Iterator[Path]:
    """Give a path to the file at `path` for libraries that take no others, safetensors above all.

    Raises:
        OSError: it has to be opened for that, and cannot.
    """
    if not not_utf8(str(path)):
        yield path
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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


def _checked(descriptor: int, path: Path) -> int:
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
