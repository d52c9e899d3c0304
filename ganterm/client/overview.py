"""What can be said of a run at a glance, for every list of runs."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganterm import recipes
from ganterm.config.ownloop import LOOP
from ganterm.core.errors import ConfigError
from ganterm.core.files import Stamp, read_run_text, stamp_of
from ganterm.core.quantities import D_FAKE, D_REAL
from ganterm.core.records import MetricsRecord, Numbers
from ganterm.runs.journal import read_end
from ganterm.runs.launch import why_it_ends
from ganterm.runs.layout import RunDir, find_runs, last_active, runs_in
from ganterm.runs.manage import disk_usage, read_note
from ganterm.runs.queue import Ticket
from ganterm.runs.state import RunView, State, observe
from ganterm.runs.status import LIVE_STATES


@dataclass(frozen=True)
class Overview:
    """One run in a list; strings may hold foreign text.

    Attributes:
        message: a sentence about the state; may be empty.
        steps: length of the run in steps; None if it is not known.
        images_per_s: real images seen per second lately.
        d_loss, g_loss, d_real, d_fake: as last measured; None where nothing was, or not finite.
        age_s: seconds since the run was last heard of; None for one never begun.
        size_bytes: what it takes up on the disk.
        note: the first line of what the user wrote about it.
        trouble: why something of it cannot be read; empty where all can.
        place: its place among the runs that wait in the queue of a machine; None for others.
        ticket: that it was queued.
    """

    name: str
    path: Path
    state: State
    alive: bool | None
    message: str
    recipe: str | None
    dataset: str | None
    step: int
    steps: int | None
    epochs: int | None
    images_per_s: float | None
    d_loss: float | None
    g_loss: float | None
    d_real: float | None
    d_fake: float | None
    device: str | None
    host: str | None
    pid: int | None
    age_s: float | None
    size_bytes: int
    last_checkpoint: str | None
    note: str
    trouble: str = ""
    place: int | None = None
    ticket: Ticket | None = None

    @property
    def run(self) -> RunDir:
        """The run's directory."""
        return RunDir(self.path)


def overview(run: RunDir) -> Overview:
    """Return what can be said of `run` at a glance; reads only the end of its journal."""
    return _Known().overview(run, 0.0)


def observed(run: RunDir) -> RunView:
    """Observe a run; it has failed where a worker that this process started says why it ends.

    The journal may not say so, for the disk may be full.
    """
    view = observe(run)
    if view.status is None or view.state not in {*LIVE_STATES, "crashed"}:
        return view
    why = why_it_ends(run, view.status.pid)
    return dataclasses.replace(view, state="failed", message=why) if why else view


def describe(
    view: RunView, settings: dict[str, Any], metrics: Numbers, size_bytes: int, trouble: str = ""
) -> Overview:
    """Put together what `view`, the settings, the last metrics and the size say."""
    status = view.status
    run = view.run
    waits_for = view.ticket.device if view.ticket and view.state == "queued" else ""
    return Overview(
        name=run.name,
        path=run.path,
        state=view.state,
        alive=view.alive,
        message=view.message,
        recipe=_word(settings.get("recipe")) or _word(settings.get(LOOP)),
        dataset=_word(settings.get("dataset")),
        step=view.step,
        steps=(status.steps if status else _count(settings.get("steps"))) or None,
        epochs=_count(settings.get("epochs")) or None,
        images_per_s=status.images_per_s if status else None,
        d_loss=metrics.get("d_loss"),
        g_loss=metrics.get("g_loss"),
        d_real=metrics.get(D_REAL),
        d_fake=metrics.get(D_FAKE),
        device=waits_for or (status.device if status else None),
        host=status.host if status else None,
        pid=status.pid if status else None,
        age_s=view.age,
        size_bytes=size_bytes,
        last_checkpoint=status.last_checkpoint if status else None,
        note=read_note(run).partition("\n")[0],
        trouble=trouble,
        ticket=view.ticket,
    )


def settings_of(run: RunDir) -> dict[str, Any]:
    """Return the settings in `run.toml` as they stand; empty where they cannot be read.

    They are not held against the schema, so that a run of any version can be listed.
    """
    return _settings(run)[0]


