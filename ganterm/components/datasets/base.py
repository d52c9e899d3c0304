"""What a dataset is: facts that need no torch, and where its samples come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from ganterm.core.dataspec import DataSpec
from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Samples: TypeAlias = tuple["NDArray[Any] | Tensor", "NDArray[np.int64] | Tensor | None"]
    """Images uint8 (N, C, H, W), or points float32 (N, D); labels int64 (N,), or None."""
else:
    Samples = tuple

SPLITS: Final = ("train", "test")
Fit: TypeAlias = Literal["auto", "resize", "pad", "crop", "random-crop"]
"""How images of another size are fitted:

- `resize`: scaled, keeping proportions, until the whole image just fits; the rest is background.
- `pad`: never enlarged; put in the middle of the background.
- `crop`: scaled until the whole frame is filled; what stands out is cut off evenly.
- `random-crop`: the same, cut off at a place drawn for each picture by its pixels, always the same.
- `auto`: `pad` where the frame is at most a quarter larger (28 becomes 32 pixel for pixel),
  else `resize`.
"""
Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""
BLACK: Final[Colour] = (0, 0, 0)
_NAMED: Final[dict[str, Colour]] = {
    "black": BLACK,
    "grey": (128, 128, 128),
    "white": (255, 255, 255),
}
BACKGROUND_PATTERN: Final = r"^(auto|black|grey|white|#[0-9a-fA-F]{6})$"


def colour_of(background: str) -> Colour | None:
    """Return the colour that a setting of `BACKGROUND_PATTERN` names; None for `auto`."""
    if background == "auto" or background in _NAMED:
        return _NAMED.get(background)
    red, green, blue = bytes.fromhex(background.removeprefix("#"))
    return red, green, blue


UNKNOWN: Final = DataSpec.image(28, 1)
"""What samples are taken for, of a dataset that nothing is known of."""


@dataclass(frozen=True)
class Download:
    """One file, the addresses that hold it, and the MD5 that torchvision lists for it."""

    file: str
    addresses: tuple[str, ...]
    md5: str


@dataclass(frozen=True, kw_only=True)
class DatasetFacts(Facts):
    """What is known of a dataset without loading it.

    Attributes:
        name: what configurations call it.
        spec: one sample as it is published, and the classes.
        counts: how many samples each split has, as published.
        origin: who made it, when, and under which licence where one is stated.
        embedded: whether it needs neither import nor download.
        centres: of points that are a mixture of Gaussians, one for each class: where these lie.
        sigma: the standard deviation of each of them along every axis.
        recipe: a recipe whose networks take it, where those of most do not.
        path: of a folder of images its place, from the root.
        made_of: of one that is made of the samples of another, the name of that other.
        stacked: whether each of its channels is an image of the one that it is made of, and the
            number of its class has one digit a channel.
    """

    name: str = ""
    spec: DataSpec = UNKNOWN
    counts: dict[str, int] = field(default_factory=dict)
    origin: str = ""
    embedded: bool = True
    centres: tuple[tuple[float, ...], ...] = ()
    sigma: float = 0.0
    recipe: str = ""
    path: str = ""
    made_of: str = ""
    stacked: bool = False

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that exist, "train" first."""
        return tuple(split for split in SPLITS if self.counts.get(split))

    def count(self, split: str) -> int:
        """Return the published number of samples of `split`, 0 for one that does not exist."""
        return self.counts.get(split, 0)

    def class_names(self, split: str) -> tuple[str, ...]:
        """Return the names of the classes of `split`, "all" for all, by label; of none, nothing."""
        return self.spec.classes


@dataclass(frozen=True, kw_only=True)
class Dataset(DatasetFacts, Component):
    """A dataset: its facts, and one way or another to its samples.

    Attributes:
        load: returns the samples of a split; torch and other slow imports belong inside it.
        draw: returns so many fresh samples of a seed, of data that are made up.
        make: returns the samples of a split, of the images and the labels of that split of the
            dataset that it is made of.
    """

    load: Callable[[str], Samples] | None = None
    draw: Callable[[int, int], Samples] | None = None
    make: Callable[[NDArray[np.uint8], NDArray[np.int64], str], Samples] | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedDataset(Dataset):
    """A dataset of published files, which ganterm fetches or imports, checks and stores.

    Attributes:
        downloads: says where the files are, by the installed torchvision.
        folder: what torchvision calls the folder it keeps them in, in lower case.
        prefixes: per split, how the names of its two IDX files begin.
        samples: per split, the names of its files in another format.
        reader: that format, one of `ganterm.data.formats.READERS`.
        md5s: published checksums by file name, as torchvision lists them.
        label_offset: added to a published label to make it an index into the classes.
        transposed: whether they hold each image with rows and columns swapped.
        archive: the one archive that has them, which several datasets may share; empty for none.
    """

    embedded: bool = False
    downloads: Callable[[], list[Download]]
    folder: str
    prefixes: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reader: str = "idx"
    md5s: Mapping[str, str] = field(default_factory=dict)
    label_offset: int = 0
    transposed: bool = False
    archive: str = ""


def archived(torchvision: str) -> list[Download]:
    """Return the one archive of a class of `torchvision.datasets`."""
    from torchvision import datasets  # noqa: PLC0415 - a slow import

    source = getattr(datasets, torchvision)
    return [Download(source.filename, (source.url,), source.tgz_md5)]


def mirrored(torchvision: str) -> list[Download]:
    """Return the files of a class of `torchvision.datasets` that has them on several mirrors."""
    from torchvision import datasets  # noqa: PLC0415 - a slow import

    source = getattr(datasets, torchvision)
    return [
        Download(file, tuple(mirror + file for mirror in source.mirrors), md5)
        for file, md5 in source.resources
    ]
