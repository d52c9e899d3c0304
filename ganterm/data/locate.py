"""Finding a dataset's published files: in a folder, beside one of them, or in a zip or tar archive.

Entries of an archive are matched by name and copied to names of ganterm's own, so that nothing in
it decides where anything is written; links, devices and entries with `..` are never followed.
"""

import io
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ganterm.components.datasets import PublishedDataset
from ganterm.core.errors import DataError
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.streams import BLOCK, most_of, open_source, read_exactly, too_packed

MAX_BYTES = 4 << 30
"""Decompressed bytes read from one archive; the largest published one holds 1.7 GB."""
MAX_ENTRIES = 10_000

Wanted = Callable[[str], "str | None"]
"""Given an entry's own name without directories, what to call its copy, or None to leave it."""

_TAR_BLOCK = 512


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip, or a tar that may be compressed, by what it holds."""
    try:
        if zipfile.is_zipfile(path):
            return True
        with open_source(path) as source:
            return _tar_entry(read_exactly(source, _TAR_BLOCK)) is not None
    except (OSError, DataError):
        return False


class _Budget:
    """Counts what is read from an archive, tells how far it is, and stops where it is a bomb."""

    def __init__(self, path: Path, progress: ProgressCallback) -> None:
        self._path = path
        self._progress = progress
        self._spent = 0
        self._size = path.stat().st_size

    def spend(self, size: int) -> None:
        self._spent += size
        if self._spent > MAX_BYTES:
            raise _too_large(self._path)
        if self._spent > most_of(self._size):
            raise DataError(f"{self._path} {too_packed(self._size)}.")
        self._progress(f"unpacking {self._path.name}", self._spent, None, "bytes")


@contextmanager
def unpack(
    path: Path, wanted: Wanted, progress: ProgressCallback = silent
) -> Iterator[dict[str, Path]]:
    """Copy the wanted entries into a temporary directory that goes with the context.

    Yields the copies by the names `wanted` gave them; of two entries with one name the first
    counts. Raises DataError for an archive that is damaged, enormous, or has far too many entries.
    """
    with tempfile.TemporaryDirectory(prefix="ganterm-") as directory:
        take = _take_zip if zipfile.is_zipfile(path) else _take_tar
        try:
            taken = take(path, wanted, Path(directory), _Budget(path, progress))
        except DataError:
            raise
        except RuntimeError as error:
            # What zipfile raises for unknown kinds of compression and for encryption.
            raise DataError(f"{path} cannot be unpacked ({error}): unpack it yourself.") from error
        except OSError as error:
            raise DataError(
                f"{path} cannot be unpacked into {directory} ({error.strerror}): make room or set "
                "TMPDIR to another directory."
            ) from error
        except Exception as error:  # damaged bytes raise nearly anything there
            raise DataError(f"{path} is damaged ({error}): get it again.") from error
        yield taken


def _safe_name(name: str) -> str | None:
    entry = PurePosixPath(name.replace("\\", "/"))
    return None if entry.is_absolute() or ".." in entry.parts else entry.name


def _destination(name: str, wanted: Wanted, taken: dict[str, Path], into: Path) -> Path | None:
    safe = _safe_name(name)
    known = wanted(safe) if safe else None
    if known is None or known in taken:
        return None
    taken[known] = into / known
    return taken[known]


def _take_zip(path: Path, wanted: Wanted, into: Path, budget: _Budget) -> dict[str, Path]:
    taken: dict[str, Path] = {}
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise _too_large(path)
        for entry in entries:
            target = None if entry.is_dir() else _destination(entry.filename, wanted, taken, into)
            if target is not None:
                with archive.open(entry) as source:
                    _copy(source, target, None, budget)
    return taken


def _take_tar(path: Path, wanted: Wanted, into: Path, budget: _Budget) -> dict[str, Path]:
    # Read header by header: `tarfile.open` would read extended headers of any size into memory.
    # They only matter for long names, which no wanted entry has, so they are skipped like others.
    taken: dict[str, Path] = {}
    with open_source(path) as source:
        for _ in range(MAX_ENTRIES):
            entry = _tar_entry(read_exactly(source, _TAR_BLOCK))
            if entry is None:
                return taken
            target = _destination(entry.name, wanted, taken, into) if entry.isreg() else None
            if _copy(source, target, entry.size, budget) < entry.size:
                raise DataError(f"{path} is cut short: copy or download it again.")
            read_exactly(source, -entry.size % _TAR_BLOCK)
    raise _too_large(path)


def _tar_entry(header: bytes) -> tarfile.TarInfo | None:
    try:
        entry = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    return entry if entry.size >= 0 else None


def _copy(
    source: io.RawIOBase | IO[bytes], target: Path | None, size: int | None, budget: _Budget
) -> int:
    """Copy `size` bytes, or all, to `target`, or nowhere; give how many there were."""
    done = 0
    with target.open("wb") if target is not None else io.BytesIO() as file:
        while block := source.read(BLOCK if size is None else min(BLOCK, size - done)):
            done += len(block)
            budget.spend(len(block))
            if target is not None:
                file.write(block)
    return done


def _too_large(path: Path) -> DataError:
    return DataError(
        f"{path} is far larger than any published archive of this kind: unpack it yourself and "
        "give the folder."
    )


_PACKED = (".gz", ".bz2")


@dataclass(frozen=True)
class PublishedFile:
    """One of the files a dataset is published as."""

    split: str
    kind: str
    """"images" or "labels" (IDX), or "samples" (in a format of their own)."""
    name: str
    """The published name without .gz or .bz2."""


@dataclass(frozen=True)
class Found:
    """The files at hand, by part, and where they were found."""

    files: Mapping[PublishedFile, Path]
    where: Path
    archive: Path | None = None
    """The archive they were taken from."""
    given: Path | None = None
    """The one file that was named instead of a folder; only its split was looked for."""


def parts_of(info: PublishedDataset) -> list[PublishedFile]:
    """List the files `info` is published as, its training split first."""
    idx = [
        PublishedFile(split, kind, f"{prefix}-{kind}-idx{dims}-ubyte")
        for split, prefix in info.prefixes.items()
        for kind, dims in (("images", 3), ("labels", 1))
    ]
    return idx + [
        PublishedFile(split, "samples", name.removesuffix(".bz2"))
        for split, names in info.samples.items()
        for name in names
    ]


def part_named(info: PublishedDataset, name: str) -> PublishedFile | None:
    """Say which part a file name stands for.

    Upper case, .gz, .bz2 and the common `train-images.idx3-ubyte` spelling make no difference.
    """
    plain = name.lower()
    for ending in _PACKED:
        plain = plain.removesuffix(ending)
    for part in parts_of(info):
        if plain in (part.name.lower(), _dotted(part.name)):
            return part
    return None


def _dotted(name: str) -> str:
    return name.replace("-idx", ".idx")


@contextmanager
def find_files(
    info: PublishedDataset, path: Path, progress: ProgressCallback = silent
) -> Iterator[Found]:
    """Find the files of `info` at `path`: a folder, one of the files, or a zip or tar of them.

    Files of an archive are copied to a temporary directory, under names of ganterm's own, for as
    long as the context lasts. Raises DataError, listing the names looked for, where there are none.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if stat.S_ISDIR(mode):
        yield _in_folder(info, path)
    elif (named := part_named(info, path.name)) is not None:
        # The file that was given wins over another form of it beside it.
        beside = _match(info, _files_in(path.parent))
        files = {part: file for part, file in beside.items() if part.split == named.split}
        yield Found({**files, named: path}, path.parent, given=path)
    elif stat.S_ISREG(mode) and is_archive(path):
        with unpack(path, lambda name: _wanted(info, name), progress) as unpacked:
            files = {part: unpacked[part.name] for part in parts_of(info) if part.name in unpacked}
            if not files:
                raise DataError(f"{path} holds none of the {info.name} files: {_looked_for(info)}.")
            yield Found(files, path, archive=path)
    else:
        raise DataError(f"{path.name} is not one of the {info.name} files: {_looked_for(info)}.")


