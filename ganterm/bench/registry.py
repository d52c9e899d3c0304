"""The measurements by name, in the order in which they are made; importing this imports none."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Protocol, cast

from ganterm.bench.result import Result
from ganterm.bench.settings import Settings, labelled
from ganterm.data.progress import Progress
from ganterm.errors import ConfigError


class Measure(Protocol):
    """The function `measure` of a measurement's module."""

    def __call__(self, settings: Settings, progress: Progress) -> Result:
        """Measure, telling `progress` how far it is."""
        ...


@dataclass(frozen=True)
class Measurement:
    """A measurement.

    Attributes:
        name: what it is asked for by.
        summary: what it measures, in a line.
        module: the module that does it.
        by_name: whether it takes so long that it has to be asked for.
    """

    name: str
    summary: str
    module: str
    by_name: bool = False

    def check(self, settings: Settings) -> None:
        """Raise what speaks against measuring under `settings`, as far as that can be told."""
        check = getattr(importlib.import_module(self.module), "check_settings", None)
        if check is not None:
            check(settings)

    def run(self, settings: Settings, progress: Progress) -> Result:
        """Import the module and measure; raises what it raises."""
        measure = cast(Measure, importlib.import_module(self.module).measure)
        return measure(settings, labelled(self.name, progress))


_ALL = (
    Measurement(
        "throughput",
        "Images per second against a plain tutorial loop, interleaved.",
        "ganterm.bench.throughput",
    ),
    Measurement(
        "techniques",
        "What each technique adds to the time of a step.",
        "ganterm.bench.techniques",
    ),
    Measurement(
        "limit",
        "Arithmetic of a step against matrix products alone.",
        "ganterm.bench.limit",
    ),
    Measurement(
        "breakdown",
        "Where the time of a step goes.",
        "ganterm.bench.breakdown",
    ),
    Measurement(
        "journal",
        "Cost of a record, and its share of the step.",
        "ganterm.bench.journal",
    ),
    Measurement(
        "checkpoint",
        "Cost of a save, and its share of the step.",
        "ganterm.bench.checkpoint",
    ),
    Measurement(
        "memory",
        "The most memory that training takes, against a plain tutorial loop.",
        "ganterm.bench.memory",
    ),
    Measurement(
        "growth",
        "Whether a long run's memory grows.",
        "ganterm.bench.growth",
    ),
    Measurement(
        "dataset",
        "Memory that a million images take besides their own size.",
        "ganterm.bench.dataset",
        by_name=True,
    ),
    Measurement(
        "sampling",
        "Time that a thousand new images take.",
        "ganterm.bench.sampling",
    ),
    Measurement(
        "startup",
        "Time that commands take to start and answer.",
        "ganterm.bench.startup",
    ),
    Measurement(
        "quality",
        "Time to the quality of a tutorial loop's whole run, start-up included.",
        "ganterm.bench.quality",
        by_name=True,
    ),
)

ALL: Final = "all"
MEASUREMENTS: Final[Mapping[str, Measurement]] = MappingProxyType({m.name: m for m in _ALL})


def choose(names: Sequence[str]) -> list[Measurement]:
    """Return the measurements called `names` in the registry's order.

    For no names those that are not long, and for `ALL` every one. Raises `ConfigError` naming
    what there is.
    """
    for name in names:
        if name not in {*MEASUREMENTS, ALL}:
            near = get_close_matches(name, MEASUREMENTS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MEASUREMENTS)}."
            raise ConfigError(f"There is no measurement {name!r}; {hint}")
    if not names:
        return [m for m in MEASUREMENTS.values() if not m.by_name]
    return [m for m in MEASUREMENTS.values() if ALL in names or m.name in names]