def _settings(run: RunDir) -> tuple[dict[str, Any], str]:
    """Return the settings in `run.toml`, and why there are none."""
    if not os.path.lexists(run.config_file):
        return {}, ""
    try:
        text = read_run_text(run.config_file)
        settings = recipes.parse_toml(text, f"The run file {run.config_file}").get("run")
    except ConfigError as error:
        return {}, str(error)
    if not isinstance(settings, dict):
        return {}, f"The run file {run.config_file} has no [run] table."
    return settings, ""


def as_dict(overview: Overview) -> dict[str, Any]:
    """Return the overview as plain values, as JSON takes them."""
    found = {**dataclasses.asdict(overview), "path": os.fspath(overview.path)}
    del found["ticket"]
    return found


def by_place(runs: Iterable[Overview]) -> list[Overview]:
    """Return of `runs` those that wait in a queue, in its order, each with its place."""
    waiting = [run for run in runs if run.ticket is not None and run.state == "queued"]
    waiting.sort(key=lambda run: (run.ticket.order if run.ticket else 0.0, run.name))
    places: Counter[str] = Counter()
    for at, run in enumerate(waiting):
        host = run.ticket.host if run.ticket else ""
        places[host] += 1
        waiting[at] = dataclasses.replace(run, place=places[host])
    return waiting


def placed(runs: list[Overview]) -> list[Overview]:
    """Return the same runs; those that wait in a queue have their places."""
    waiting = {run.path: run for run in by_place(runs)}
    return [waiting.get(run.path, run) for run in runs] if waiting else runs


def last_metrics(run: RunDir) -> Numbers:
    """Return the newest metrics within the last 64 kB of the journal; empty without one."""
    try:
        records = read_end(run.journal)
    except OSError:
        return {}
    return next((r.values for r in reversed(records) if isinstance(r, MetricsRecord)), {})


def cores_beside(runs: Path, threads: int = 0) -> tuple[int, str]:
    """Return on how many threads to compute beside what trains in `runs`, and a sentence on it.

    As many as are asked for; else one beside a run that trains on this machine, or 0, which leaves
    it to PyTorch, where none does.
    """
    busy = [
        view.run.name
        for view in map(observe, find_runs(runs))
        if view.alive and view.state in {"starting", "running"}
    ]
    if not busy:
        return threads, ""
    taken, cores = threads or 1, os.cpu_count() or 1
    who = f"{busy[0]}, which trains" if len(busy) == 1 else f"{len(busy)} runs that train"
    return taken, f"Judging takes {taken} of {cores} cores from {who}."


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


SIZE_SECONDS = 20.0
"""How often the files of a run that trains are counted again."""
QUIET_SECONDS = 5.0
"""A run that nobody trains and that was not written for so long is quiet."""
AGE_SECONDS = 10.0
"""How often the ages of quiet runs are brought up to date."""
LIST_SECONDS = 30.0
"""How often a directory that was not written for long is listed again."""
LOOKS = 400
"""Of so many quiet runs it is seen at one look whether they were written."""


@dataclass
class _Known:
    """What was read of a run, and what its files looked like then.

    Attributes:
        paths: its directory, journal and lock, as it is quick to look at them.
        found: what could be said of it at the last look.
        quiet: what its directory, journal and lock looked like then where it was quiet; else None.
        active: when it was last written, in nanoseconds; `heard`: when it was last heard of.
    """

    paths: tuple[str, ...] = ()
    found: Overview | None = None
    quiet: tuple[Stamp | None, ...] | None = None
    active: int = 0
    heard: float = 0.0
    config_stamp: Stamp | None = None
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    trouble: str = ""
    journal_stamp: Stamp | None = None
    metrics: Numbers = dataclasses.field(default_factory=dict)
    size_bytes: int = 0
    size_until: float = 0.0
    size_stamp: Stamp | None = None

    def overview(self, run: RunDir, now: float) -> Overview:
        """Return how `run` stands `now`, in seconds; reads again only what was written since."""
        try:
            self._read(run, now)
            return describe(
                observed(run), self.settings, self.metrics, self.size_bytes, self.trouble
            )
        except Exception as error:  # noqa: BLE001 - whatever one run holds, the others are listed
            why = f"{run.name} cannot be read: {type(error).__name__}: {error}"
            return describe(RunView(run, "unknown", None, why, 0, None, None, None), {}, {}, 0, why)

    def _read(self, run: RunDir, now: float) -> None:
        config, journal = stamp_of(run.config_file), stamp_of(run.journal)
        if config != self.config_stamp or config is None:
            (self.settings, self.trouble), self.config_stamp = _settings(run), config
        if journal != self.journal_stamp or journal is None:
            # A long silence on losses, as after a change, leaves the last ones standing.
            self.metrics = last_metrics(run) or self.metrics
            self.journal_stamp = journal
        if self.size_stamp is None or (journal != self.size_stamp and now >= self.size_until):
            self.size_bytes = disk_usage(run)
            self.size_stamp, self.size_until = journal, now + SIZE_SECONDS


