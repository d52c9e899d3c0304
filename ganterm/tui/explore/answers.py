"""What the process that draws has answered, read with as little trust as a file."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ganterm.render.raster import Raster
from ganterm.render.text import safe_text


class Direction(NamedTuple):
    """A direction of the space: its key, and how strong it is among its kind."""

    key: str
    strength: float

    @property
    def number(self) -> str:
        """What it is called: its rank, or the number of the dimension."""
        return self.key[1:]


@dataclass(frozen=True)
class OpenedRun:
    """The generator that is there.

    Attributes:
        step: of its checkpoint. steps: of all checkpoints, rising.
        weights: `ema` or `generator`.
        side: of its images in pixels.
        classes: names of the classes it is conditioned on.
        layers: how many of its layers take a style; 0 where none does.
    """

    step: int
    steps: tuple[int, ...]
    weights: str
    side: int
    classes: tuple[str, ...] = ()
    layers: int = 0

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> OpenedRun:
        """Read the answer to `open`."""
        return cls(
            step=int(answer["step"]),
            steps=tuple(int(step) for step in answer["steps"]),
            weights=str(answer["weights"]),
            side=int(answer["side"]),
            classes=tuple(safe_text(str(name)) for name in answer["classes"]),
            layers=int(answer["layers"]),
        )

    @property
    def words(self) -> str:
        """Which weights it has, of which step."""
        return f"step {self.step:,}, {'averaged' if self.weights == 'ema' else 'plain'} weights"


def directions_of(answer: Mapping[str, Any]) -> tuple[Direction, ...]:
    """Read the directions in the answer to `open` or `directions`."""
    return tuple(Direction(str(key), float(strength)) for key, strength in answer["directions"])


def images_of(answer: Mapping[str, Any]) -> Sequence[Raster]:
    """Read the images of an answer; none where they make no sense."""
    try:
        count, width, height, channels = (
            int(answer[name]) for name in ("count", "width", "height", "channels")
        )
        data = base64.b64decode(answer["pixels"], validate=True)
        size = width * height * channels
        parts = [data[at * size : (at + 1) * size] for at in range(count)]
        return [Raster(width, height, channels, part) for part in parts]
    except (KeyError, TypeError, ValueError, binascii.Error):
        return []
