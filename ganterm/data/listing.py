"""A folder of images as a dataset: which files it holds, and which class each belongs to."""

import hashlib
import itertools
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from ganterm.components.datasets import SPLITS, Dataset
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded
from ganterm.core.registry import imported
from ganterm.data.archive import Archive, Container, Folders, in_name_order
from ganterm.data.catalogue import data_dir
from ganterm.data.labels import JSON, MOST_BYTES, in_order, tells_labels, told_labels
from ganterm.data.locate import is_archive
from ganterm.data.progress import ProgressCallback, silent

SUFFIXES = frozenset(
    (
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".avif", ".jp2", ".j2k"),
        *(".bmp", ".dib", ".tif", ".tiff", ".tga", ".ppm", ".pgm", ".pbm", ".pnm"),
    )
)
"""Endings of image files. Of a file with another one its content decides."""

_NOT_HERE = frozenset((".pt", ".pth", ".ckpt"))
"""Endings of zip archives that hold other things than image files."""
ARRAYS: Final = (".npy", ".npz")
_PARQUET: Final = ".parquet"
_ROWS: Final = {
    **dict.fromkeys(ARRAYS, "ganterm.data.rows:Arrays"),
    _PARQUET: "ganterm.data.parquet:Parquet",
}
"""Endings of files that hold pictures in rows, and what reads them; it imports NumPy."""

_SPLITS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("val", "valid", "validation"),
}
"""What sub-folders that are splits are called, in lower case."""


@dataclass(frozen=True, kw_only=True)
class ImageFolder(Dataset):
    """Pictures in a folder, or in a file that holds many; sub-folders are splits or classes."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Those that it has; one without any is all training images."""
        return tuple(splits_of(Path(self.path))) or SPLITS[:1]

    def class_names(self, split: str) -> tuple[str, ...]:
        """Return the names of its class folders; raises as `list_images`."""
        parts = self.splits if split == "all" else (split,)
        listings = [list_images(Path(self.path), part) for part in parts]
        if not all(listing.classes for listing in listings):
            return ()
        return tuple(dict.fromkeys(name for listing in listings for name in listing.classes))


TORCHVISION: Final = "torchvision:"
"""How the name of a set of torchvision's begins; the name of its class follows."""


def kept_folder(name: str) -> Path:
    """Return where the pictures of the set called `torchvision:NAME` are kept, once they are."""
    return data_dir() / "torchvision" / name.removeprefix(TORCHVISION)


def folder_at(place: str) -> ImageFolder | None:
    """Return the images at `place`: a folder or a file that holds many, or torchvision's set kept.

    None where there is none of these.
    """
    try:
        kept = re.fullmatch(f"{TORCHVISION}\\w+", place)
        path = kept_folder(place) if kept else expanded(place).absolute()
        found = bool(place) and (path.is_dir() or (path.is_file() and holds_pictures(path)))
    except (OSError, ValueError):
        return None
    return ImageFolder(name=place, title=path.name, path=str(path)) if found else None


def holds_pictures(path: Path) -> bool:
    """Say whether a file is one that may hold many pictures."""
    ending = path.suffix.lower()
    return ending in _ROWS or (ending not in _NOT_HERE and is_archive(path))


@dataclass(frozen=True)
class Original:
    """What the images were before they were brought to one shape.

    `width` and `height` are those in the middle of all that were looked at, in pixels; `colour`
    says whether one of them shows colours, and `background` what those with transparency best lie
    over, as a setting; nothing where none has any. `alike` says whether nearly all have the same
    proportions.
    """

    width: int
    height: int
    colour: bool
    background: str = ""
    alike: bool = False


@dataclass
class Listing:
    """The image files of a folder, in the order of their names.

    `name` is that of the folder. `labels[i]` is the index of the class of `paths[i]`; without
    classes both are empty.
    """

    name: str = ""
    paths: list[Path] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Files that are no images by their names nor by what they hold."""
    outside: list[str] = field(default_factory=list)
    """Images beside class folders, which belong to no class."""
    notes: list[str] = field(default_factory=list)
    """Sentences about what the folder's names may mean besides."""
    told_by: list[Path] = field(default_factory=list)
    """The file that tells the labels, where one does."""
    archive: Container | None = None
    """What the images lie in, where that is no folder."""
    original: Original | None = None
    """What a look at some of them found."""

    def contents(self, chosen: Sequence[int]) -> Iterator[tuple[int, Path | IO[bytes]]]:
        """Yield what to decode for each of the images `chosen`, which are in their order.

        Those in an archive come in the order they lie in.
        """
        if self.archive is None:
            return ((number, self.paths[number]) for number in chosen)
        return self.archive.contents({self.paths[number]: number for number in chosen})

    def fingerprint(self, root: Path) -> bytes:
        """Return a digest of the names below `root`, the sizes and the times of all images."""
        told = repr((self.classes, self.labels, self.others, self.outside))
        skipped = len(str(root))
        names = [str(path)[skipped:] for path in self.paths]
        files = map(str, self.paths if self.archive is None else self.archive.files)
        text = "\0".join([told, *names, repr(list(map(_stamp, files)))])
        return hashlib.sha256(text.encode(errors="surrogateescape")).digest()


