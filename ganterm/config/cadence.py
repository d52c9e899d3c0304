"""How often something happens: every so many steps or epochs."""

from __future__ import annotations

import re
from dataclasses import dataclass

CADENCE_PATTERN = r"^\d{1,9}( (steps?|epochs?))?$"
"""What a cadence looks like in a file or an option: `1000`, `1000 steps`, `20 epochs`, `0`."""


@dataclass(frozen=True)
class Cadence:
    """Every `count` steps, or every `count` epochs; a count of 0 means never."""

    count: int
    unit: str
    """`steps` or `epochs`."""

    @classmethod
    def parse(cls, text: str) -> Cadence:
        """Read `1000`, `1000 steps` or `20 epochs`; raises `ValueError` on anything else."""
        if not re.match(CADENCE_PATTERN, text):
            raise ValueError(text)
        number, _, unit = text.partition(" ")
        return cls(int(number), "epochs" if unit.startswith("epoch") else "steps")

    def due(self, step: int, epochs_ended: int, *, epoch_ended: bool) -> bool:
        """Whether the moment has come, right after `step` steps.

        `epochs_ended` counts the whole epochs so far; `epoch_ended` says that this step ended one.
        """
        if self.count == 0:
            return False
        if self.unit == "epochs":
            return epoch_ended and epochs_ended % self.count == 0
        return step % self.count == 0
