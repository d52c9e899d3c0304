"""All runs at a glance, kept current at little cost: what did not change is not read again."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganterm.client.overview import Overview, describe, last_metrics, settings_of
from ganterm.core.errors import ConfigError
from ganterm.core.records import Numbers
from ganterm.runs.layout import RunDir, find_runs
from ganterm.runs.manage import disk_usage
from ganterm.runs.state import observe

SIZE_SECONDS = 20.0
"""How often the files of a run that trains are counted again."""

Stamp = tuple[int, int, int]


@dataclass
class _Known:
    """What was read of a run, and what its files looked like then."""

    config_stamp: Stamp | None = None
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    journal_stamp: Stamp | None = None
    metrics: Numbers = dataclasses.field(default_factory=dict)
    size_bytes: int = 0
    size_until: float = 0.0
    size_stamp: Stamp | None = None


class RunList:
    """The runs of a directory.

    Attributes:
        trouble: one sentence where the directory cannot be listed; empty otherwise.
    """

    def __init__(self, runs_dir: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.runs_dir = runs_dir
        self.trouble = ""
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def poll(self) -> list[Overview]:
        """Return every run, the one last active first."""
        try:
            runs = find_runs(self.runs_dir)
            self.trouble = ""
        except ConfigError as error:
            runs, self.trouble = [], str(error)
        self._known = {run.name: self._known.get(run.name, _Known()) for run in runs}
        return [self._overview(run, self._known[run.name]) for run in runs]

    def _overview(self, run: RunDir, known: _Known) -> Overview:
        config, journal = _stamp(run.config_file), _stamp(run.journal)
        if config != known.config_stamp or config is None:
            known.settings, known.config_stamp = settings_of(run), config
        if journal != known.journal_stamp or journal is None:
            # A long silence on losses, as after a change, leaves the last ones standing.
            known.metrics = last_metrics(run) or known.metrics
            known.journal_stamp = journal
        if known.size_stamp is None or (
            journal != known.size_stamp and self._clock() >= known.size_until
        ):
            known.size_bytes = disk_usage(run)
            known.size_stamp, known.size_until = journal, self._clock() + SIZE_SECONDS
        return describe(observe(run), known.settings, known.metrics, known.size_bytes)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
