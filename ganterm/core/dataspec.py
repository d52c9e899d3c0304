"""What the data of a run are: their shape, kind, classes and values, told once."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

CHANNELS: Final = (1, 3, 4)
"""Image channels that pictures, files and networks here have: grey, RGB, or RGB with alpha.

With alpha, tensors hold the colours multiplied by it, and pictures and files as they are.
"""
COLOURS: Final = {1: "grey", 3: "colour", 4: "transparent colour"}
"""What images of so many channels are called."""
LEAST_SIDE, MOST_SIDE = 2, 512
"""Pixels that a side of images that are trained on has."""
_SIZE: Final = re.compile(r"([0-9]{1,4})(?:x([0-9]{1,4}))?")
ImageSize: TypeAlias = int | str
"""A size as settings and files have it: the side of square images, or `HEIGHTxWIDTH`."""


class Size(NamedTuple):
    """The size of images in pixels."""

    height: int
    width: int

    @classmethod
    def of(cls, size: ImageSize) -> Size:
        """Return the size that a setting means: 64, or "48x64", height first.

        Raises ValueError for a text that is none.
        """
        if isinstance(size, int):
            return cls(size, size)
        if found := _SIZE.fullmatch(size.strip()):
            return cls(int(found[1]), int(found[2] or found[1]))
        raise ValueError(f"{size!r} is no size such as 64 or 48x64")

    @property
    def setting(self) -> ImageSize:
        """The size as settings have it: squares are one integer."""
        return self.height if self.is_square else str(self)

    @property
    def is_square(self) -> bool:
        """Whether both sides are the same."""
        return self.height == self.width

    def __str__(self) -> str:
        return f"{self.height}x{self.width}"


Kind = Literal["image", "point"]


class DataSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What one sample is, as networks give and take it.

    Attributes:
        kind: images, or points of a space.
        shape: (C, H, W) of an image, (D,) of a point.
        classes: names of the classes in the order of the labels; none of data without labels.
        value_range: least and greatest value; None where there are no bounds.
        count: how many samples there are, where that is known.
    """

    kind: Kind
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    value_range: tuple[float, float] | None = (-1.0, 1.0)
    count: int | None = None

    @classmethod
    def image(cls, size: ImageSize, channels: int, classes: Sequence[str] = ()) -> DataSpec:
        """Return the spec of images of that size, such as 28 or "48x64" (height first)."""
        return cls(kind="image", shape=(channels, *Size.of(size)), classes=tuple(classes))

    @classmethod
    def point(cls, dimensions: int, classes: Sequence[str] = ()) -> DataSpec:
        """Return the spec of unbounded points of `dimensions` coordinates."""
        return cls(kind="point", shape=(dimensions,), classes=tuple(classes), value_range=None)

    def with_classes(self, classes: Sequence[str]) -> DataSpec:
        """Return the same data with the classes called so; () is without any."""
        return msgspec.structs.replace(self, classes=tuple(classes))

    def with_channels(self, channels: int) -> DataSpec:
        """Return the same data with so many channels, or coordinates of points."""
        return msgspec.structs.replace(self, shape=(channels, *self.shape[1:]))

    @property
    def is_points(self) -> bool:
        """Whether the samples are points in place of images."""
        return self.kind == "point"

    @property
    def tensor_shape(self) -> tuple[int, int, int]:
        """The shape of one sample in a batch (N, C, H, W); a point has its coordinates as C."""
        channels, height, width = self.shape if len(self.shape) == 3 else (*self.shape, 1, 1)
        return channels, height, width

    @property
    def channels(self) -> int:
        """C of `tensor_shape`: 1 of grey images, 3 of colour, 4 with alpha."""
        return self.tensor_shape[0]

    @property
    def colour_words(self) -> str:
        """Which colours the images have: `grey`, `colour` or `transparent colour`."""
        return COLOURS[self.channels]

    @property
    def size(self) -> Size:
        """Height and width of the images in pixels; 1x1 of points."""
        return Size(*self.tensor_shape[1:])

    @property
    def values(self) -> int:
        """How many numbers one sample is."""
        return math.prod(self.shape)

    @property
    def size_words(self) -> str:
        """What one sample is like, for lists: `48x64`, height first, or `2-D` for points."""
        return f"{self.shape[0]}-D" if self.is_points else str(self.size)
