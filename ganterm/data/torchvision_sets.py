"""Any image classification set of torchvision's as `torchvision:NAME`, such as `OxfordIIITPet`.

torchvision downloads and reads it once; its pictures are then kept as a folder of image files, one
sub-folder a split and one a class within, which is a dataset like any other folder. Of CelebA the
files as they are published are kept.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import operator
import re
import secrets
import shutil
import socket
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded, in_the_making, remove_abandoned
from ganterm.data.archive import MOST_PICTURE
from ganterm.data.catalogue import data_dir
from ganterm.data.importer import ImportedSplit, ImportReport
from ganterm.data.listing import TORCHVISION, kept_folder, splits_of
from ganterm.data.progress import ProgressCallback, silent
from ganterm.data.streams import most_of, too_packed

TIMEOUT: Final = 20.0
"""Seconds without a byte before a download is given up."""
LARGEST: Final = 512
"""Pixels of the shorter side that a kept picture has at most; no network here makes larger ones."""
EXACT: Final = 64
"""Pixels of the longer side up to which a picture is kept exactly, as PNG, rather than as JPEG."""
_OF_PNG: Final = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
"""Modes in which a picture can be kept exactly."""
_LONGEST: Final = 60
"""Characters that are kept of the name of a class; no more than 255 bytes make a file's name."""
_CELEBA: Final = "CelebA"
_PARTITION: Final = "list_eval_partition.txt"
_ALIGNED: Final = "img_align_celeba"

Picture = tuple[str, str, "Image.Image | bytes"]
"""A picture: its split, its class or nothing, and itself or the JPEG file that it is."""


def fetch_torchvision(
    name: str, *, again: bool = False, progress: ProgressCallback = silent
) -> ImportReport | None:
    """Have torchvision download the set called `torchvision:NAME`, and keep its pictures.

    Returns None where they are here already, unless `again`. Raises ConfigError for a name that is
    none of its sets of labelled or plain pictures, and DataError where the download fails.
    """
    if kept_folder(name).is_dir() and not again:
        return None
    folder = data_dir() / "downloads" / name.removeprefix(TORCHVISION)
    if _class_of(name).__name__ == _CELEBA:
        _download_celeba(folder, progress)
        report = import_torchvision(name, folder, progress=progress)
    else:
        report = _keep(name, _opened(name, folder, download=True, progress=progress), progress)
    shutil.rmtree(folder, ignore_errors=True)
    return report


def import_torchvision(
    name: str, path: Path, *, progress: ProgressCallback = silent
) -> ImportReport:
    """Keep the pictures of the set called `torchvision:NAME` from its files at `path`.

    That is what torchvision calls the root: the folder that its own download fills. Of CelebA it is
    the aligned images, zipped or unpacked, or the folder that they are in. Raises as
    `fetch_torchvision`.
    """
    path = expanded(path)
    if not path.exists():
        raise DataError(f"{path} does not exist: give the folder with the files of {name}.")
    if _class_of(name).__name__ == _CELEBA:
        return _keep(name, {"": _celeba(path)}, progress)
    return _keep(name, _opened(name, path, download=False, progress=progress), progress)


_UNPICKLING: Final = frozenset({"LSUN", "LSUNClass"})
"""Sets whose classes unpickle what lies beside their files, unchecked."""


