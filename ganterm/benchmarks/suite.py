"""The measurements by name, and the report of those that are chosen, as a page too.

Importing this imports no measurement and no PyTorch.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from difflib import get_close_matches
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Final

from ganterm import __version__
from ganterm.benchmarks.result import ResultTable
from ganterm.core.errors import ConfigError
from ganterm.core.files import expanded, storage_trouble
from ganterm.data.progress import ProgressCallback
from ganterm.render.text import safe_text

ROUNDS = 5
"""How often each contestant has its turn; the spread of a figure is over these rounds."""
KEPT_BELOW = "<!-- `ganterm bench --output` leaves what stands below as it is. -->"
"""A line of the page; whatever follows it was put there by a person, or by another measurement."""
_PACKAGES = ("torch", "torchvision", "numpy", "pillow", "safetensors")


@dataclass(frozen=True, kw_only=True)
class BenchSettings:
    """What to measure, for how long and where.

    Attributes:
        recipes: by name, or paths of their files.
        seconds: for which each contestant trains on each recipe, warm-up left out.
        scratch: an empty directory on the disk whose cost counts.
        steps: how long the growth of memory is watched.
        reference: recipe whose whole run in the plain tutorial loop sets the quality to reach.
        fast: recipe that is to reach it sooner.
        reference_run: a finished run of `reference`, whose quality is taken for the loop's.
    """

    recipes: tuple[str, ...] = ("mlp", "dcgan")
    seconds: float = 20.0
    device: str = "auto"
    scratch: Path
    steps: int = 5000
    reference: str = "dcgan"
    fast: str = "turbo"
    reference_run: Path | None = None

    @property
    def turn(self) -> float:
        """Seconds of one turn."""
        return self.seconds / ROUNDS

    @property
    def short_turn(self) -> float:
        """Seconds of a turn where there are many contestants."""
        return self.turn / 4


Measure = Callable[[BenchSettings, ProgressCallback], ResultTable]


@dataclass(frozen=True)
class Measurement:
    """A measurement: its name, and where its function is, `module:name` in this package.

    `by_name` says whether it takes so long that it has to be asked for; `checked_by` names a
    function that raises what speaks against some settings.
    """

    name: str
    place: str
    by_name: bool = False
    checked_by: str = ""

    def check(self, settings: BenchSettings) -> None:
        """Raise what speaks against measuring under `settings`, as far as that can be told."""
        if self.checked_by:
            resolve_name(f"{__package__}.{self.checked_by}")(settings)

    def run(self, settings: BenchSettings, progress: ProgressCallback) -> ResultTable:
        """Measure, saying in `progress` which measurement it is; raises what it raises."""
        measure: Measure = resolve_name(f"{__package__}.{self.place}")
        return measure(settings, labelled(self.name, progress))


_ALL = (
    Measurement("throughput", "throughput:throughput", checked_by="throughput:check_recipes"),
    Measurement("techniques", "steps:techniques"),
    Measurement("limit", "steps:limit"),
    Measurement("upkeep", "upkeep:upkeep"),
    Measurement("growth", "upkeep:growth"),
    Measurement("startup", "startup:startup"),
    Measurement("quality", "quality:quality", by_name=True, checked_by="quality:check_quality"),
)
ALL: Final = "all"
MEASUREMENTS: Final = {each.name: each for each in _ALL}
"""In the order in which they are made."""


def choose(names: Sequence[str]) -> list[Measurement]:
    """Return the measurements called `names` in the table's order.

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


def labelled(label: str, progress: ProgressCallback) -> ProgressCallback:
    """Return a progress that says what it is about, so that equal work in two places differs."""

    def tell(what: str, done: int, total: int | None, unit: str) -> None:
        progress(f"{label}: {what}", done, total, unit)

    return tell


