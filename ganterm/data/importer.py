"""Putting a dataset's published files into ganterm's store, checked.

What is wrong with the files is refused; what is merely unusual (another checksum, fewer images
than published) is imported with a note.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganterm.components.datasets import PublishedDataset
from ganterm.core.errors import DataError
from ganterm.core.files import expanded
from ganterm.data.catalogue import published, stored_path
from ganterm.data.formats import READERS, IdxFile, open_idx
from ganterm.data.locate import Found, PublishedFile, find_files, parts_of
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.store import Staged, stage
from ganterm.data.streams import SourceFile, md5_of, open_source

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ImportedSplit:
    """One split that is now stored."""

    split: str
    count: int
    path: Path


@dataclass(frozen=True)
class ImportReport:
    """What an import stored, and sentences for the user about what was unusual."""

    name: str
    splits: tuple[ImportedSplit, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Opened:
    """The files of one split, open and with their headers checked."""

    shape: tuple[int, int, int, int]
    images: "Iterable[NDArray[np.uint8]]"
    """Pieces (n, C, H, W), upright; reading them reads the files to their ends."""
    labels: "NDArray[np.int64]"
    """(N,), indices into the classes."""
    sources: tuple[tuple[PublishedFile, SourceFile], ...]


def import_dataset(name: str, path: Path, *, progress: ProgressCallback = silent) -> ImportReport:
    """Import dataset `name` of the catalogue from its published files at `path`.

    `path` is a folder with the files, one of the files with its partner beside it, or a zip or tar
    of them; each may be compressed or not. Whatever splits are complete are stored, all of them or
    none. Raises ConfigError for an unknown name, and DataError for files that are missing or
    damaged or hold something else.
    """
    info = published(name, "import")
    open_split = _open_samples if info.samples else _open_idx_pair
    imported: list[ImportedSplit] = []
    with find_files(info, expanded(path), progress) as found, ExitStack() as stack:
        splits = _complete_splits(info, found)
        notes = _missing_notes(info, found)
        staged: list[Staged] = []
        for split in splits:
            files = {part: found.files[part] for part in parts_of(info) if part.split == split}
            opened = open_split(info, files, progress, stack)
            staged.append(stack.enter_context(_stage(info, split, opened)))
            imported.append(ImportedSplit(split, opened.shape[0], staged[-1].path))
            notes += _count_notes(info, split, opened.shape[0])
            for part, source in opened.sources:
                notes += _checksum_notes(info, part, source)
        notes += _archive_notes(info, found)
        for file in staged:
            file.commit()
    return ImportReport(info.name, tuple(imported), tuple(notes))


def _stage(info: PublishedDataset, split: str, opened: _Opened) -> AbstractContextManager[Staged]:
    return stage(
        stored_path(info.name, split),
        shape=opened.shape,
        images=opened.images,
        labels=opened.labels,
        metadata={"name": info.name, "split": split},
    )


def _complete_splits(info: PublishedDataset, found: Found) -> list[str]:
    splits = [
        split
        for split in info.splits
        if all(part in found.files for part in parts_of(info) if part.split == split)
    ]
    if not splits:
        have = ", ".join(path.name for path in found.files.values())
        missing = " and ".join(
            part.name
            for part in parts_of(info)
            if part not in found.files and part.split in {known.split for known in found.files}
        )
        raise DataError(
            f"{found.where} holds {have} but not {missing} (.gz or not), which belongs with it: "
            "put the missing file beside it and import again."
        )
    return splits


def _missing_notes(info: PublishedDataset, found: Found) -> list[str]:
    missing = [part for part in parts_of(info) if part not in found.files]
    if not missing:
        return []
    if found.given is not None:
        return [f"Only the split {found.given.name} belongs to was imported; the folder gives all."]
    splits = " and ".join(dict.fromkeys(part.split for part in missing))
    names = ", ".join(part.name for part in missing)
    return [f"The {splits} split was left out: {names} not found in {found.where}."]


def _open_idx_pair(
    info: PublishedDataset,
    files: Mapping[PublishedFile, Path],
    progress: ProgressCallback,
    stack: ExitStack,
) -> _Opened:
    parts = {part.kind: part for part in files}
    labels_file = stack.enter_context(open_idx(files[parts["labels"]], dims=1))
    images_file = stack.enter_context(open_idx(files[parts["images"]], dims=3))
    count, height, width = images_file.shape
    if (height, width) != info.spec.size:
        raise DataError(
            f"{images_file.path} holds images of {height}x{width} where {info.name} has "
            f"{info.spec.size}: check that it is the right file."
        )
    if labels_file.shape[0] != count:
        raise DataError(
            f"{images_file.path} holds {count:,} images but {labels_file.path} holds "
            f"{labels_file.shape[0]:,} labels: they do not belong together."
        )
    labels = np.concatenate(list(labels_file.pieces())).astype(np.int64)
    return _Opened(
        (count, 1, height, width),
        _upright(info, images_file, progress),
        _class_indices(info, labels, labels_file.path),
        ((parts["images"], images_file.source), (parts["labels"], labels_file.source)),
    )


def _open_samples(
    info: PublishedDataset,
    files: Mapping[PublishedFile, Path],
    progress: ProgressCallback,
    stack: ExitStack,
) -> _Opened:
    sources = {part: stack.enter_context(open_source(path)) for part, path in files.items()}
    split, path = next((part.split, path) for part, path in files.items())
    read = READERS[info.reader]
    found = read(list(sources.values()), expected=info.count(split), progress=progress)
    if found.shape[1:] != info.spec.shape:
        raise DataError(f"{path} holds images of another shape than {info.name} has.")
    labels = _class_indices(info, found.labels, path) if info.spec.classes else found.labels
    return _Opened(found.shape, found.images, labels, tuple(sources.items()))


def _upright(
    info: PublishedDataset, file: IdxFile, progress: ProgressCallback
) -> "Iterator[NDArray[np.uint8]]":
    done = 0
    for piece in file.pieces():
        done += len(piece)
        progress(f"reading {file.path.name}", done, file.shape[0], "images")
        images = piece.transpose(0, 2, 1) if info.transposed else piece
        yield np.ascontiguousarray(images)[:, None]


def _class_indices(
    info: PublishedDataset, labels: "NDArray[np.int64]", path: Path
) -> "NDArray[np.int64]":
    indices = labels + info.label_offset
    wrong = np.flatnonzero((indices < 0) | (indices >= len(info.spec.classes)))
    if len(wrong):
        low = -info.label_offset
        raise DataError(
            f"{path} has label {labels[wrong[0]]} for image {wrong[0]:,} where {info.name} has "
            f"{low} to {low + len(info.spec.classes) - 1}: check that it is the right file."
        )
    return indices


def _count_notes(info: PublishedDataset, split: str, count: int) -> list[str]:
    published = info.count(split)
    if count == published:
        return []
    return [f"The {split} split has {count:,} images where {published:,} are published."]


def _checksum_notes(info: PublishedDataset, part: PublishedFile, source: SourceFile) -> list[str]:
    packed = {"none": "", "gzip": ".gz", "bzip2": ".bz2"}[source.compression]
    published = info.md5s.get(part.name + packed)
    if source.md5 == published:
        return []
    if published is None:
        if not {f"{part.name}.gz", f"{part.name}.bz2"} & info.md5s.keys():
            return []
        return [f"{source.path.name}: a checksum is only published for the packed file."]
    return [_another_checksum(source.path, source.md5, published)]


def _archive_notes(info: PublishedDataset, found: Found) -> list[str]:
    published = info.md5s.get(info.archive)
    if found.archive is None or published is None:
        return []
    md5 = md5_of(found.archive)
    return [] if md5 == published else [_another_checksum(found.archive, md5, published)]


def _another_checksum(path: Path, md5: str, published: str) -> str:
    return (
        f"{path.name}: its checksum {md5} is not the published {published}; the headers and "
        "shapes are right, so it was imported."
    )
