"""The chosen measurements one after the other, and the report of them."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ganterm.bench.machine import describe_machine, versions
from ganterm.bench.registry import Measurement
from ganterm.bench.result import Result
from ganterm.bench.settings import Settings
from ganterm.data.progress import Progress
from ganterm.runs.durable import storage_trouble
from ganterm.runs.files import expanded


@dataclass(frozen=True)
class Report:
    """Figures, and what they hold for.

    Attributes:
        date: when the measurements began, ISO 8601 in UTC.
        machine: what the speed depends on; `load` is from before the measurements.
        versions: of ganterm, Python and the packages.
        results: by the measurement's name.
    """

    date: str
    machine: Mapping[str, str | int | float | None]
    versions: Mapping[str, str]
    results: Mapping[str, Result]

    def as_mapping(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "date": self.date,
            "machine": dict(self.machine),
            "versions": dict(self.versions),
            "measurements": {name: found.as_mapping() for name, found in self.results.items()},
        }


def run_suite(
    measurements: Sequence[Measurement], settings: Settings, progress: Progress
) -> Report:
    """Make the measurements and return their report; raises what a measurement raises.

    All of them are checked before the first is made, so that nothing is measured in vain.
    What they leave in `settings.scratch` is for the caller to remove, as `scratch` does.
    """
    for measurement in measurements:
        measurement.check(settings)
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    machine = describe_machine()
    results = {}
    for measurement in measurements:
        try:
            results[measurement.name] = measurement.run(settings, progress)
        except OSError as error:
            raise storage_trouble(error, settings.scratch) from error
    return Report(date, machine, versions(), results)


@contextlib.contextmanager
def scratch(runs_dir: Path) -> Iterator[Path]:
    """Give an empty directory on the disk that `runs_dir` is or would be on, and remove it.

    Raises `TrainingError` when none can be made there.
    """
    # Not the system's own directory for such things, which may be in memory.
    absolute = expanded(runs_dir).absolute()
    place = next(path for path in (absolute, *absolute.parents) if path.is_dir())
    try:
        made = Path(tempfile.mkdtemp(prefix=".ganterm-bench-", dir=place))
    except OSError as error:
        raise storage_trouble(error, place) from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