@dataclass(frozen=True)
class Report:
    """Figures by the measurement's name, and what they hold for.

    `date` is ISO 8601 in UTC; the machine's `load` is from before the measurements.
    """

    date: str
    machine: Mapping[str, str | int | float | None]
    versions: Mapping[str, str]
    results: Mapping[str, ResultTable]

    def as_mapping(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        found = {name: result.as_mapping() for name, result in self.results.items()}
        what = {"machine": dict(self.machine), "versions": dict(self.versions)}
        return {"date": self.date, **what, "measurements": found}


def run_suite(
    measurements: Sequence[Measurement], settings: BenchSettings, progress: ProgressCallback
) -> Report:
    """Make the measurements and return their report; raises what a measurement raises.

    All of them are checked before the first is made, so that nothing is measured in vain.
    """
    for measurement in measurements:
        measurement.check(settings)
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    machine = describe_machine()
    try:
        results = {each.name: each.run(settings, progress) for each in measurements}
    except OSError as error:
        raise storage_trouble(error, settings.scratch) from error
    return Report(date, machine, versions(), results)


@contextlib.contextmanager
def scratch(runs_dir: Path) -> Iterator[Path]:
    """Give a directory on the disk of `runs_dir`, and remove it; raises `TrainingError`."""
    # Not the system's own directory for such things, which may be in memory.
    absolute = expanded(runs_dir).absolute()
    place = next(path for path in (absolute, *absolute.parents) if path.is_dir())
    try:
        made = tempfile.TemporaryDirectory(
            prefix=".ganterm-bench-", dir=place, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise storage_trouble(error, place) from error
    with made as name:
        yield Path(name)


def describe_machine() -> dict[str, str | int | float | None]:
    """Return what the speed depends on, and nothing that identifies the machine or its user."""
    import torch  # noqa: PLC0415 - naming the measurements must not wait for it

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": cores or 1,
        "memory_gib": round(memory / 2**30, 1),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Return the versions of ganterm, Python and the packages whose speed counts."""
    found = {"ganterm": __version__, "python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in _PACKAGES}


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    with contextlib.suppress(OSError):
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or "unknown"


def facts(report: Report) -> list[tuple[str, str]]:
    """Return what the figures hold for, as labels and words made safe for a terminal."""
    machine = report.machine
    processor = f"{machine['processor']} ({machine['architecture']})"
    found = {
        "Date": report.date,
        "Processor": f"{processor}, {machine['cores']} cores, {machine['vector_instructions']}",
        "GPU": machine["gpu"] or "none",
        "Memory": f"{machine['memory_gib']} GiB",
        "System": machine["system"],
        "PyTorch threads": machine["torch_threads"],
        "Load before": machine["load"],
        "Versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
    }
    return [(label, safe_text(str(words))) for label, words in found.items()]


def markdown(report: Report, earlier: str = "") -> str:
    """Return the page; it ends with a newline.

    What the `earlier` page has from the line `KEPT_BELOW` on stands at its end again.
    """
    page = "\n".join(_lines(report)) + "\n"
    _, mark, below = earlier.partition(f"\n{KEPT_BELOW}\n")
    return page + mark + below


def _lines(report: Report) -> Iterator[str]:
    yield "# Benchmarks\n\nMeasured with `ganterm bench`, which writes this page.\n"
    yield from _table(("MACHINE", ""), *facts(report))
    if report.machine["gpu"] is None:
        yield "\nThere was no CUDA GPU: what the same code does on one has not been measured here."
    for name, result in report.results.items():
        method = f"{result.method} By itself: `ganterm bench {name}`."
        yield f"\n## {result.title}\n\n{textwrap.fill(method, 100, break_on_hyphens=False)}\n"
        yield from _table(*result.cells())
        if result.notes:
            yield ""
            yield from (f"- {_text(note)}" for note in result.notes)


def _table(headings: Sequence[str], *rows: Sequence[str]) -> Iterator[str]:
    for cells in (headings, ["---"] * len(headings), *rows):
        yield "| " + " | ".join(map(_text, cells)) + " |"


def _text(words: str) -> str:
    """Return foreign words with what Markdown would take for its own made harmless."""
    safe = safe_text(words)
    for mark in "\\`|<*_[":
        safe = safe.replace(mark, "\\" + mark)
    return safe
