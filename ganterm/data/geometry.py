"""Where an image of one size goes in one of another."""

from dataclasses import dataclass
from typing import get_args

from ganterm.components.datasets import Fit
from ganterm.core.dataspec import Size
from ganterm.core.errors import ConfigError


@dataclass(frozen=True)
class Placement:
    """Which part of an image is scaled to which part of the frame.

    `box` is left, top, right, bottom in the image; `width`, `height`, `left` and `top` say where
    its scaled copy lies in the frame, always inside it.
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


def place(width: int, height: int, frame: Size, fit: Fit, drawn: int = 0) -> Placement:
    """Give the placement of a `width` x `height` image in a frame.

    `drawn` is any number from which `random-crop` takes its place.
    """
    if fit in {"crop", "random-crop"}:
        scale = min(width / frame.width, height / frame.height)
        wide, high = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        spare, below = width - wide, height - high
        left, top = spare // 2, below // 2
        if fit == "random-crop":
            left, top = drawn % (spare + 1), drawn % (below + 1)
        return Placement((left, top, left + wide, top + high), frame.width, frame.height, 0, 0)
    scale = min(frame.width / width, frame.height / height)
    if fit == "pad" or (fit == "auto" and 1 < scale <= 5 / 4):
        scale = min(scale, 1.0)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (frame.width - wide) // 2, (frame.height - high) // 2
    return Placement((0, 0, width, height), wide, high, left, top)