def _stamp(file: str) -> tuple[int, int]:
    """Return the size and the time of a file."""
    try:
        status = os.stat(file)  # noqa: PTH116 - by the hundred thousand, in half the time
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def list_images(folder: Path, split: str, progress: ProgressCallback = silent) -> Listing:
    """List the images of `folder`, or of that sub-folder of it which is the split.

    Each other sub-folder with images somewhere inside is a class. Links are followed, each real
    folder once; hidden files and what systems leave behind (`is_clutter`) are left alone. Raises
    DataError for a folder that cannot be read, has no images or has most of them beside its
    classes; ConfigError for a split it does not have. What `progress` raises passes through.

    As long as none of its folders changes it is not listed again.
    """
    known = _LISTED.get((folder, split))
    if known is not None and known.stamps == _stamps(known.stamps):
        return known.listing
    began, tree = time.time_ns(), _tree(folder, progress)
    listing = _listed(folder, split, tree)
    packed = listing.archive
    stamps = _stamps([folder, *packed.files] if packed else [*tree.entered, *listing.told_by])
    _LISTED.pop((folder, split), None)
    if _settled(began, stamps):
        while len(_LISTED) >= _MOST_KNOWN:
            del _LISTED[next(iter(_LISTED))]
        _LISTED[folder, split] = _Known(listing, stamps)
    return listing


@dataclass(frozen=True)
class _Known:
    """A listing, and when each of the folders in it was changed last, in ns."""

    listing: Listing
    stamps: dict[Path, int | None]


_LISTED: Final[dict[tuple[Path, str], _Known]] = {}
_MOST_KNOWN: Final = 8
_WALKED: Final[dict[Path, tuple[dict[Path, int | None], Archive]]] = {}
"""The last archive that was walked through, with when it was changed last."""
_TICK: Final = 50_000_000
"""Nanoseconds that two changes lie apart at least, or else may have one time."""


def _stamps(folders: Iterable[Path]) -> dict[Path, int | None]:
    found: dict[Path, int | None] = {}
    for folder in folders:
        try:
            found[folder] = folder.stat().st_mtime_ns
        except OSError:
            found[folder] = None
    return found


def _settled(began: int, stamps: Mapping[Path, int | None]) -> bool:
    """Say that all was there, and unchanged for more than a tick of the file system's clock.

    What changes within one leaves no trace.
    """
    return all(stamp is not None and began - stamp > _TICK for stamp in stamps.values())


def _listed(folder: Path, split: str, tree: Container | Folders) -> Listing:
    splits = _splits_in(folder, tree)
    if split not in _SPLITS:
        raise ConfigError(f"There is no split called {split!r}: use train or test.")
    if splits and split not in splits:
        raise ConfigError(
            f"{folder} has no {split} split, only {' and '.join(splits)}: make a sub-folder called "
            f"{split}, or use the other split."
        )
    if not splits and split != "train":
        raise ConfigError(
            f"{folder} has no {split} split: make sub-folders called train and {split}, with "
            "nothing else beside them."
        )
    root = splits.get(split, folder)
    listing = Listing(folder.name, archive=tree if isinstance(tree, Container) else None)
    here, folders = tree.entries(root)
    reached = {tree.identity(root)}
    for sub in folders:
        files: Iterable[Path] = _files_under(sub, tree, reached)
        if tree.entries(sub)[1]:
            files = in_name_order(files)
        images = _sorted_out(files, root, listing, tree)
        if images:
            listing.labels += [len(listing.classes)] * len(images)
            listing.classes.append(sub.name)
            listing.paths += images
    top = _sorted_out(here, root, listing, tree)
    if listing.classes:
        listing.outside = [path.name for path in top]
    else:
        listing.paths = top
    if not listing.paths:
        raise DataError(
            f"{root} holds no images: put PNG, JPEG, WebP, TIFF or other image files there, or in "
            "one sub-folder a class."
        )
    _label(listing, here, top, tree)
    if len(listing.outside) > len(listing.paths):
        raise DataError(
            f"{root} has {len(listing.outside):,} images beside its class folders and "
            f"{len(listing.paths):,} in them ({', '.join(listing.classes[:3])}): move the folders "
            "away to train on the images beside them, or the images into folders."
        )
    if (
        not listing.told_by
        and not splits
        and (named := [name for name in listing.classes if split_of(name)])
    ):
        listing.notes.append(
            f"{' and '.join(named)} in {root} {'are' if len(named) > 1 else 'is'} taken for "
            f"{'classes' if len(named) > 1 else 'a class'}, no split: something else lies beside."
        )
    return listing