def _class_of(name: str) -> Any:
    from torchvision import datasets  # noqa: PLC0415 - a slow import

    called = name.removeprefix(TORCHVISION)
    found: Any = getattr(datasets, called, None)
    if called not in datasets.__all__ or not inspect.isclass(found):
        raise ConfigError(
            f"torchvision has no dataset called {called!r}; its names are written as in its "
            "documentation, such as torchvision:OxfordIIITPet."
        )
    if called in _UNPICKLING:
        raise ConfigError(
            f"torchvision's {called} unpickles a file that lies with its images, which could run "
            "code: give the folder of its images instead."
        )
    needed = [
        parameter.name
        for parameter in inspect.signature(found).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if set(needed) - {"root"}:
        raise ConfigError(
            f"torchvision's {called} asks for {', '.join(needed[1:] or needed)}, so it is no plain "
            "set of pictures: give the folder of its images instead."
        )
    return found


_SPLITS: Final = {
    "train": ("train", "trainval", "train-standard"),
    "test": ("test", "val", "valid"),
}


def _opened(
    name: str, root: Path, *, download: bool, progress: ProgressCallback
) -> dict[str, Iterator[Picture]]:
    """Open each split there is; its pictures come as they are asked for."""
    make = _class_of(name)
    known = inspect.signature(make).parameters
    usual: dict[str, Any] = {"root": str(root)} if "root" in known else {}
    if download and "root" in known:
        if "download" not in known:
            raise DataError(
                f"torchvision does not download {name.removeprefix(TORCHVISION)}: get its files "
                f"as its documentation says, and run `ganterm data import {name} PATH`."
            )
        usual["download"] = True
    progress(f"{'fetching' if download else 'opening'} {name}", 0, None, "images")
    splits: dict[str, Iterator[Picture]] = {}
    key = next((key for key in ("train", "split", "image_set") if key in known), "")
    for split, words in _SPLITS.items():
        values = [split == "train"] if key == "train" else words if key else [None]
        for value in values:
            given = usual if value is None else {**usual, key: value}
            dataset = _made(name, make, given, last=value == values[-1] and split == "train")
            if dataset is not None:
                splits[split] = _pictures(split, dataset)
                break
        if not key:
            break
    return splits


def _made(name: str, make: Callable[..., object], given: Mapping[str, Any], *, last: bool) -> Any:
    """Return the set opened so; None where it has no such split, which the `last` way must be."""
    before = socket.getdefaulttimeout()
    if "root" in given:
        Path(given["root"]).mkdir(parents=True, exist_ok=True)
    socket.setdefaulttimeout(TIMEOUT)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return make(**given)
    except Exception as error:
        # Whatever the class of a set comes upon; a ValueError is a split that it has not.
        if isinstance(error, ValueError) and not last:
            return None
        words = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"torchvision could not open {name.removeprefix(TORCHVISION)} ({words[:200]}): bring "
            f"its files from a machine with internet and run `ganterm data import {name} PATH`."
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _pictures(split: str, dataset: Any) -> Iterator[Picture]:
    names = getattr(dataset, "classes", None) or ()
    for index in range(len(dataset)):
        found = dataset[index]
        image, target = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
        if not isinstance(image, Image.Image):
            raise ConfigError(
                f"torchvision's {type(dataset).__name__} gives {type(image).__name__}, no pictures."
            )
        image.load()
        yield split, _label(target, names), image


def _label(target: object, names: Any) -> str:
    try:
        label = operator.index(target)  # type: ignore[arg-type]
    except TypeError:
        return ""
    called = names[label] if 0 <= label < len(names) else label
    return str(called[0] if isinstance(called, tuple) else called)


def _download_celeba(folder: Path, progress: ProgressCallback) -> None:
    from torchvision.datasets import CelebA  # noqa: PLC0415 - a slow import
    from torchvision.datasets.utils import (  # noqa: PLC0415
        download_file_from_google_drive as download,
    )

    for file_id, md5, file in CelebA.file_list:
        if file in {f"{_ALIGNED}.zip", _PARTITION}:
            progress(f"fetching {file}", 0, None, "bytes")
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    download(file_id, str(folder), file, md5)
            except Exception as error:
                # gdown raises what it likes, and is often not there.
                raise DataError(
                    f"CelebA lies on Google Drive and could not be fetched ({error}): with gdown "
                    f"installed it may be, or bring {_ALIGNED}.zip and run `ganterm data import "
                    f"{TORCHVISION}{_CELEBA} PATH`."
                ) from error


def _celeba(path: Path) -> Iterator[Picture]:
    """Yield the files of the aligned images in turn, all of training where no list splits them."""
    archive = path / f"{_ALIGNED}.zip" if path.is_dir() else path
    folder = next((each for each in (path / _ALIGNED, path) if any(each.glob("*.jpg"))), None)
    lists = (place / _PARTITION for place in (path, path.parent))
    split_of: dict[str, str] = {}
    if (partition := next(filter(Path.is_file, lists), None)) is not None:
        lines = map(str.split, partition.read_text("utf-8", "replace").splitlines())
        pairs = (line for line in lines if len(line) == 2)
        split_of = {file: "test" if number == "2" else "train" for file, number in pairs}
    if folder is not None:
        for image in sorted(folder.glob("*.jpg")):
            yield split_of.get(image.name, "train"), "", image.read_bytes()
        return
    try:
        pack = zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(
            f"{path} holds no {_ALIGNED}.zip nor its images ({error}): give the folder that has it."
        ) from error
    with pack:
        left = most_of(size := archive.stat().st_size)
        entries = [each for each in pack.infolist() if each.filename.lower().endswith(".jpg")]
        for entry in sorted(entries, key=lambda each: each.filename):
            with pack.open(entry) as file:
                data = file.read(MOST_PICTURE)
            left -= len(data)
            if left < 0:
                raise DataError(f"{archive} {too_packed(size)}.")
            yield split_of.get(Path(entry.filename).name, "train"), "", data


def _keep(
    name: str, splits: Mapping[str, Iterable[Picture]], progress: ProgressCallback
) -> ImportReport:
    """Write the pictures into the folder of the set, whole or not at all."""
    place = kept_folder(name)
    temporary = place.with_name(f".{place.name}-{secrets.token_hex(8)}.tmp")
    counts: dict[str, int] = {}
    folders: dict[str, str] = {}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(place.parent.glob(".*.tmp"))
        temporary.mkdir()
        with in_the_making(temporary):
            for pictures in splits.values():
                for split, label, picture in _read(name, pictures):
                    number = counts[split] = counts.get(split, 0) + 1
                    folder = temporary / split / _folder_of(label, folders)
                    folder.mkdir(parents=True, exist_ok=True)
                    _write(folder / f"{number - 1:07}", picture)
                    progress(f"keeping {name}", sum(counts.values()), None, "images")
            if not counts:
                raise DataError(f"{name} has no pictures there: check that its files are whole.")
            _put(temporary, place)
    except OSError as error:
        raise DataError(
            f"The pictures cannot be kept in {place.parent} ({error.strerror or error}): make room "
            "or set GANTERM_DATA_DIR to another directory."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    found = splits_of(place)
    stored = [ImportedSplit(split, counts[split], found.get(split, place)) for split in counts]
    return ImportReport(name, tuple(stored), ())


def _read(name: str, pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Yield pictures; what goes wrong with that is a DataError."""
    try:
        yield from pictures
    except (ConfigError, DataError):
        raise
    except Exception as error:  # damaged files raise nearly anything in whatever reads them
        words = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The files of {name} cannot be read ({words[:200]}): check that they are whole."
        ) from error


def _folder_of(label: str, folders: dict[str, str]) -> str:
    """Return the name of the folder of a class, which no other one of `folders` has.

    It has letters, digits and few other characters; upper and lower case make no difference.
    """
    if label and label not in folders:
        plain = re.sub(r"[^\w (),+-]+", "-", label).strip("- ")[:_LONGEST] or "class"
        taken = {each.lower() for each in folders.values()}
        names = (plain, *(f"{plain} {number}" for number in range(2, len(taken) + 2)))
        folders[label] = next(name for name in names if name.lower() not in taken)
    return folders[label] if label else ""


def _put(temporary: Path, place: Path) -> None:
    """Move a folder to its place; one that is there goes once that is done, and stays otherwise."""
    if not place.exists():
        temporary.rename(place)
        return
    with in_the_making(place):
        aside = place.rename(temporary.with_name(f"{temporary.stem}-old.tmp"))
        try:
            temporary.rename(place)
        except BaseException:
            aside.rename(place)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _write(path: Path, picture: Image.Image | bytes) -> None:
    if isinstance(picture, bytes):
        path.with_suffix(".jpg").write_bytes(picture)
        return
    if min(picture.size) > LARGEST:
        scale = LARGEST / min(picture.size)
        size = tuple(round(scale * each) for each in picture.size)
        picture = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]
    if picture.mode not in _OF_PNG:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if max(picture.size) <= EXACT or picture.mode not in {"L", "RGB"}:
        picture.save(path.with_suffix(".png"))
    else:
        picture.save(path.with_suffix(".jpg"), quality=95, subsampling=0)
