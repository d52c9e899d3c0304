"""A model card: in Markdown, what a generator is, what it was trained on, and what it is worth."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ganterm import __version__
from ganterm.components.datasets import DATASETS
from ganterm.components.scores import SCORES, scored
from ganterm.config import FIELDS, RunConfig, resolve
from ganterm.config.differences import said
from ganterm.config.ownloop import LOOP
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.records import AlertRecord, JudgedRecord, OpeningRecord, Record, StartRecord
from ganterm.recipes import Recipe
from ganterm.recipes import load as load_recipe
from ganterm.render.png import load_image
from ganterm.render.raster import Raster, from_nchw, grid
from ganterm.render.text import safe_text
from ganterm.runs.checkpoints import CheckpointHeader, read_bytes, read_header
from ganterm.runs.history import effective
from ganterm.runs.journal import records_of
from ganterm.runs.layout import RunDir

LONGEST = 200
"""Characters of a foreign string that are shown."""


def code(text: object) -> str:
    """Return foreign text as a span of code, in which nothing is a link, a picture or HTML."""
    plain = safe_text(str(text))
    if len(plain) > LONGEST:
        plain = plain[: LONGEST - 1] + "…"
    # A table splits its cells before anything else, in code as well.
    plain = plain.replace("|", "¦")
    if not plain.strip():
        return "(empty)"
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") or plain != plain.strip() else ""
    return f"{fence}{space}{plain}{space}{fence}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; its cells are Markdown already."""
    lines = [list(headings), ["---"] * len(headings), *map(list, rows)]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


_ALERTS = 8
_CLASSES = 50
"""Classes named on a card."""
_SHAPE = frozenset({"image_size", "channels", "z_dim", "width", "g_norm", "generator"})
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "w_mean", ".fixed")
"""How the names of tensors end that are measured or drawn, not learned."""


@dataclass(frozen=True)
class CardSubject:
    """What a card is about; strings may be foreign.

    Attributes:
        name: what the model is called.
        config: as the checkpoint was made.
        records: the history of the run up to the checkpoint, judgements of it included; empty for
            a checkpoint without its run.
        classes: names of the classes that it is conditioned on, in the order of the labels.
    """

    name: str
    step: int
    config: RunConfig
    header: CheckpointHeader
    records: list[Record]
    classes: tuple[str, ...] = ()

    @property
    def start(self) -> StartRecord:
        """How the run began; without a word where that is not known."""
        found = (record for record in self.records if isinstance(record, StartRecord))
        return next(found, StartRecord(step=0))

    @property
    def loop(self) -> dict[str, Any]:
        """The settings of somebody's own loop; empty where ganterm trained it."""
        if "networks" not in self.header.metadata:
            return {}
        found: dict[str, Any] = self.header.told("config")
        return found

    @property
    def opening(self) -> OpeningRecord:
        """How the worker that made the checkpoint began."""
        opened = [record for record in self.records if isinstance(record, OpeningRecord)]
        return opened[-1] if opened else self.start

    @property
    def judged(self) -> list[JudgedRecord]:
        """Its judgements."""
        return [record for record in self.records if isinstance(record, JudgedRecord)]


def subject_of(
    name: str,
    run: RunDir | None,
    header: CheckpointHeader,
    config: RunConfig,
    classes: tuple[str, ...] = (),
) -> CardSubject:
    """Return what is known of the checkpoint with this header, of `run` where it has one."""
    history = effective(records_of(run.journal, Record)) if run is not None else []
    records = [record for record in history if record.step <= header.step]
    return CardSubject(name, header.step, config, header, records, classes)


def write_card(subject: CardSubject, picture: str | None) -> str:
    """Return the card; `picture` is the file name of a picture of samples beside it."""
    training = _own_training if subject.loop else _training
    lines = [*_title(subject, picture), *_data(subject), *training(subject)]
    lines += [*_scores(subject), *_limits(subject), *_use(subject)]
    return "\n".join(lines) + "\n"


def _title(subject: CardSubject, picture: str | None) -> Iterator[str]:
    config = subject.config
    yield from (f"# {code(subject.name)}", "")
    data = config.data_spec
    if data.is_points:
        what = "points of the plane"
    else:
        what = f"{data.colour_words} images of {data.size_words} pixels"
    learned = json.dumps(subject.header.told("networks")) if subject.loop else ""
    count = sum(
        math.prod(info.shape)
        for name, info in subject.header.tensors.items()
        if f'"parameter": "{name}"' in learned
        or (not learned and name.startswith("generator.") and not name.endswith(_BUFFERS))
    )
    labels = " and the number of its class" if subject.classes else ""
    yield (
        f"A generator of {what}: architecture {code(config.generator)}, {count:,} learned values, "
        f"from {config.z_dim} standard normal numbers{labels} an image."
    )
    if subject.classes:
        shown = ", ".join(
            f"{label} {code(name)}" for label, name in enumerate(subject.classes[:_CLASSES])
        )
        more = len(subject.classes) - _CLASSES
        yield ""
        yield f"Classes: {shown}" + (f" and {more} more." if more > 0 else ".")
    if picture:
        yield ""
        yield f"![Samples of the generator at step {subject.step:,}]({quote(os.fsencode(picture))})"
        yield ""
        yield "The samples are of the run's fixed points; nobody picked them."
    yield ""


