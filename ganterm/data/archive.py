"""Folders, zip and tar archives of pictures, read where they are: nothing is unpacked to the disk.

A path in an archive is that of the archive with the name within it. Entries that are no regular
files, or whose names lead elsewhere, do not exist; a name that is there twice is its first entry.
"""

import io
import os
import tarfile
import zipfile
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from ganterm.core.errors import DataError
from ganterm.core.files import open_regular
from ganterm.data.labels import tells_labels
from ganterm.data.progress import ProgressCallback
from ganterm.data.streams import BLOCK, SourceFile, most_of, open_source, read_exactly, too_packed
from ganterm.render.imagefile import is_image

MOST_ENTRIES = 5_000_000
_MOST_PARTS: Final = 256
"""Folders one in another that a name has at most."""
MOST_PICTURE: Final = 256 << 20
"""Bytes of an entry that are read; a longer one is taken for cut short there."""
_MOST_HEADER: Final = 1 << 20
"""Bytes of what stands before an entry of a tar, such as its long name."""
_UNREAD: Final = 1 | 1 << 5 | 1 << 6
"""Flags of entries that are encrypted, in the usual way or another, or are patches of others."""
_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_SOME: Final = 1000
_ROOM: Final = 16 << 20
"""Bytes of files that tell labels which are kept from the first walk, to spare another."""

_CLUTTER = frozenset(
    (
        *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin"),
        *("@eadir", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "@tmp"),
        *("system volume information", "lost+found", "__pycache__"),
    )
)
"""What systems and disk stations leave in folders, in lower case, besides hidden files."""

_Entry = tuple[str, Callable[[], bytes]]
"""The name of a regular file in an archive, and what reads it while it is its turn."""


def is_clutter(name: str) -> bool:
    """Say whether a file or folder of this name is hidden, or left behind by a system."""
    return name.startswith(".") or name.lower() in _CLUTTER