class RunList:
    """The runs of a directory.

    A run that is quiet costs next to nothing: of a few at a time it is seen whether their files
    are as they were.

    Attributes:
        trouble: one sentence where the directory cannot be listed; empty otherwise.
    """

    def __init__(self, runs_dir: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.runs_dir = runs_dir
        self.trouble = ""
        self._clock = clock
        self._known: dict[RunDir, _Known] = {}
        self._found: list[Overview] = []
        self._stamp: Stamp | None = None
        self._list_again = 0.0
        self._ages_again = 0.0
        self._next = 0

    def poll(self, *, closely: bool = False, patience: float = math.inf) -> list[Overview]:
        """Return every run, the one last active first; `closely` looks at all that are quiet.

        Those that it has not seen yet it reads for `patience` seconds; the rest comes with the next
        calls.
        """
        now = self._clock()
        stamp = stamp_of(self.runs_dir)
        if listed := stamp != self._stamp or not _is_old(stamp) or now >= self._list_again:
            self._list_again, self._stamp = now + LIST_SECONDS, stamp
            self._list()
        if older := now >= self._ages_again:
            self._ages_again = now + AGE_SECONDS
        quiet = [known for known in self._known.values() if known.quiet is not None]
        looked = quiet if closely else _round(quiet, self._next, LOOKS)
        self._next = (self._next + LOOKS) % max(len(quiet), 1)
        for known in looked:
            if _stamps(known.paths) != known.quiet:
                known.quiet = None
        awake = [(run, each) for run, each in self._known.items() if older or each.quiet is None]
        # Those that it has not seen yet come first.
        for run, known in sorted(awake, key=lambda each: each[1].found is not None):
            found = known.found
            if found is None and self._clock() - now > patience:
                continue
            if found is None or known.quiet is None or found.alive is None:
                self._look(run, known)
            elif found.age_s is not None:
                known.found = dataclasses.replace(found, age_s=time.time() - known.heard)
        if awake or listed:
            order = sorted(self._known.items(), key=lambda each: (each[1].active, each[0].name))
            self._found = placed([known.found for _, known in reversed(order) if known.found])
        return self._found.copy()

    def _list(self) -> None:
        try:
            runs = runs_in(self.runs_dir)
            # Of those that it has not seen yet the one that was last active comes first.
            known = self._known
            runs.sort(key=lambda run: 0 if run in known else last_active(run), reverse=True)
            self.trouble = ""
        except ConfigError as error:
            # As soon as it can be listed, it is.
            runs, self.trouble, self._stamp = [], str(error), None
        self._known = {run: self._known.get(run) or _unseen(run) for run in runs}

    def _look(self, run: RunDir, known: _Known) -> None:
        """Look at a run, and see whether it is quiet: then a stamp tells when it no longer is."""
        stamps = _stamps(known.paths)
        known.active = last_active(run)
        known.found = known.overview(run, self._clock())
        known.heard = time.time() - (known.found.age_s or 0.0)
        still = not known.found.alive and all(map(_is_old, stamps))
        known.quiet = stamps if still else None


def _round(runs: Sequence[_Known], begin: int, most: int) -> Sequence[_Known]:
    """Return `most` of the runs at most, from `begin` on and then from the first one."""
    return [*runs[begin : begin + most], *runs[: max(begin + most - len(runs), 0)]][:most]


def _unseen(run: RunDir) -> _Known:
    """Return that nothing is known of a run yet, and where to see whether it was written.

    Its status, settings and note are replaced, which its directory shows.
    """
    return _Known((str(run.path), str(run.journal), str(run.lock)))


def _stamps(paths: Sequence[str]) -> tuple[Stamp | None, ...]:
    return tuple(map(stamp_of, paths))


def _is_old(stamp: Stamp | None) -> bool:
    """Tell whether a file was not written of late; one that is not there was not."""
    return stamp is None or time.time() - stamp[0] / 1e9 > QUIET_SECONDS
