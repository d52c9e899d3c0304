"""How often something happens: every so many steps or epochs."""

from __future__ import annotations

import re
from dataclasses import dataclass

CADENCE_PATTERN = r"^[0-9]{1,9}( (steps?|epochs?))?$"
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
        if not re.fullmatch(CADENCE_PATTERN, text):
            raise ValueError(text)
        number, _, unit = text.partition(" ")
        return cls(int(number), "epochs" if unit.startswith("epoch") else "steps")

    def due(self, step: int, *, epochs_before: int, epochs: int) -> bool:
        """Whether the moment has come, right after `step` steps.

        `epochs` counts the whole epochs so far and `epochs_before` those before this step, which
        can end several at once when the data are few.
        """
        if self.count == 0:
            return False
        if self.unit == "epochs":
            return epochs // self.count > epochs_before // self.count
        return step % self.count == 0


def log_spaced(step: int) -> bool:
    """Whether `step` is 1, or one or three times a higher power of ten: 10, 30, 100, 300, ...

    These are the moments at which a run that has just begun looks different each time.
    """
    digits = str(step)
    return step == 1 or (len(digits) > 1 and digits[0] in "13" and not digits[1:].strip("0"))