class Folders:
    """The folders below `root`, as they lie on the disk."""

    def __init__(self, root: Path, progress: ProgressCallback) -> None:
        self._what = f"looking through {root.name}"
        self._progress = progress
        self._seen = 0
        self.entered: dict[Path, tuple[list[Path], list[Path]]] = {}
        """The files and sub-folders of those that were looked into."""
        self.endings: set[str] = set()
        """Those of all files in them, in lower case."""

    def entries(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Give the files and the sub-folders of `folder`, each sorted by name."""
        if folder in self.entered:
            return self.entered[folder]
        files: list[Path] = []
        folders: list[Path] = []
        try:
            with os.scandir(folder) as entries:
                below = {entry.name for entry in entries if _is_folder(entry)}
            # It makes paths several times as quickly as joining them does.
            found = sorted(folder.iterdir(), key=attrgetter("name"))
        except OSError as error:
            raise DataError(f"{folder} cannot be read: {error.strerror}.") from error
        for path in found:
            name = path.name
            if not is_clutter(name):
                (folders if name in below else files).append(path)
                self.endings.add(os.path.splitext(name)[1].lower())  # noqa: PTH122
        self._tell(len(files))
        return self.entered.setdefault(folder, (files, folders))

    def identity(self, folder: Path) -> object:
        """Return what two ways to one folder have in common."""
        status = folder.stat()
        return status.st_dev, status.st_ino

    def is_image(self, path: Path) -> bool:
        """Say whether a file is an image by what it holds."""
        self._tell(0)
        return is_image(path)

    def read(self, path: Path, most: int) -> bytes:
        """Return the beginning of a file."""
        try:
            with os.fdopen(open_regular(path, follow=True), "rb") as file:
                return file.read(most)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error

    def _tell(self, more: int) -> None:
        self._seen += more
        self._progress(self._what, self._seen, None, "files")


def in_name_order(paths: Iterable[Path]) -> list[Path]:
    """Return paths in their own order, which of many takes them long to find."""
    return sorted(paths, key=attrgetter("parts"))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; opening it will say so
        return False


class Container:
    """What pictures lie in that is no folder, listed as `ganterm.data.listing` walks through one.

    A path in it is that of its `root` with the name within; it is read from `files`. `form` says
    what it holds in place of files, and `notes` what is to be said of it once it was read.
    """

    form = ""

    def __init__(self, root: Path, files: Sequence[Path]) -> None:
        self.root = root
        self.files = files
        self.notes: list[str] = []
        self.entered: dict[Path, tuple[list[Path], list[Path]]] = {}

    def entries(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Give the files and the sub-folders of `folder`, each in order."""
        return self.entered[folder]

    def identity(self, folder: Path) -> object:
        """Return what two ways to one folder have in common."""
        return folder

    def is_image(self, path: Path) -> bool:
        """Say whether an entry whose name is not that of an image is one."""
        return False

    def read(self, path: Path, most: int) -> bytes:
        """Return the beginning of one entry."""
        return next((file.read(most) for _, file in self.contents({path: 0})), b"")

    @abstractmethod
    def contents(self, wanted: Mapping[Path, int]) -> Iterator[tuple[int, IO[bytes]]]:
        """Yield the entries `wanted`, each with its number, in the order they lie in."""


class Archive(Container):
    """The entries of a zip or a tar.

    Raises DataError for one that is damaged, cut short, encrypted, or unpacks to far more than
    images do.
    """

    def __init__(self, root: Path, progress: ProgressCallback) -> None:
        super().__init__(root, [root])
        self.entered[root] = ([], [])
        self._told: dict[Path, bytes] = {}
        seen: set[Path] = set()
        room = _ROOM
        for number, (name, read) in enumerate(self._walk()):
            if number >= MOST_ENTRIES:
                raise DataError(
                    f"{root} has more than {MOST_ENTRIES:,} entries; give a part of it."
                )
            if not number % _SOME:
                progress(f"looking through {root.name}", number, None, "files")
            path = self._path(name)
            if path is not None and path not in seen:
                seen.add(path)
                self._folder(path.parent)[0].append(path)
                if room > 0 and tells_labels(path):
                    with self._clear():
                        data = read()
                    room -= len(data)
                    if room > 0:
                        self._told[path] = data
        for files, folders in self.entered.values():
            files.sort()
            folders.sort()

    def read(self, path: Path, most: int) -> bytes:
        """Return the beginning of one entry."""
        return self._told[path][:most] if path in self._told else super().read(path, most)

    def contents(self, wanted: Mapping[Path, int]) -> Iterator[tuple[int, IO[bytes]]]:
        """Yield the entries `wanted`, each with its number, in the order they lie in."""
        left, spent, most = dict(wanted), 0, most_of(self.root.stat().st_size)
        for name, read in self._walk() if left else ():
            path = self._path(name)
            if path in left:
                with self._clear():
                    data = read()
                spent += len(data)
                if spent > most:
                    raise DataError(f"{self.root} {too_packed(self.root.stat().st_size)}.")
                yield left.pop(path), io.BytesIO(data)
            if not left:
                return

    def _path(self, name: str) -> Path | None:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if len(parts) > _MOST_PARTS:
            raise DataError(
                f"{self.root} has a file {len(parts) - 1:,} folders deep ({name[:40]}...): it is "
                "damaged, or was made to do harm."
            )
        safe = parts and parts[0] != "/" and ".." not in parts and "\0" not in name
        return self.root.joinpath(*parts) if safe and not any(map(is_clutter, parts)) else None

    def _folder(self, path: Path) -> tuple[list[Path], list[Path]]:
        if path not in self.entered:
            self.entered[path] = ([], [])
            self._folder(path.parent)[1].append(path)
        return self.entered[path]

    def _walk(self) -> Iterator[_Entry]:
        """Yield all regular files in the order they lie in."""
        with self._clear():
            yield from self._zip() if zipfile.is_zipfile(self.root) else self._tar()

    @contextmanager
    def _clear(self) -> Iterator[None]:
        """Make a clear DataError of whatever goes wrong inside."""
        try:
            yield
        except DataError:
            raise
        except OSError as error:
            raise DataError(f"{self.root} cannot be read: {error.strerror or error}.") from error
        except Exception as error:  # damaged bytes raise nearly anything there
            if isinstance(error, RuntimeError) and not isinstance(error, RecursionError):
                raise self._unknown() from error
            words = str(error) or type(error).__name__
            raise DataError(f"{self.root} is damaged ({words}): get it again.") from error

    def _unknown(self) -> DataError:
        return DataError(
            f"{self.root} is encrypted, or packed in a way that is not known here: unpack it "
            "yourself."
        )

    def _zip(self) -> Iterator[_Entry]:
        with zipfile.ZipFile(self.root) as archive:
            for entry in archive.infolist():
                if entry.flag_bits & _UNREAD or entry.compress_type not in _PACKED:
                    raise self._unknown()
                if not entry.is_dir():
                    yield entry.filename, lambda entry=entry: _content(archive, entry)  # type: ignore[misc]

    def _tar(self) -> Iterator[_Entry]:
        with open_source(self.root) as source:
            forward = _Forward(source)
            with tarfile.open(fileobj=cast("IO[bytes]", forward), mode="r:") as archive:
                archive.errorlevel = 0
                while (entry := archive.next()) is not None:
                    archive.members.clear()  # type: ignore[attr-defined]  # or all stay in memory
                    if entry.isreg():
                        at, size = entry.offset_data, min(entry.size, MOST_PICTURE)
                        yield entry.name, lambda at=at, size=size: forward.at(at, size)  # type: ignore[misc]


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry, or what of it is whole."""
    found: list[bytes] = []
    left = MOST_PICTURE
    try:
        with archive.open(entry) as file:
            while block := file.read(min(left, BLOCK)):
                found.append(block)
                left -= len(block)
    except RuntimeError:  # it may be whole, but cannot be read here
        raise
    except Exception:  # noqa: BLE001, S110 - damaged bytes raise nearly anything there
        pass
    return b"".join(found)


class _Forward:
    """A tar that is read from its beginning to its end, as `tarfile` reads one it can seek in."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, at: int, _whence: int = 0) -> int:
        while self._at < at and (block := self._source.read(min(at - self._at, 1 << 20))):
            self._at += len(block)
        if self._at > at:
            raise ValueError("it leads back")
        return self._at

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_HEADER:
            raise ValueError("it has headers without end")
        return self.at(self._at, size)

    def at(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes from `at`, which is not yet passed."""
        self.seek(at)
        found = read_exactly(self._source, size)
        self._at += len(found)
        return found
