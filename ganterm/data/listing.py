"""Which image files a folder holds, and which class each belongs to."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganterm.data.catalogue import SPLITS
from ganterm.errors import ConfigError, DataError

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
)
"""What counts as an image file by its name."""

_CLUTTER = frozenset(("__MACOSX",))


@dataclass
class Listing:
    """The image files of a folder, in the order of their names.

    With class sub-folders `labels[i]` is the index of the class of `paths[i]`; without, `classes`
    and `labels` are empty.
    """

    paths: list[Path] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Files whose names are not those of images."""
    outside: list[str] = field(default_factory=list)
    """Images beside class folders, which belong to no class."""


def list_images(folder: Path, split: str) -> Listing:
    """List the images of `folder`, or of its sub-folder `train` or `test` where it has them.

    Each other sub-folder with images somewhere inside is a class. Links are followed, each real
    folder once; names that begin with a dot are left alone. Raises DataError for a folder that
    cannot be read or has no images, ConfigError for a split it does not have.
    """
    root = _split_root(folder, split)
    listing = Listing()
    here, folders = _entries(root)
    visited = {_identity(root)}
    for sub in folders:
        files = sorted(_files_under(sub, visited))
        images = [path for path in files if path.suffix.lower() in SUFFIXES]
        listing.others += [_relative(p, root) for p in files if p.suffix.lower() not in SUFFIXES]
        if images:
            listing.labels += [len(listing.classes)] * len(images)
            listing.classes.append(sub.name)
            listing.paths += images
    listing.others += [path.name for path in here if path.suffix.lower() not in SUFFIXES]
    top = [path for path in here if path.suffix.lower() in SUFFIXES]
    if listing.classes:
        listing.outside = [path.name for path in top]
    else:
        listing.paths = top
    if not listing.paths:
        raise DataError(
            f"{root} holds no images: put {', '.join(sorted(SUFFIXES))} files there, or in one "
            "sub-folder a class."
        )
    return listing


def _split_root(folder: Path, split: str) -> Path:
    if split not in SPLITS:
        raise ConfigError(f"There is no split called {split!r}: use train or test.")
    if (folder / split).is_dir():
        return folder / split
    if split == "train" and not (folder / "test").is_dir():
        return folder
    raise ConfigError(
        f"{folder} has no {split} split: make a sub-folder called {split}, or use the other split."
    )


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Give the files and the sub-folders of `folder`, each sorted by name."""
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in _CLUTTER:
                    continue
                (folders if _is_folder(entry) else files).append(folder / entry.name)
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}.") from error
    return sorted(files), sorted(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; opening it will say so
        return False


def _files_under(folder: Path, visited: set[tuple[int, int]]) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        identity = _identity(current)
        # A link that leads back up would otherwise be followed for ever.
        if identity in visited:
            continue
        visited.add(identity)
        files, folders = _entries(current)
        yield from files
        waiting += folders


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root))
