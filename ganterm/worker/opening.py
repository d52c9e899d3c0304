"""What a worker says of its run and of itself when it begins."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ganterm.config import FIELDS, RunConfig, resolve
from ganterm.config.fields import resolve_parts
from ganterm.config.runfile import to_mapping
from ganterm.core.dataspec import ImageSize
from ganterm.core.records import ResumeRecord, StartRecord
from ganterm.data.listing import Original
from ganterm.data.look import RECIPES, nearest_size, shaped
from ganterm.runs import checkpoints
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from ganterm.runs.status import HOST
from ganterm.worker import surroundings
from ganterm.worker.checkpoint import checkpoint_record
from ganterm.worker.job import Job

_OF_ANY_SIZE = RECIPES[-1][1]
"""The recipe for images that are larger than other networks make."""


def write_opening(
    run: RunDir,
    journal: JournalWriter,
    job: Job,
    step: int,
    *,
    classes: Sequence[str],
    fields: Mapping[str, Any],
) -> None:
    """Write the `start` or `resume` record, and of a branch which checkpoint it begins with.

    `classes` are those that the run is conditioned on, by name; `fields` what the worker says
    besides, the `circumstances` among it.
    """
    if job.resumed:
        journal.write(
            ResumeRecord(
                step=step,
                run=run.name,
                checkpoint=None if job.checkpoint is None else run.relative(job.checkpoint),
                skipped=[f"{path.name}: {reason}" for path, reason in job.skipped],
                torn_bytes=journal.torn_bytes,
                **fields,
            )
        )
        return
    journal.write(
        StartRecord(
            step=step,
            run=run.name,
            parent=job.parent or None,
            classes=list(classes) or None,
            components=resolve_parts(job.config) or None,
            **fields,
        )
    )
    if job.parent:
        digest = checkpoints.read_header(run.checkpoint_path(step)).metadata["digest"]
        journal.write(checkpoint_record(run, step, digest))


def thrown_away(config: RunConfig, original: Original | None, run_toml: Path) -> list[str]:
    """Say in one sentence what is lost of images that were larger, or colour; else nothing.

    It ends with the command that keeps the rest in a new run, where these networks can.
    """
    if original is None:
        return []
    longer, size = max(original.width, original.height), config.data_spec.size
    command = f"ganterm train --config {shlex.quote(str(run_toml))}"
    wanted: dict[str, ImageSize] = {}
    if original.colour and config.channels == 1:
        wanted["channels"] = 3
    if longer > max(size):
        making, larger = config, nearest_size(config, longer)
        if larger <= max(size):
            # These networks know no larger size.
            command = (
                f"ganterm train --recipe {_OF_ANY_SIZE} --dataset {shlex.quote(config.dataset)}"
            )
            wanted["channels"] = 3 if original.colour else 1
            making = resolve({"recipe": _OF_ANY_SIZE}).config
            larger = nearest_size(making, longer)
        wanted["image_size"] = shaped(making, original, larger)
    shape = original.width * size.height - original.height * size.width
    framed = shape != 0 and config.fit != "crop"
    if not wanted and not framed:
        return []
    colours = {True: "colour", False: "grey"}
    kept = f"{colours[config.channels > 1]}, {size}"
    told = (
        f"The images are {colours[original.colour]}, most about {original.width}x"
        f"{original.height}; they are trained on as {kept}"
        f"{', with margins (--fit crop cuts them to shape)' if framed else ''}."
    )
    if wanted:
        options = " ".join(f"{FIELDS[name].option} {value}" for name, value in wanted.items())
        told += f" To keep more of them: `{command} {options}`."
    return [told]


def circumstances(config: RunConfig, device: torch.device) -> dict[str, Any]:
    """Return the fields of an opening record that say under what a run trains, and where."""
    return {
        "config": to_mapping(config),
        "epochs": config.epochs or None,
        "packages": surroundings.packages(config) or None,
        **machine(device),
        "device": place(config, device),
    }


def place(config: RunConfig, device: torch.device) -> str:
    """Return where a run trains: on a device, or in each of several processes on one."""
    return str(device) if config.processes == 1 else f"{config.processes} x {device.type}"


def machine(device: torch.device) -> dict[str, Any]:
    """Return the fields of an opening record that say where a run trains, and with what."""
    return {
        "device": str(device),
        "threads": torch.get_num_threads(),
        "host": HOST,
        "versions": surroundings.versions(),
        "machine": surroundings.machine(device),
        "code": surroundings.code(Path.cwd()),
    }
