"""Numbers that change over a run: `2e-4..5e-5:cosine:20000kimg` in place of one that stays."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from ganterm.config.schema import RunConfig

FORM: Final = "FROM..TO:cosine|linear[:N kimg|steps]"
"""How a schedule is written; without N it takes the whole run."""
PATTERN: Final = (
    r"^([^\s:]+?)\.\.([^\s:]+):(cosine|linear)(?::([0-9]{1,12}(?:\.[0-9]{1,6})?)(kimg|steps))?$"
)
"""What it looks like in a file."""


def remaining(shape: str, progress: float) -> float:
    """Return the share of the way that is left after `progress` of its time, both from 0 to 1.

    Of `linear` and `cosine` it falls from 1 to 0; of any other shape it stays at 1.
    """
    progress = min(max(progress, 0.0), 1.0)
    if shape == "linear":
        return 1.0 - progress
    return 0.5 * (1.0 + math.cos(math.pi * progress)) if shape == "cosine" else 1.0


class Schedule(float):
    """What a live number of a configuration may be in place of a `float`: one that changes.

    As a number it is what it begins with; it counts as true if it is ever other than 0, and equals
    only what is written alike. Time is counted from the first step of a run, whenever it was set.
    """

    text: str
    end: float
    shape: str
    count: float
    """After so many `unit` it stays at `end`; 0 stands for the whole run."""
    unit: str

    def __new__(cls, text: str) -> Schedule:
        """Read a schedule; raises `ValueError` on anything that is not one."""
        text = re.sub(r"\s", "", text)
        found = re.fullmatch(PATTERN, text)
        if found is None:
            raise ValueError(text)
        start, end, shape, count, unit = found.groups()
        self = super().__new__(cls, start)
        self.text, self.end, self.shape = text, float(end), shape
        self.count, self.unit = float(count or 0), unit or ""
        if not (math.isfinite(self) and math.isfinite(self.end)) or (self.unit and not self.count):
            raise ValueError(text)
        return self

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.text,)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __bool__(self) -> bool:
        return float(self) != 0 or self.end != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and other.text == self.text

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.text)

    def at(self, step: float, images: float, steps: int) -> float:
        """Return the number after so many steps and real images of a run of `steps`."""
        done, whole = {"kimg": (images / 1000, self.count), "steps": (step, self.count)}.get(
            self.unit, (step, max(steps, 1))
        )
        left = remaining(self.shape, done / whole)
        return float(self) * left + self.end * (1.0 - left)


def schedules_in(config: RunConfig) -> dict[str, Schedule]:
    """Return the settings that have a schedule, by name."""
    values = msgspec.structs.asdict(config)
    return {name: value for name, value in values.items() if isinstance(value, Schedule)}


def in_force(config: RunConfig, newest: Mapping[str, float | None]) -> RunConfig:
    """Return the configuration with the newest numbers of its schedules that are known."""
    known = {
        name: value for name in schedules_in(config) if (value := newest.get(name)) is not None
    }
    return msgspec.structs.replace(config, **known)


def written(value: Any) -> Any:
    """Return a value as files, journals and commands have it: a schedule as text."""
    return str(value) if isinstance(value, Schedule) else value


def endpoints(config: RunConfig) -> Iterator[RunConfig]:
    """Yield the configuration with its schedules at their beginning, and at their end if any."""
    yield config
    if found := schedules_in(config):
        yield msgspec.structs.replace(config, **{name: each.end for name, each in found.items()})