def _data(subject: CardSubject) -> Iterator[str]:
    config, start = subject.config, subject.start
    yield from ("## Trained on", "")
    if imported := start.imported:
        yield (
            f"Not known: the weights were imported from the file {code(imported)} and trained "
            "elsewhere. What follows is what they were fitted to, not what made them."
        )
        yield ""
    if not config.dataset:
        yield "Its script does not say on what."
        yield ""
        return
    facts = DATASETS.facts(config.dataset)
    shown = public_config(config)["dataset"]
    if facts.origin:
        yield f"- {facts.title} ({code(shown)}): {facts.origin}."
    else:
        yield f"- A folder of images called {code(shown)}; see its owner about rights and content."
    many = f"{start.images:,} images of it" if start.images > 0 else "images of it"
    split = "the whole" if config.split == "all" else f"the {config.split} split"
    yield f"- {many[0].upper()}{many[1:]}: {split}."
    if start.data_crc32:
        yield f"- Checksum of their pixels (CRC-32): {code(start.data_crc32)}."
    yield ""


def _surroundings(subject: CardSubject) -> Iterator[str]:
    opening = subject.opening
    if opening.versions:
        versions = sorted(opening.versions.items())
        made = ", ".join(f"{code(name)} {code(value)}" for name, value in versions)
        how = "Imported with" if subject.start.imported else "With"
        yield f"- {how} {made}, on {code(opening.device or 'an unknown device')}."
    if opening.packages:
        parts = sorted(opening.packages.items())
        yield f"- Of packages: {', '.join(f'{code(n)} of {code(each)}' for n, each in parts)}."
    if opening.machine:
        kinds = sorted(opening.machine.items())
        yield f"- Machine: {', '.join(f'{name} {code(kind)}' for name, kind in kinds)}."
    if commit := opening.code.get("commit"):
        dirty = ", with changes" if opening.code.get("dirty") == "yes" else ""
        yield f"- Started at the commit {code(commit)}{dirty}."


def _training(subject: CardSubject) -> Iterator[str]:
    config, start = subject.config, subject.start
    yield from ("## Training", "")
    recipe = _recipe(config)
    shown = public_config(config)["recipe"]
    # What a recipe is for speaks of the dataset that it was made for.
    made_for = recipe is not None and resolve({"recipe": config.recipe}).config.dataset
    purpose = recipe.purpose if recipe is not None and made_for == config.dataset else ""
    about = f": {purpose}" if purpose else ""
    yield f"- Recipe {code(shown)}{about}"
    length = f"{config.steps:,} steps" if config.steps else f"{config.epochs:,} epochs"
    if start.imported:
        yield f"- By its file, step {subject.step:,}."
    else:
        yield f"- Step {subject.step:,} of a run of {length}; batches of {config.batch_size}."
    if start.parent:
        yield f"- A branch of {code(start.parent)}."
    averaged = any(name.startswith("ema.") for name in subject.header.tensors)
    if averaged:
        yield "- The checkpoint holds averaged weights besides the plain ones; samples are theirs."
    yield from _surroundings(subject)
    changed = _differences(config)
    yield ""
    if start.imported:
        # Of how it was trained nothing is known; its shape is.
        changed = [row for row in changed if row[0].strip("`") in _SHAPE]
    if changed:
        than = "the recipe" if recipe is not None else "the defaults (the recipe is not at hand)"
        yield f"Settings that differ from {than}:"
        yield ""
        yield from table(["setting", "here", "there"], changed)
    elif start.imported:
        yield "The generator is built as the recipe's; how it was trained is not known."
    else:
        yield "Every setting is the recipe's."
    yield ""
    if alerts := _alerts(subject):
        yield "What the doctor noted on the way:"
        yield ""
        yield from alerts
        yield ""


def _own_training(subject: CardSubject) -> Iterator[str]:
    """Say how somebody's own loop trained it."""
    loop = subject.loop
    yield from ("## Training", "")
    yield f"By the loop of {code(loop[LOOP])}, to step {subject.step:,}; its settings:"
    yield ""
    rows = [[code(name), code(said(each))] for name, each in loop.items() if name != LOOP]
    yield from table(["setting", "value"], rows)
    yield ""


