"""What the data of a run are: their shape, kind, classes and values, told once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

CHANNELS: Final = (1, 3)
"""Image channels that pictures, files and networks here have: grey or RGB."""

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
    def image(cls, side: int, channels: int, classes: Sequence[str] = ()) -> DataSpec:
        """Return the spec of square images of `side` x `side` pixels, 1 channel grey, 3 RGB."""
        return cls(kind="image", shape=(channels, side, side), classes=tuple(classes))

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
        """C of `tensor_shape`: 1 of grey images, 3 of colour."""
        return self.tensor_shape[0]

    @property
    def side(self) -> int:
        """The side of the images, which are square, in pixels; 1 of points."""
        return self.tensor_shape[-1]

    @property
    def values(self) -> int:
        """How many numbers one sample is."""
        return math.prod(self.shape)

    @property
    def size_words(self) -> str:
        """What one sample is like, for lists: `28x28`, or `2-D` for points."""
        if self.is_points:
            return f"{self.shape[0]}-D"
        return f"{self.shape[2]}x{self.shape[1]}"
