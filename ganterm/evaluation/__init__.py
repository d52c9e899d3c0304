"""Judging generated images: a classifier that ganterm trains itself, and scores of what it sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

Known = dict[Any, Any]
"""Judges, and the real images as they see them, that whoever judges again need not read again."""

IMAGES: Final = 10_000
"""Generated images that are judged, and as many real ones, unless another number is asked for."""


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """How images are scored.

    Attributes:
        count: images of each kind that are compared, where there are so many.
        scores: those in files of the user's that are measured besides.
        seed: of what is generated, or drawn from more images than `count`.
        k, splits: in place of those that scores were published with; None for these.
    """

    count: int = IMAGES
    scores: Sequence[str] = ()
    seed: int = 0
    k: int | None = None
    splits: int | None = None
