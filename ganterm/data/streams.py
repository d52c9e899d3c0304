"""Reading files that may be compressed, cut short, enormous or not what they say they are."""

import bz2
import gzip
import hashlib
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ganterm.core.errors import DataError

BLOCK = 1 << 20

_LEAST, _EXPANSION = 32 << 20, 100


def most_of(size: int) -> int:
    """Return the most bytes that a compressed file or archive of `size` bytes is unpacked to.

    Images that lie in one become some ten times as large; what becomes far larger is made to.
    """
    return max(_LEAST, _EXPANSION * size)


def too_packed(size: int) -> str:
    """Say in a clause that a file or archive of `size` bytes becomes more than images do."""
    return f"unpacks to more than {most_of(size) >> 20:,} MiB, which images of its size never do"


_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"))


class SourceFile(io.RawIOBase):
    """A regular file opened for reading, decompressed on the fly; hashes what it reads.

    After `finish()`, `md5` is that of the file as it lies on the disk.
    """

    def __init__(self, path: Path, file: io.BufferedReader) -> None:
        self.path = path
        self.size = path.stat().st_size
        self._given = 0
        self._raw = _Hashed(file)
        head = file.peek(3)
        self.compression = next((name for magic, name in _MAGIC if head.startswith(magic)), "none")
        raw = cast("BinaryIO", self._raw)  # the decompressors only ever call read()
        self._stream: _Hashed | gzip.GzipFile | bz2.BZ2File = self._raw
        if self.compression == "gzip":
            self._stream = gzip.GzipFile(fileobj=raw, mode="rb")
        elif self.compression == "bzip2":
            self._stream = bz2.BZ2File(raw, mode="rb")

    @property
    def most(self) -> int:
        """The most bytes the file can possibly hold, decompressed."""
        return self.size if self.compression == "none" else most_of(self.size)

    @property
    def md5(self) -> str:
        """The checksum of what was read from the disk."""
        return self._raw.md5.hexdigest()

    def readable(self) -> bool:
        """Say that this stream can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read up to one block of decompressed bytes; 0 at the end.

        Raises DataError where the compressed data end early or are damaged.
        """
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        try:
            block = self._stream.read(min(len(view), BLOCK))
        except EOFError as error:
            raise DataError(f"{self.path} is cut short: copy or download it again.") from error
        except (OSError, zlib.error) as error:
            raise DataError(f"{self.path} is damaged ({error}): get it again.") from error
        self._given += len(block)
        if self._given > self.most:
            raise DataError(f"{self.path} {too_packed(self.size)}.")
        view[: len(block)] = block
        return len(block)

    def finish(self) -> None:
        """Read what is left on the disk, so that `md5` covers the whole file."""
        while self._raw.read(BLOCK):
            pass


class _Hashed:
    """A binary file that hashes every byte it hands out."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.md5 = hashlib.md5(usedforsecurity=False)

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.md5.update(block)
        return block


@contextmanager
def open_source(path: Path) -> Iterator[SourceFile]:
    """Open a regular file, compressed or not.

    Raises DataError, naming the path, for one that is missing, may not be read or is no file.
    """
    try:
        # A named pipe or a device would block, or never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path} is not a regular file: give the path of the data file itself.")
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    with file, SourceFile(path, file) as source:
        yield source


def read_exactly(stream: io.RawIOBase, size: int) -> bytes:
    """Read `size` bytes, or what there is before the end, without reserving them beforehand."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(min(size, BLOCK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def md5_of(path: Path) -> str:
    """Give the MD5 of a file as it lies on the disk; raises OSError where it cannot be read."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
