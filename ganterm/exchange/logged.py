"""Trainings of other programs as runs to look at: their event files, or their folders of samples.

Such a run is like one of a loop of its own that has ended. It has no networks.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ganterm import __version__
from ganterm.config.ownloop import LOGS, LOOP
from ganterm.config.runfile import render_values
from ganterm.core.errors import DataError
from ganterm.core.files import read_limited, write_atomically
from ganterm.core.records import EndRecord, MetricsRecord, SampleRecord, StartRecord
from ganterm.exchange.events import Logged, images_at, read_events
from ganterm.exchange.film import spread
from ganterm.exchange.names import moment_in
from ganterm.render.imagefile import UnreadableImageError, is_image
from ganterm.render.png import decode_image
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.status import Status, write_status

Row = tuple[int, float, dict[str, float | None]]
"""A step, its time, and what was measured."""
Picture = tuple[float, Callable[[], Sequence[bytes]]]
"""When it was drawn, and what returns its encoded images."""
_LARGEST: Final = 64 << 20
_MOST: Final = 64
"""Images of a batch that are shown."""
_FEW: Final = 3
_BLOCK: Final = 1 << 16
_LATEST: Final = 1e11
_MADE: Final = re.compile(r"fake|gen|sampl|recon|progress", re.IGNORECASE)
"""What names of generated pictures say."""
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


@dataclass
class Training:
    """A training elsewhere.

    Attributes:
        kind: what it was found in, in a word or two.
        rows: what was measured: step, time and values, in the order of the steps.
        pictures: those of each step.
        notes: what was chosen or left out, in sentences; foreign text.
    """

    source: Path
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    rows: Iterable[Row] = ()
    pictures: Mapping[int, Picture] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Take down what was left out, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def training_in_events(where: Path) -> Training:
    """Return what the event files in a directory, or one of them, tell of a training.

    Raises `DataError` where that is nothing, and as `read_events`.
    """
    logged = read_events(where)
    if not logged.curves and not logged.pictures:
        raise DataError(f"The event files of {where} hold no scalars and no images.")
    # From a restart on, what was told of its step and later ones before is void.
    voids = np.minimum.accumulate(np.array([*logged.restarts, np.iinfo("q").max])[::-1])[::-1]
    places = [each for each in logged.pictures if each.step < voids[each.era]]
    tag = _chosen(Counter(each.tag for each in places), logged.notes, "image tags")
    shown = [each for each in places if each.tag == tag]
    pictures: dict[int, Picture] = {
        each.step: (each.time, partial(images_at, each)) for each in shown
    }
    return Training(
        where, "event files", logged.settings, _rows(logged, voids), pictures, logged.notes
    )


def training_in_samples(folder: Path) -> Training:
    """Return the pictures of a folder whose names have numbers, such as sample-000100.png.

    Raises `DataError` where there are none.
    """
    series: dict[str, dict[int, Path]] = {}
    epochs = False
    for path in sorted(folder.iterdir()):
        numbers = _NUMBER.findall(path.stem)
        if not numbers or not path.is_file() or not is_image(path):
            continue
        moment = moment_in(Path(path.stem))
        step = moment.step if moment else int(numbers[-1])
        epochs = epochs or (moment is not None and moment.unit == "epoch")
        series.setdefault(_NUMBER.sub("#", path.name), {})[step] = path
    notes: list[str] = []
    chosen = _chosen(Counter({name: len(each) for name, each in series.items()}), notes, "series")
    if not chosen:
        raise DataError(
            f"{folder} holds no event files and no pictures with numbers in their names, such as "
            "sample-000100.png; name a directory that does, or a file of weights."
        )
    if epochs:
        notes.append("Their numbers are epochs, which are taken for steps.")
    pictures: dict[int, Picture] = {
        step: (path.stat().st_mtime, partial(_file_of, path))
        for step, path in series[chosen].items()
    }
    return Training(folder, "sample folder", pictures=pictures, notes=notes)


def import_training(
    found: Training, runs_dir: Path, name: str | None, command: Sequence[str]
) -> RunDir:
    """Make a run of a training elsewhere, all of it or nothing.

    Raises:
        ConfigError: the name is none or is taken, or the run cannot be made.
        DataError: nothing of the training can be read.
        TrainingError: the run cannot be written.
    """
    place = str(found.source.absolute())
    config = {
        **{str(key): value for key, value in found.settings.items()},
        LOOP: found.kind,
        LOGS: place,
    }
    about = {"ganterm": __version__, "command": " ".join(command), "imported": place}

    def fill(run: RunDir, called: str) -> None:
        write_atomically(run.config_file, render_values(config, about).encode())
        parts: tuple[Iterable[Any], ...] = (found.rows, _drawn(run, found))
        told = heapq.merge(*parts, key=lambda each: each[0])
        first = next(told, None)
        if first is None:
            raise DataError(f"Nothing of {found.source} can be read.")
        last = [first[0], first[1]]
        with JournalWriter(run.journal, clock=lambda: last[1]) as journal:
            journal.write(StartRecord(step=0, run=called, config=config, command=[*command]))
            for step, seconds, what in itertools.chain([first], told):
                last[:] = step, seconds
                if isinstance(what, str):
                    journal.write(SampleRecord(step=step, path=what))
                else:
                    journal.write(MetricsRecord(step=step, values=what))
            step, message = int(last[0]), f"Imported from {found.source.name}."
            journal.write(EndRecord(step=step, reason="finished", message=message))
        status = Status(state="finished", step=step, steps=step, pid=0, message=message)
        write_status(run.status, status)

    return create_run(runs_dir, name, found.source.stem, fill)


def _file_of(path: Path) -> list[bytes]:
    return [read_limited(path, _LARGEST, follow=True)]


def _chosen(counts: Mapping[str, int], notes: list[str], what: str) -> str:
    """Return the name that says its pictures are generated, or else has most of them."""
    if not counts:
        return ""
    best = max(counts, key=lambda name: (_MADE.search(name) is not None, counts[name]))
    if others := [name for name in counts if name != best]:
        more = f" and {len(others) - _FEW} more" if len(others) > _FEW else ""
        notes.append(f"Of the {what} {best} is shown, without {', '.join(others[:_FEW])}{more}.")
    return best


def _rows(logged: Logged, voids: NDArray[Any]) -> Iterator[Row]:
    """Yield what was measured at each step; of one told twice the later word."""
    curves = [*logged.curves.values()]
    if not curves:
        return
    lengths = [len(each.steps) for each in curves]
    columns = {
        name: np.concatenate([np.frombuffer(getattr(each, name), kind) for each in curves])
        for name, kind in (("steps", "q"), ("eras", "q"), ("values", "d"), ("times", "d"))
    }
    columns["names"] = np.repeat(np.arange(len(curves)), lengths)
    kept = np.flatnonzero(columns["steps"] < voids[columns["eras"]])
    order = kept[np.argsort(columns["steps"][kept], kind="stable")]
    names = [*logged.curves]
    row: Row | None = None
    for begin in range(0, len(order), _BLOCK):
        block = order[begin : begin + _BLOCK]
        wanted = (columns[name][block].tolist() for name in ("steps", "times", "names", "values"))
        for step, seconds, which, value in zip(*wanted, strict=True):
            if row is None or row[0] != step:
                if row is not None:
                    yield row
                row = (step, _seconds(seconds), {})
            row[2][names[which]] = value
    if row is not None:
        yield row


def _drawn(run: RunDir, found: Training) -> Iterator[tuple[int, float, str]]:
    """Write the pictures that can be read as sample sheets, and yield their paths."""
    for step, (seconds, encoded) in spread(sorted(found.pictures.items())):
        try:
            rasters = [decode_image(each) for each in encoded()[:_MOST]]
        except (OSError, UnreadableImageError):
            rasters = []
        alike = [each for each in rasters if _size(each) == _size(rasters[0])]
        if not alike:
            found.note("Some of the pictures cannot be read, and are left out.")
            continue
        path = run.sample_path(step)
        write = partial(save_sheet, alike, math.isqrt(len(alike) - 1) + 1)
        write_atomically(path, write, sync=False)
        yield step, _seconds(seconds), run.relative(path)


def _size(raster: Raster) -> tuple[int, int, int]:
    return raster.width, raster.height, raster.channels


def _seconds(told: float) -> float:
    """Return a time that a file tells, if it can be one."""
    return told if 0 <= told < _LATEST else 0.0
