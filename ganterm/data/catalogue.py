"""The datasets ganterm knows by name, and where each one's stored copy lies.

Torch-free, so that `ganterm data list` and the faces can read it at once.
"""

import contextlib
import difflib
import os
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from ganterm.config.fields import NOT_UTF8
from ganterm.errors import ConfigError, DataError
from ganterm.runs.files import expanded, not_utf8

SPLITS = ("train", "test")

RING = "ring"
"""The dataset of points in place of images (`ganterm.data.points`), which is made, not stored."""
RING_COUNT = 8192
"""Its points."""
RING_CENTRES = ((2, 0), (1, 1), (0, 2), (-1, 1), (-2, 0), (-1, -1), (0, -2), (1, -1))
"""Where its Gaussians lie, which are its classes, in the order of the labels."""

_DIGITS = tuple(string.digits)
_IDX_PREFIXES = {"train": "train", "test": "t10k"}


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What is published about one dataset.

    `image_size` is the side of its square images in pixels; `train` and `test` are the published
    numbers of images (0 where a split does not exist).
    """

    name: str
    title: str
    image_size: int
    channels: int = 1
    classes: tuple[str, ...]
    train: int
    test: int
    origin: str
    """Who made it, when, and under which licence where one is stated."""
    embedded: bool = False
    """Whether it comes with ganterm's own dependencies and needs neither import nor download."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """Per split, how the names of its two IDX files begin."""
    samples: Mapping[str, str] = field(default_factory=dict)
    """Per split, the name of its one libsvm file (USPS only)."""
    md5s: Mapping[str, str] = field(default_factory=dict)
    """Published checksums by file name, as torchvision lists them."""
    label_offset: int = 0
    """Added to a published label to make it an index into `classes`."""
    transposed: bool = False
    """Whether the published files hold each image with rows and columns swapped."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that exist, "train" first."""
        return tuple(split for split in SPLITS if self.count(split))

    def count(self, split: str) -> int:
        """Give the published number of images of `split`, 0 for one that does not exist."""
        return {"train": self.train, "test": self.test}.get(split, 0)


def _emnist(variant: str, title: str, classes: str, train: int, test: int) -> DatasetInfo:
    return DatasetInfo(
        name=f"emnist-{variant}",
        title=title,
        image_size=28,
        classes=tuple(classes),
        train=train,
        test=test,
        origin="Cohen, Afshar, Tapson and van Schaik 2017, from NIST Special Database 19",
        prefixes={split: f"emnist-{variant}-{split}" for split in SPLITS},
        md5s={"gzip.zip": "58c8d27c78d21e728a6bc7b3cc06412e"},
        label_offset=-1 if variant == "letters" else 0,
        transposed=True,
    )


CATALOGUE: Mapping[str, DatasetInfo] = {
    info.name: info
    for info in (
        DatasetInfo(
            name="digits",
            title="Handwritten digits (UCI, scikit-learn)",
            image_size=8,
            classes=_DIGITS,
            train=1797,
            test=0,
            origin="Alpaydin and Kaynak 1998, UCI repository; CC BY 4.0",
            embedded=True,
        ),
        DatasetInfo(
            name="mnist",
            title="MNIST handwritten digits",
            image_size=28,
            classes=_DIGITS,
            train=60_000,
            test=10_000,
            origin="LeCun, Cortes and Burges 1998; CC BY-SA 3.0",
            prefixes=_IDX_PREFIXES,
            md5s={
                "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
                "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
                "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
            },
        ),
        DatasetInfo(
            name="fashion-mnist",
            title="Fashion-MNIST articles of clothing",
            image_size=28,
            classes=(
                *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
                *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
            ),
            train=60_000,
            test=10_000,
            origin="Xiao, Rasul and Vollgraf 2017; MIT",
            prefixes=_IDX_PREFIXES,
            md5s={
                "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
                "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
                "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
            },
        ),
        DatasetInfo(
            name="kmnist",
            title="Kuzushiji-MNIST cursive Japanese characters",
            image_size=28,
            classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            train=60_000,
            test=10_000,
            origin="Clanuwat et al. 2018; CC BY-SA 4.0",
            prefixes=_IDX_PREFIXES,
            md5s={
                "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
                "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
                "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
                "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
            },
        ),
        _emnist("digits", "EMNIST digits", string.digits, 240_000, 40_000),
        _emnist("letters", "EMNIST letters", string.ascii_lowercase, 124_800, 20_800),
        _emnist(
            "balanced",
            "EMNIST digits and letters, balanced",
            # Upper- and lower-case forms that look alike share one class.
            string.digits + string.ascii_uppercase + "abdefghnqrt",
            112_800,
            18_800,
        ),
        DatasetInfo(
            name="usps",
            title="USPS postal digits",
            image_size=16,
            classes=_DIGITS,
            train=7291,
            test=2007,
            origin="Hull 1994, as libsvm publishes it",
            samples={"train": "usps.bz2", "test": "usps.t.bz2"},
            md5s={
                "usps.bz2": "ec16c51db3855ca6c91edd34d0e9b197",
                "usps.t.bz2": "8ea070ee2aca1ac39742fdd1ef5ed118",
            },
            label_offset=-1,
        ),
    )
}