def _wanted(info: PublishedDataset, name: str) -> str | None:
    part = part_named(info, name)
    return None if part is None else part.name


def _in_folder(info: PublishedDataset, folder: Path) -> Found:
    # torchvision keeps these files in <root>/<class>/raw; either end of that path may be given.
    inner = [p for p in _entries(folder) if p.name.lower() == info.folder]
    for place in (folder, folder / "raw", *inner, *(p / "raw" for p in inner), folder / "gzip"):
        files = _match(info, _files_in(place))
        if files:
            return Found(files, place)
    raise DataError(f"{folder} holds none of the {info.name} files: {_looked_for(info)}.")


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _files_in(folder: Path) -> list[Path]:
    try:
        return [path for path in _entries(folder) if path.is_file()]
    except PermissionError:
        return []


def _match(info: PublishedDataset, paths: Iterable[Path]) -> dict[PublishedFile, Path]:
    files: dict[PublishedFile, Path] = {}
    for path in paths:
        part = part_named(info, path.name)
        # A packed file is preferred: its checksum is published.
        if part is not None and (part not in files or path.suffix.lower() in _PACKED):
            files[part] = path
    return files


def _looked_for(info: PublishedDataset) -> str:
    ending = {"idx": " (with or without .gz)", "libsvm": " (with or without .bz2)"}
    names = ", ".join(part.name for part in parts_of(info))
    return f"looked for {names}{ending.get(info.reader, '')}"
