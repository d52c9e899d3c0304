"""What a run would meet at its start, found out before there is a directory of it.

Every face asks here, `--dry-run` too, so that all find the same. PyTorch is left alone: what only
it can tell is asked of a process of its own, and only of runs that may take much.
"""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ganterm.client.describe import Describer, Description, take_in
from ganterm.config import FIELDS, RunConfig
from ganterm.config.runfile import to_mapping
from ganterm.config.schema import batches_per_epoch, steps_of, too_few_images
from ganterm.core.errors import ConfigError, DataError, TrainingError, missing_library
from ganterm.core.registry import is_reference
from ganterm.data.catalogue import conditioned_spec, dataset_facts, image_count, missing_splits
from ganterm.data.listing import list_images
from ganterm.render.words import roughly
from ganterm.runs.layout import check_place
from ganterm.runs.parts import PARTS_OF, asked_of

ASK_SECONDS = 120.0
"""How long a description is waited for; a run goes ahead without one."""
MUCH_DISK = 100 << 20
MUCH_MEMORY = 4 << 30
"""Bytes from which a checkpoint, or the memory to train in, is worth a word."""
_BATCH_VALUES = 1 << 20
_IMAGE_SIDE = 32
_WIDTH = 2.0
"""What a run has at most that takes little without asking."""
_LEAST_SPACE = 64 << 20
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Findings:
    """What is to be said, or done, before a run begins.

    Attributes:
        missing: the dataset that has to be downloaded or imported first; empty if it is here.
        notes: what the run takes where that is much, a sentence each.
    """

    missing: str = ""
    notes: tuple[str, ...] = ()


def inspect(
    config: RunConfig,
    runs_dir: Path,
    *,
    name: str | None = None,
    ask: Callable[[RunConfig], Description | None] | None = None,
) -> Findings:
    """Look at everything that a run of `config` in `runs_dir` needs; nothing is changed.

    `ask` describes a configuration, None where that takes too long; by default a process is asked.

    Raises:
        ConfigError: the name, the place, the dataset or the device cannot be had, or the run
            cannot fit into the memory.
        DataError: a folder has no images that can be trained on, or too few for a batch.
        TrainingError: the disk has not the space for its checkpoints.
    """
    _refuse_without_torch()
    check_place(runs_dir, name)
    take_in(config)
    count = inspect_data(config)
    known = (ask or described)(config) if _asks(config) else None
    if known is not None and known.error:
        raise ConfigError(known.error)
    notes = () if known is None else tuple(_weighed(config, known, count))
    _refuse_a_full_disk(config, runs_dir, known)
    missing = config.dataset if missing_splits(config.dataset, config.split) else ""
    return Findings(missing, notes)


def inspect_data(config: RunConfig) -> int | None:
    """Return how many images there are to train on, where that is known.

    Raise `ConfigError` or `DataError` unless `config` can be trained on its dataset.

    A dataset that has to be downloaded first is fine.
    """
    count = image_count(config.dataset, config.split, config.holdout)
    path = dataset_facts(config.dataset).path
    if path and config.split != "all":
        count = len(list_images(Path(path), config.split).paths)
        count -= round(count * config.holdout)
    conditioned_spec(config)
    batch, drop_last = config.batch_size, config.drop_last
    if count is not None and not batches_per_epoch(count, batch, drop_last=drop_last):
        raise DataError(too_few_images(count, batch))
    return count


def described(config: RunConfig) -> Description | None:
    """Ask a process of its own what `config` amounts to; None where that takes too long."""
    describer, known = Describer(), None
    until = time.monotonic() + ASK_SECONDS
    try:
        run = asked_of()
        of_run = {} if run is None else {PARTS_OF: str(run.path.absolute())}
        describer.ask({**to_mapping(config), **of_run})
        while time.monotonic() < until:
            known = describer.poll() or known
            if known is not None and known.final:
                break
            time.sleep(_POLL_SECONDS)
    finally:
        describer.close()
    return known


def _refuse_without_torch() -> None:
    name = "torch"
    try:
        there = importlib.util.find_spec(name) is not None
    except ValueError:  # it is blocked
        there = False
    if not there and (trouble := missing_library(ModuleNotFoundError(name=name))):
        raise trouble


def _asks(config: RunConfig) -> bool:
    """Tell whether only PyTorch can say if the run works here, or if it may take much."""
    data = config.data_spec
    values = config.batch_size * data.values
    large = max(data.size) > _IMAGE_SIDE or values > _BATCH_VALUES or config.width > _WIDTH
    elsewhere = config.device not in {"auto", "cpu"} or config.mode == "graphed"
    own = any(is_reference(getattr(config, spec.name)) for spec in FIELDS.values() if spec.registry)
    return own or elsewhere or config.freeze_d > 0 or (large and not data.is_points)


def _weighed(config: RunConfig, known: Description, count: int | None) -> list[str]:
    """Return what there is to say about time, memory and checkpoints; refuse what cannot fit.

    `count` is how many images there are, where that is known.
    """
    memory, there = known.memory_bytes, known.memory_total
    if there and known.memory_least > there:
        raise ConfigError(
            f"The networks have {known.parameters:,} parameters; training them takes at least "
            f"{size(known.memory_least)} of memory, and this machine has {size(there)}: lower "
            "image_size or width, or take another generator."
        )
    notes = []
    if known.checkpoint_bytes >= MUCH_DISK:
        notes.append(
            f"Each checkpoint takes about {size(known.checkpoint_bytes)} of disk"
            f"{_in_all(config, known.checkpoint_bytes)}."
        )
    short = bool(known.memory_free) and memory > known.memory_free
    took = ""
    steps = config.steps or (0 if count is None else steps_of(config, count))
    if steps and known.seconds_per_1000_steps is not None:
        took = f"about {roughly(known.seconds_per_1000_steps * steps / 1000)} "
        took += f"for {steps:,} steps on {known.device}, and "
    if took or memory >= MUCH_MEMORY or short:
        free = f"; {size(known.memory_free)} are free" if known.memory_free else ""
        advice = ", so it may run out: lower batch_size, image_size or width" if short else ""
        notes.append(f"Training takes {took}about {size(memory)} of memory{free}{advice}.")
    return notes


def _in_all(config: RunConfig, each: int) -> str:
    kept = config.keep_checkpoints
    return f", and {kept} are kept: {size(kept * each)}" if kept > 1 else ", and all are kept"


def _refuse_a_full_disk(config: RunConfig, runs_dir: Path, known: Description | None) -> None:
    place = runs_dir.absolute()
    while not place.exists():
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return
    # One more than are kept lies there while it is written.
    kept = max(config.keep_checkpoints, 1) + 1
    needed = _LEAST_SPACE if known is None else max(kept * known.checkpoint_bytes, _LEAST_SPACE)
    if free < needed:
        raise TrainingError(
            f"{place} has {size(free)} of disk left, and the run takes about {size(needed)}: make "
            "room, choose another place with --runs-dir, or lower keep_checkpoints."
        )


def size(count: int) -> str:
    """Return bytes as an estimate is told: 322 MB, 3.6 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / 1e6, 1):.0f} MB"
