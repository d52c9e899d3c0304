"""What a whole training is written as for other tools: one entry a form, and how it is passed on.

A form is one file, encoded of the run, or a tool that takes record after record, for which
`--log-to` follows a run while it trains.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

from ganterm.core.errors import ConfigError
from ganterm.core.quantities import QUANTITIES, SINGULAR
from ganterm.core.records import (
    ControlRecord,
    EndRecord,
    JudgedRecord,
    MetricsRecord,
    Numbers,
    OpeningRecord,
    Record,
    ResumeRecord,
    SampleRecord,
)
from ganterm.core.registry import Component, Facts, Registry
from ganterm.runs.history import path_inside
from ganterm.runs.layout import RunDir


@dataclass(frozen=True)
class Beginning:
    """What a log of a run begins with.

    Attributes:
        run: the run. place: where the log goes, in the tool's own words; empty for its own choice.
        live: whether the log belongs to the run, and is gone on with; else it is a copy.
        opening: what its worker said of itself when it began or went on.
        born: when the run began, in seconds.
        times: how often the run was taken back by its doctor to train otherwise.
        fresh: whether nothing was passed on before.
    """

    run: RunDir
    place: str
    live: bool
    opening: OpeningRecord
    born: float
    times: int
    fresh: bool


class Log(Protocol):
    """What a tool is told of a run. Each raises `OSError`, or what the tool's library does.

    `at` is the record's number in its journal, for tools that count what they are told.
    """

    def scalars(self, at: int, record: Record, values: Mapping[str, float]) -> None:
        """Take what was measured, by tag; NaN for what was no finite number."""

    def picture(self, at: int, record: Record, tag: str, path: Path) -> None:
        """Take a PNG."""

    def take_back(self, record: Record) -> None:
        """Forget what was told of later steps, if it can."""

    def close(self, end: EndRecord | None) -> None:
        """End; `end` is how the run ended, if it did."""


@dataclass(frozen=True, kw_only=True)
class ExporterFacts(Facts):
    """What is known of a form without its code.

    Attributes:
        place: where it is written unless said otherwise; {run} stands for the run's name.
    """

    place: str = "{run}"


@dataclass(frozen=True, kw_only=True)
class Exporter(ExporterFacts, Component):
    """A form that a training is written in.

    Attributes:
        encode: returns the bytes of a file of it.
        log: begins a log in its place; `keeps` returns where what was passed on is remembered.
        erases: whether such a log can forget.
        library: the module that it takes, which the extra of that name installs.
        said: what to say when it is written; {place} stands for where.
    """

    encode: Callable[[RunDir], bytes] | None = None
    log: Callable[[Beginning], Log] | None = None
    keeps: Callable[[RunDir, str], Path] = lambda run, _place: run.path
    erases: bool = False
    library: str = ""
    said: str = "Wrote {place}."

    def require(self) -> None:
        """Raise `ConfigError` where its library is not installed."""
        found = find_spec(self.library) if self.library else None
        # A directory of that name, which such tools make, has no origin.
        if self.library and (found is None or found.origin is None):
            raise ConfigError(
                f"This needs {self.library}, which is not installed here; install it with "
                f"`pip install 'ganterm[{self.library}]'`."
            )


EXPORTERS: Final = Registry(
    "exporter",
    ExporterFacts,
    Exporter,
    {
        "csv": "ganterm.exchange.tables:CSV",
        "tensorboard": "ganterm.exchange.tensorboard:TENSORBOARD",
        "wandb": "ganterm.exchange.wandb:WANDB",
    },
)
"""Every form by its name, in the order in which they are offered."""


def log_target(text: str) -> tuple[Exporter, str]:
    """Return the tool that `TOOL[:WHERE]` names, and where; raises `ConfigError`."""
    name, _, place = text.partition(":")
    tools = [each for each in EXPORTERS.names if EXPORTERS.resolve(each).log]
    if name not in EXPORTERS.names or (exporter := EXPORTERS.resolve(name)).log is None:
        raise ConfigError(f"A run is not logged to {name!r}; choose {' or '.join(tools)}.")
    exporter.require()
    return exporter, place


class Passing:
    """Passes the records of a run on to a log, each once.

    A run that went on after a crash makes steps again: a log that cannot erase is not told of them
    twice, for they came out as before. One that its doctor took back goes on as another log.
    """

    def __init__(self, run: RunDir, exporter: Exporter, place: str, *, live: bool) -> None:
        """Begin none yet; raises `ConfigError` where the exporter writes files alone."""
        if exporter.log is None:
            raise ConfigError(f"{exporter.title} is written of a whole run, as a file.")
        self._begin_log, self._erases = exporter.log, exporter.erases
        self._run, self._place, self._live = run, place, live
        self._log: Log | None = None
        self._opening: OpeningRecord | None = None
        self._born = 0.0
        self._at = self._times = self._told = 0
        self._highest = self._known = -1
        self._rewound = False
        self._end: EndRecord | None = None

    def take(self, record: Record, *, told: bool = False) -> None:
        """Pass a record on; of one that was `told` before only take note."""
        self._at += 1
        self._told += told
        self._born = self._born or record.time
        match record:
            case ControlRecord(name="rewind", error=""):
                self._rewound = True
            case OpeningRecord():
                self._begin(record, told=told)
            case EndRecord():
                self._end = record
            case JudgedRecord():
                if not told:
                    self._judged(record)
            case MetricsRecord() | SampleRecord() if record.step > self._known:
                self._highest = max(self._highest, record.step)
                if not told:
                    self._made(record)

    def _begin(self, record: OpeningRecord, *, told: bool) -> None:
        self._opening, self._end = record, None
        if not isinstance(record, ResumeRecord):
            return
        rewound, self._rewound = self._rewound, False
        if self._erases:
            if not told:
                self._opened().take_back(record)
        elif rewound:
            self._times += 1
            self._known = self._highest = record.step
            self.close()
        else:
            self._known = self._highest

    def _made(self, record: MetricsRecord | SampleRecord) -> None:
        if isinstance(record, SampleRecord):
            self._picture(record, "samples", record.path)
        else:
            self._scalars(record, {tag(name): each for name, each in record.values.items()})

    def _judged(self, record: JudgedRecord) -> None:
        self._scalars(record, {f"judged/{name}": each for name, each in record.scores.items()})
        for which, path in (("best", record.best), ("worst", record.worst)):
            self._picture(record, f"judged/{which}", path or "")

    def _scalars(self, record: Record, values: Numbers) -> None:
        numbers = {name: math.nan if each is None else each for name, each in values.items()}
        self._opened().scalars(self._at, record, numbers)

    def _picture(self, record: Record, name: str, path: str) -> None:
        if (inside := path_inside(path)) and (self._run.path / inside).is_file():
            self._opened().picture(self._at, record, name, self._run.path / inside)

    def _opened(self) -> Log:
        if self._log is None:
            self._log = self._begin_log(
                Beginning(
                    self._run,
                    self._place,
                    self._live,
                    self._opening or OpeningRecord(step=0, time=self._born),
                    self._born,
                    self._times,
                    fresh=not self._told,
                )
            )
        return self._log

    def close(self) -> None:
        """End the log."""
        log, self._log = self._log, None
        if log is not None:
            log.close(self._end)


def export_log(run: RunDir, exporter: Exporter, place: str, records: Iterable[Record]) -> None:
    """Write a log of the records of a run that are in force; raises as `Log`."""
    passing = Passing(run, exporter, place, live=False)
    for record in records:
        passing.take(record)
    passing.close()


def tag(name: str) -> str:
    """Return what a quantity is called in tools that group by what stands before a `/`."""
    if name.startswith(SINGULAR):
        return f"singular_values/{name.removeprefix(SINGULAR)}"
    group = QUANTITIES[name].group if name in QUANTITIES else ""
    return f"{group}/{name}" if group else name


def settings_of(config: Mapping[str, Any]) -> dict[str, bool | float | str]:
    """Return settings as tools compare them by: numbers, booleans and words, without the unset."""
    plain = {name: value for name, value in config.items() if value is not None}
    return {
        name: value if isinstance(value, (bool, int, float, str)) else str(value)
        for name, value in plain.items()
    }
