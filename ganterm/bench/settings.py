"""What the measurements are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ganterm.data.progress import Progress

ROUNDS = 5
"""How often each contestant has its turn; the spread of a figure is over these rounds."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure, for how long and where.

    Attributes:
        recipes: recipes by name, or paths of recipe files.
        seconds: time for which each contestant trains on each recipe, warm-up left out.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        scratch: an empty directory on the disk whose cost counts.
        steps: how long the growth of memory is watched.
        reference: recipe whose whole run in the plain tutorial loop sets the quality to reach.
        fast: recipe that is to reach it sooner.
        whole: whether to train the tutorial loop to its end, rather than only time it.
        reference_run: a finished run of `reference`, whose quality is taken for the loop's.
    """

    recipes: tuple[str, ...] = ("mlp", "dcgan")
    seconds: float = 20.0
    device: str = "auto"
    scratch: Path
    steps: int = 5000
    reference: str = "dcgan"
    fast: str = "turbo"
    whole: bool = False
    reference_run: Path | None = None

    @property
    def turn(self) -> float:
        """Seconds of one turn."""
        return self.seconds / ROUNDS


def labelled(label: str, progress: Progress) -> Progress:
    """Return a progress that says what it is about, so that equal work in two places differs."""

    def tell(what: str, done: int, total: int | None, unit: str) -> None:
        progress(f"{label}: {what}", done, total, unit)

    return tell
