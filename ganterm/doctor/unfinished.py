"""Whether a run that has reached its length was still improving fast, and how to train it on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Final

from ganterm.components.scores import MAIN, SCORES
from ganterm.config import RunConfig
from ganterm.core.quantities import QUANTITIES
from ganterm.core.records import JudgedRecord, MetricsRecord, Record

_PATCHES: Final = "patch_distance"
_FEWEST: Final = 2
"""Points that the second and the last third of a run need."""
_FALL: Final = 0.85
"""What is left in the last third of the distance of the second, at most, where a run improves."""
_FAR: Final = 2.0
"""A run whose distance is a smaller multiple of that of real images is as good as there."""

_Points = Sequence[tuple[int, float]]


class Progress:
    """Follows how far a run's images are from real ones, by its records in force."""

    def __init__(self) -> None:
        self._patches: list[tuple[int, float]] = []
        self._judged: list[JudgedRecord] = []

    def see(self, record: Record) -> None:
        """Take the next record into account."""
        if isinstance(record, JudgedRecord) and not record.apart:
            self._judged.append(record)
        elif isinstance(record, MetricsRecord):
            value = record.values.get(_PATCHES)
            if value is not None and math.isfinite(value):
                self._patches.append((record.step, value))

    def unfinished(self, config: RunConfig, steps: int, name: str) -> str:
        """Tell in a sentence that a run of `steps` was still improving fast; empty if it was not.

        By the Frechet distance where that was measured often enough, else by the distance of
        patches. Both fall ever more slowly as a run converges, and rest near that of real images.
        `name` is what commands call the run.
        """
        for title, points, power in (
            (SCORES.facts(MAIN).title, self._scores(), 2),  # the square of a distance
            (QUANTITIES[_PATCHES].title, self._patches, 1),
        ):
            begin = points[0][0] if points else 0
            whole = steps - begin
            second, last = (
                [value for step, value in points if low * whole < step - begin <= high * whole]
                for low, high in ((1 / 3, 2 / 3), (2 / 3, 1))
            )
            if min(len(second), len(last)) < _FEWEST:
                continue
            before, now = median(second), median(last)
            if now < _FAR**power or now > _FALL**power * before:
                return ""
            length = f"--epochs {2 * config.epochs}" if config.epochs else f"--steps {2 * steps}"
            return (
                f"It was still improving fast: the {title} fell by {1 - now / before:.0%} from the "
                f"second third of the run to the last, to {now:.3g} times that of real images; "
                f"`ganterm resume {name} {length}` trains on."
            )
        return ""

    def _scores(self) -> _Points:
        """Return the Frechet distances of the latest judge as multiples of that of real images."""
        found = {}
        for record in self._judged:
            value, floor = record.score(MAIN), record.floor_of(MAIN)
            alike = (record.judge, record.n, record.real) == (
                self._judged[-1].judge,
                self._judged[-1].n,
                self._judged[-1].real,
            )
            if alike and value is not None and floor:
                found[record.step] = value / floor
        return sorted(found.items())
