"""Where an image of one size goes in a square of another."""

from dataclasses import dataclass
from typing import get_args

from ganterm.components.datasets import Fit
from ganterm.core.errors import ConfigError


@dataclass(frozen=True)
class Placement:
    """Which part of an image is scaled to which part of the square.

    `box` is left, top, right, bottom in the image; `width`, `height`, `left` and `top` say where
    its scaled copy lies in the square, always inside it.
    """

    box: tuple[int, int, int, int]
    width: int
    height: int
    left: int
    top: int


def check_fit(fit: str) -> None:
    """Raise ConfigError unless `fit` is a way to fit images."""
    if fit not in get_args(Fit):
        raise ConfigError(f"There is no fit called {fit!r}: use {', '.join(get_args(Fit))}.")


def place(width: int, height: int, size: int, fit: Fit) -> Placement:
    """Give the placement of a `width` x `height` image in a square of side `size`."""
    longer, shorter = max(width, height), min(width, height)
    if fit == "crop":
        left, top = (width - shorter) // 2, (height - shorter) // 2
        return Placement((left, top, left + shorter, top + shorter), size, size, 0, 0)
    scale = size / longer
    if fit == "pad" or (fit == "auto" and longer < size <= longer * 5 / 4):
        scale = min(scale, 1.0)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    return Placement((0, 0, width, height), wide, high, (size - wide) // 2, (size - high) // 2)