def _label(
    listing: Listing, beside: list[Path], top: list[Path], tree: Container | Folders
) -> None:
    """Take the labels of images from a file that lies with them, where one does."""
    files = [path for path in beside if tells_labels(path)] if listing.others else []
    images = in_name_order({*listing.paths, *top}) if files else []
    for path in sorted(files, key=lambda path: path.name.lower() != JSON):
        data = tree.read(path, MOST_BYTES)
        named = told_labels(path, data, images, in_folders=bool(listing.classes))
        if named is None:
            continue
        listing.told_by = [path]
        told = (
            "The classes are those that {} tells." if named else "{} says that it has no classes."
        )
        listing.notes.append(told.format(path.name))
        listing.others = [name for name in listing.others if name != path.name]
        listing.paths = [each for each in images if each in named] if named else images
        listing.outside = [each.name for each in images if named and each not in named]
        listing.classes = sorted(set(named.values()), key=in_order)
        places = {name: place for place, name in enumerate(listing.classes)}
        listing.labels = [places[named[each]] for each in listing.paths] if named else []
        return


def images_directly_in(folder: Path) -> list[Path]:
    """Return the images in `folder` itself, by name. Raises DataError where it cannot be read."""
    tree = Folders(folder, silent)
    return _sorted_out(tree.entries(folder)[0], folder, Listing(), tree)


def split_of(name: str) -> str | None:
    """Return the split that a folder of this name may be; None for any other name."""
    return next((split for split, names in _SPLITS.items() if name.lower() in names), None)


def splits_of(folder: Path) -> dict[str, Path]:
    """Return the sub-folders of `folder` that are splits: `train`, `test` and `val`, in this order.

    They are splits only where no other folder with images and no image lies beside them, and each
    is there once; else, and where there are none, nothing. Validation images stand in for a test
    split that is missing. Raises DataError where `folder` cannot be read.
    """
    return _splits_in(folder, _tree(folder, silent))


def _tree(root: Path, progress: ProgressCallback) -> Container | Folders:
    if not root.is_dir():
        rows = _ROWS.get(root.suffix.lower())
        packed: Container = imported(rows)(root) if rows else _archive(root, progress)
        return packed
    tree = Folders(root, progress)
    files, folders = tree.entries(root)
    below = [tree.entries(folder)[0] for folder in folders]
    if _PARQUET not in tree.endings:
        return tree
    files = [*files, *itertools.chain(*below)]
    shards = [path for path in files if path.suffix.lower() == _PARQUET]
    return (
        tree if not shards or _named_as_images(files) else imported(_ROWS[_PARQUET])(root, shards)
    )


def _archive(root: Path, progress: ProgressCallback) -> Archive:
    began, stamps = time.time_ns(), _stamps([root])
    if (known := _WALKED.get(root)) and known[0] == stamps:
        return known[1]
    _WALKED.clear()  # it may be large
    archive = Archive(root, progress)
    if _settled(began, stamps):
        _WALKED[root] = stamps, archive
    return archive


def _splits_in(folder: Path, tree: Container | Folders) -> dict[str, Path]:
    files, folders = tree.entries(folder)
    named = [(split_of(sub.name), sub) for sub in folders]
    splits = {split: sub for split, sub in named if split is not None}
    beside = [sub for split, sub in named if split is None]
    twice = len(splits) + len(beside) < len(folders)
    if not splits or twice or _named_as_images(files):
        return {}
    if any(_named_as_images(_files_under(sub, tree, set())) for sub in beside):
        return {}
    if "test" not in splits and "val" in splits:
        splits["test"] = splits.pop("val")
    return {split: splits[split] for split in _SPLITS if split in splits}


def _named_as_images(files: Iterable[Path]) -> bool:
    return any(path.suffix.lower() in SUFFIXES for path in files)


def _sorted_out(
    files: Iterable[Path], root: Path, listing: Listing, tree: Container | Folders
) -> list[Path]:
    """Return the images among `files`, and note the others; known endings are believed."""
    images: list[Path] = []
    for path in files:
        if path.suffix.lower() in SUFFIXES or tree.is_image(path):
            images.append(path)
        else:
            listing.others.append(str(path.relative_to(root)))
    return images


def _files_under(folder: Path, tree: Container | Folders, reached: set[object]) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        identity = tree.identity(current)
        # A link that leads back up would otherwise be followed for ever.
        if identity in reached:
            continue
        reached.add(identity)
        files, folders = tree.entries(current)
        yield from files
        waiting += folders