def _scores(subject: CardSubject) -> Iterator[str]:
    yield from ("## Scores", "")
    judged = {record.judge: record for record in subject.judged}
    if not judged:
        yield "It has not been judged: all that is known of its quality is what the samples show."
        yield ""
        return
    for judge, record in judged.items():
        called = record.judge_name
        name = f"{code(called)} ({code(judge[:12])})" if called else code(judge[:40])
        images = f"{record.n:,}" if record.n else "an unknown number of"
        at = f"step {record.step:,}"
        if record.step != subject.step:
            at += f", which is not this checkpoint (step {subject.step:,})"
        yield f"By the judge {name} on {images} images of each kind, at {at}:"
        yield ""
        if record.caution:
            yield code(record.caution)
            yield ""
        rows = []
        for score in scored([record]):
            value, floor = record.score(score), record.floor_of(score)
            if value is not None:
                facts = SCORES.facts(score)
                called = facts.title if facts.setting else score
                reached = "-" if floor is None else f"{floor:.4g}"
                rows.append([called, f"{value:.4g}", reached, facts.direction])
        yield from table(["score", "value", "real against real", ""], rows)
        yield ""
    yield (
        "Scores of different judges, or of different numbers of images, cannot be compared. The "
        "floor, real images against other real ones, is what a perfect generator would reach."
    )
    yield ""


def _limits(subject: CardSubject) -> Iterator[str]:
    copies = [record.score("copies") for record in subject.judged]
    yield from ("## Limits", "")
    yield (
        "- It draws what resembles its training images and nothing else, with their gaps and their "
        "prejudices; rare kinds may be missing."
    )
    if subject.start.imported:
        yield (
            "- Activations and the epsilon of normalisation are not in a file of weights; they are "
            "the recipe's. If samples look wrong, that is the first thing to doubt."
        )
    if any(value is not None for value in copies):
        yield "- `copies` above is the share of samples that sit on a training image."
    else:
        yield "- Whether it repeats training images has not been measured."
    data = subject.config.data_spec
    if not data.is_points:
        yield (
            f"- {data.size_words} pixels and no more; not meant for deciding anything about "
            "people, nor for passing as real data without saying so."
        )
    yield ""


def _use(subject: CardSubject) -> Iterator[str]:
    step = subject.step
    yield from ("## Use", "")
    yield "```sh"
    yield f"ganterm sample RUN --step {step} -n 64 --seed 7 -o samples.png"
    if subject.classes:
        yield f"ganterm sample RUN --step {step} --class all -n 8 -o classes.png"
    yield f"ganterm export RUN --step {step} -o generator.onnx         # or .safetensors, .pt2"
    yield "```"
    yield ""
    yield f"Written by ganterm {__version__} from the run's own records."


def _recipe(config: RunConfig) -> Recipe | None:
    try:
        return load_recipe(config.recipe)
    except ConfigError:
        return None


def _differences(config: RunConfig) -> list[list[str]]:
    try:
        base = resolve({"recipe": config.recipe}).config
    except ConfigError:
        base = RunConfig()
    here, there = public_config(config), public_config(base)
    return [
        [code(name), code(said(here[name])), code(said(there[name]))]
        for name in FIELDS
        if name != "recipe" and to_mapping(config)[name] != to_mapping(base)[name]
    ]


def _alerts(subject: CardSubject) -> list[str]:
    """Return a line for each trouble that was found, however often it came."""
    told: dict[str, list[AlertRecord]] = {}
    for record in subject.records:
        # Notes about files are no diagnosis; those that are have figures.
        if isinstance(record, AlertRecord) and record.evidence and not record.cleared:
            told.setdefault(record.code, []).append(record)
    lines = []
    for name, records in list(told.items())[:_ALERTS]:
        steps = sorted({record.step for record in records})
        when = f"step {steps[0]:,}" if len(steps) == 1 else f"steps {steps[0]:,} to {steps[-1]:,}"
        lines.append(f"- {code(name)} ({when}): {code(records[-1].message)}")
    return lines


def picture_of(checkpoint: Path, run: RunDir | None) -> Raster | None:
    """Return samples of a checkpoint: the grid of its step, or else the preview in it."""
    header = read_header(checkpoint)
    grid_path = run.sample_path(header.step) if run is not None else None
    if grid_path is not None:
        with contextlib.suppress(DataError):
            return load_image(grid_path, follow=False)
    info = header.tensors.get("preview")
    if info is None or len(info.shape) != 4:
        return None
    try:
        rasters = from_nchw(read_bytes(checkpoint, "preview"), info.shape)
        return grid(rasters, math.isqrt(len(rasters) - 1) + 1) if rasters else None
    except ValueError:
        return None


def public_config(config: RunConfig) -> dict[str, Any]:
    """Return the configuration as plain values, with files and folders by their names alone."""
    values = to_mapping(config)
    for name in ("dataset", "recipe"):
        values[name] = str(values[name]).replace("\\", "/").rstrip("/").rpartition("/")[2] or "."
    return values
