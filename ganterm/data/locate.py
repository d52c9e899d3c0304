"""Finding a dataset's published files: in a folder, beside one of them, or in an archive."""

import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ganterm.components.datasets import PublishedDataset
from ganterm.core.errors import DataError
from ganterm.data.archive import is_archive, unpack
from ganterm.data.progress import ProgressCallback, silent

_PACKED = (".gz", ".bz2")


@dataclass(frozen=True)
class PublishedFile:
    """One of the files a dataset is published as."""

    split: str
    kind: str
    """"images" or "labels" (IDX), or "samples" (both in one file)."""
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
        for split, name in info.samples.items()
    ]


def part_named(info: PublishedDataset, name: str) -> PublishedFile | None:
    """Say which part a file name stands for.

    Upper case, .gz, .bz2 and the common `train-images.idx3-ubyte` spelling make no difference.
    """
    plain = name.lower()
    for ending in _PACKED:
        plain = plain.removesuffix(ending)
    return next((part for part in parts_of(info) if plain in (part.name, _dotted(part.name))), None)


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
        if part is not None and (part not in files or path.suffix in _PACKED):
            files[part] = path
    return files


def _looked_for(info: PublishedDataset) -> str:
    ending = ".bz2" if info.samples else ".gz"
    names = ", ".join(part.name for part in parts_of(info))
    return f"looked for {names} (with or without {ending})"
