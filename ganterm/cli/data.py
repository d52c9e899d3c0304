"""`ganterm data`: list, import, fetch and look at datasets."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganterm.cli import completion
from ganterm.cli.console import emit, emit_json, emit_lines, table, write_lines
from ganterm.cli.narrate import ProgressReporter, say
from ganterm.cli.options import AsJson
from ganterm.components.datasets import DATASETS, SPLITS
from ganterm.core import jsontext
from ganterm.data.catalogue import check_split, data_dir, dataset_facts, is_available, stored_path
from ganterm.data.listing import TORCHVISION, list_images
from ganterm.render.colour import canvas_of
from ganterm.render.halfblock import draw
from ganterm.render.layout import arrange, fit_grid
from ganterm.render.raster import from_nchw

if TYPE_CHECKING:
    from ganterm.data.importer import ImportReport

LINE_EVERY = 0.1
"""Seconds between two lines about the same work; its end is always told."""


class ProgressLines:
    """Tells how far work is; call it as `ganterm.data.Progress` says.

    Each line has `what`, `done`, `total` (null where unknown) and `unit`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}

    def __call__(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Tell that `done` of `total` `unit` are through, unless that was just told."""
        now = self._clock()
        if done == total or now - self._told.get(what, -math.inf) >= LINE_EVERY:
            self._told[what] = now
            emit_line({"what": what, "done": done, "total": total, "unit": unit})


def emit_line(record: dict[str, Any]) -> None:
    """Print one line of JSON at once."""
    emit(jsontext.printable(json.dumps(record)))
    sys.stdout.flush()


app = typer.Typer(
    name="data", no_args_is_help=True, help="List, import, fetch and look at datasets."
)

Name = Annotated[
    str,
    typer.Argument(
        help="A dataset's name, as `ganterm data list` has it.", autocompletion=completion.datasets
    ),
]


@app.command("list")
def list_datasets(*, as_json: AsJson = False) -> None:
    """List the datasets ganterm knows, and which of them are on this machine."""
    known = {name: DATASETS.facts(name) for name in DATASETS.names}
    offer = DATASETS.published
    here = {
        name: [split for split in facts.splits if is_available(name, split)]
        for name, facts in known.items()
    }
    if as_json:
        described = [
            {
                "name": name,
                "title": facts.title,
                "kind": facts.spec.kind,
                "shape": list(facts.spec.shape),
                "image_size": None if facts.spec.is_points else facts.spec.size.setting,
                "channels": None if facts.spec.is_points else facts.spec.channels,
                "classes": list(facts.spec.classes),
                "train": facts.count("train"),
                "test": facts.count("test"),
                "origin": facts.origin,
                "embedded": facts.embedded,
                "here": here[name],
            }
            for name, facts in known.items()
        ]
        # What a package publishes is known once it has been run.
        described += [
            {**dict.fromkeys(described[0]), "name": each.name, "package": each.package}
            for each in offer.parts.values()
        ]
        emit_json(described)
        return
    rows = []
    for name, facts in known.items():
        state = "built in" if facts.embedded else " ".join(here[name]) or "-"
        counts = (f"{facts.count(each):,}" if facts.count(each) else "-" for each in SPLITS)
        classes = len(facts.spec.classes)
        rows.append([name, facts.spec.size_words, classes, *counts, state, facts.title])
    rows += [
        [each.name, *"-----", f"Of the package {each.package}"] for each in offer.parts.values()
    ]
    emit_lines(table(["NAME", "SIZE", "CLASSES", "TRAIN", "TEST", "HERE", "WHAT IT IS"], rows))
    for trouble in offer.troubles.values():
        say(trouble)
    say(
        f"Stored in {data_dir()}. The path of a folder of images is a dataset too, and any set of "
        "torchvision's by the name of its class, such as torchvision:CelebA."
    )


@app.command("import")
def import_files(
    name: Name,
    path: Annotated[
        Path,
        typer.Argument(help="A folder with its published files, one of them, or a zip or tar."),
    ],
) -> None:
    """Import a dataset from files that are on this machine already.

    Prints the paths of the stored splits. Headers, shapes and counts are checked; a checksum that
    is not the published one is mentioned.
    """
    from ganterm.data.importer import import_dataset  # noqa: PLC0415
    from ganterm.data.torchvision_sets import import_torchvision  # noqa: PLC0415

    take = import_torchvision if name.startswith(TORCHVISION) else import_dataset
    with ProgressReporter() as progress:
        report = take(name, path, progress=progress)
    _tell(report)


@app.command()
def fetch(
    name: Name,
    *,
    again: Annotated[
        bool, typer.Option("--again", help="Download it even if it is stored already.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print how far it is in lines of JSON, paths last.")
    ] = False,
) -> None:
    """Download a dataset, check it and store it.

    Prints the paths of the stored splits. Without internet, copy the files over and use
    `ganterm data import`.
    """
    from ganterm.data.fetch import fetch_dataset  # noqa: PLC0415

    if as_json:
        done = fetch_dataset(name, again=again, progress=ProgressLines())
        emit_line({"stored": _stored(name), "notes": [*done.notes] if done else []})
        return
    with ProgressReporter() as progress:
        report = fetch_dataset(name, again=again, progress=progress)
    if report is not None:
        _tell(report)
        return
    say(f"{name} is stored already; --again downloads it once more.")
    for path in dict.fromkeys(_stored(name).values()):
        emit(path)


def _stored(name: str) -> dict[str, str]:
    """Return where each split of a dataset is."""
    facts = dataset_facts(name)
    return {split: facts.path or str(stored_path(name, split)) for split in facts.splits}


def _tell(report: ImportReport) -> None:
    for stored in report.splits:
        say(f"Stored {stored.count:,} images of {report.name} {stored.split}.")
        emit(str(stored.path))
    for note in report.notes:
        say(note)


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="A dataset's name, or the path of a folder of images.",
            autocompletion=completion.datasets,
        ),
    ],
    *,
    n: Annotated[int, typer.Option("-n", min=1, max=1024, help="How many images.")] = 16,
    split: Annotated[str, typer.Option(help="train or test.")] = "train",
    seed: Annotated[int, typer.Option(help="Which images: the same seed, the same ones.")] = 0,
    only: Annotated[
        str | None, typer.Option("--class", help="Only this class, by name or number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw real samples of a dataset, and say what there is and which command trains on it."""
    from ganterm.data import load  # noqa: PLC0415 - imports PyTorch
    from ganterm.data.sampling import describe, pick  # noqa: PLC0415
    from ganterm.data.survey import survey  # noqa: PLC0415

    if (facts := dataset_facts(name)).spec.is_points:
        check_split(facts, split)
        known, count = survey(name, split), facts.count(split)
        if as_json:
            emit_json({"name": name, "split": split, "count": count, "survey": known.record})
        for line in () if as_json else known.lines:
            say(line)
        return
    with ProgressReporter() as progress:
        if facts.path:
            # A split that a folder has not is refused before all of it is decoded.
            list_images(Path(facts.path), split, progress)
        images = load(name, split=split, channels=None, progress=progress)
        indices = pick(images, n, seed=seed, only=only)
        found = survey(name, split, progress)
        if as_json:
            described = describe(images, indices, split=split, progress=progress)
            emit_json({**described, "survey": found.record})
            return
    chosen = images.images[indices]
    canvas = canvas_of(sys.stdout)
    size = images.size
    grid = fit_grid(len(indices), size.width, size.height, canvas.columns)
    write_lines(draw(arrange(from_nchw(chosen.numpy().tobytes(), chosen.shape), grid), canvas))
    say(f"{len(indices)} of {len(images):,} images of {images.name} {split}, {size}.")
    if images.labels is not None:
        names = [images.classes[label] for label in images.labels[indices].tolist()]
        rows = (names[i : i + grid.columns] for i in range(0, len(names), grid.columns))
        say("Row by row: " + "; ".join(", ".join(row) for row in rows) + ".")
    for line in (*images.notes, *found.lines):
        say(line)