def dataset_info(name: str) -> DatasetInfo:
    """Give the catalogue's entry for `name`.

    Raises ConfigError, naming the nearest known names, for any other.
    """
    info = CATALOGUE.get(name)
    if info is not None:
        return info
    near = difflib.get_close_matches(name.lower().replace("_", "-"), CATALOGUE, n=2, cutoff=0.5)
    advice = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(CATALOGUE)}."
    raise ConfigError(f"There is no dataset called {name!r}: {advice}")


def data_dir() -> Path:
    """Give the directory stored datasets live in: `GANTERM_DATA_DIR`, or the user's data home.

    Where there is neither, it is one that holds nothing and cannot be made.
    """
    chosen = os.environ.get("GANTERM_DATA_DIR")
    if chosen:
        return expanded(chosen)
    with contextlib.suppress(RuntimeError):
        found = platformdirs.user_data_path("ganterm", appauthor=False) / "datasets"
        if found.is_absolute():
            return found
    return Path(os.devnull) / "datasets"


def stored_path(name: str, split: str) -> Path:
    """Give the path of the stored copy of one split, whether or not it is there.

    Raises ConfigError for a name or a split that does not exist.
    """
    info = dataset_info(name)
    check_split(info, split)
    return data_dir() / info.name / f"{split}.safetensors"


def check_split(info: DatasetInfo, split: str) -> None:
    """Raise ConfigError, naming what exists, unless `info` has images in `split`."""
    if split not in SPLITS:
        raise ConfigError(f"There is no split called {split!r}: use train or test.")
    if not info.count(split):
        raise ConfigError(f"{info.name} has no {split} split: use {' or '.join(info.splits)}.")


def is_available(name: str, split: str) -> bool:
    """Say whether one split can be loaded here and now, without import or download."""
    return dataset_info(name).embedded or stored_path(name, split).is_file()


def missing_splits(dataset: str, split: str) -> tuple[str, ...]:
    """Give the splits that training on `split` ("all" for both) needs and this machine lacks.

    A folder of images lacks none, nor does a name that is no dataset; loading says what is wrong.
    """
    info = CATALOGUE.get(dataset)
    if info is None or info.embedded:
        return ()
    wanted = info.splits if split == "all" else (split,)
    return tuple(each for each in wanted if each in info.splits and not is_available(dataset, each))


def folder_of(dataset: str) -> Path | None:
    """Give the folder of images that `dataset` stands for, or None where it looks like a name.

    Raises ConfigError for a path that is no folder.
    """
    if dataset == RING or dataset in CATALOGUE:
        return None
    path = expanded(dataset)
    if path.is_dir():
        return path
    if path.exists():
        raise ConfigError(f"{dataset} is a file: give a folder of images, or import the file.")
    if os.sep in dataset:
        raise ConfigError(f"There is no folder {dataset}: check the path.")
    return None


def require_folder(dataset: str, run: str = "") -> None:
    """Raise DataError where `dataset` is the path of a folder that is not there any more.

    `run` is the name of the run that was trained on it, if one was.
    """
    if os.sep in dataset and not expanded(dataset).is_dir():
        way = f"`ganterm resume {run} --dataset PATH`" if run else "--dataset PATH"
        raise DataError(
            f"There is no folder {dataset}, where the images{f' of {run}' if run else ''} were: "
            f"put it back, or name the place where they are now with {way}."
        )


def anchored(dataset: str) -> str:
    """Return `dataset` so that it means the same from any directory: a folder by its full path.

    Raises ConfigError for a path that is no folder, or one that a file of settings cannot hold.
    """
    folder = folder_of(dataset)
    if folder is None:
        return dataset
    if not_utf8(path := str(folder.absolute())):
        raise ConfigError(NOT_UTF8.format(f"The path {path!r}"))
    return path


def image_count(dataset: str, split: str) -> int | None:
    """Give the published number of images of a split ("all" for both); None for a folder.

    Raises ConfigError for a dataset or a split that does not exist.
    """
    if dataset == RING:
        return RING_COUNT
    if folder_of(dataset) is not None:
        return None
    info = dataset_info(dataset)
    if split == "all":
        return info.train + info.test
    check_split(info, split)
    return info.count(split)
