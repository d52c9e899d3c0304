"""What a run trains: its images and networks, in a process by itself or in each of several."""

from __future__ import annotations

import os

import torch

from ganterm.components.losses import LOSSES
from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError, DataError
from ganterm.data.catalogue import conditioned_spec, require_folder
from ganterm.data.images import ImageSet
from ganterm.data.loading import load_for
from ganterm.data.progress import ProgressCallback, silent
from ganterm.engine.build import choose_device
from ganterm.engine.loop import Trainer
from ganterm.engine.parallel import Group


def assemble(
    config: RunConfig,
    *,
    resumed: str = "",
    group: Group | None = None,
    progress: ProgressCallback = silent,
) -> tuple[Trainer, DataSpec, ImageSet]:
    """Return what trains, what it is made for and the images it trains on.

    `resumed` is the name of a run that goes on. Raises `GantermError` where it cannot be had.
    """
    device = choose_device(_device_of(config.device) if group else config.device)
    require_folder(config.dataset, resumed)
    images, held_out = load_for(config, progress=progress).divided(config.holdout)
    data = conditioned_spec(config)
    trainer = Trainer(
        config,
        images.images,
        device,
        labels=images.labels,
        data=data,
        held_out=_measured_by(config, held_out),
        group=group,
    )
    if group is not None and (smallest := trainer.batches.smallest) < group.size:
        raise ConfigError(
            f"processes: an epoch ends with a batch of {smallest}, fewer than the {group.size} "
            "processes; set drop_last = true, or fewer processes."
        )
    return trainer, data, images


def cores_of_one() -> int:
    """Return how many threads there can be in this process beside the others of its machine."""
    return max(torch.get_num_threads() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")), 1)


def _device_of(name: str) -> str:
    """Return the device of this process where all train on `name`: a GPU for each."""
    if name in {"auto", "cuda"} and torch.cuda.is_available():
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0')) % torch.cuda.device_count()}"
    return name


def _measured_by(
    config: RunConfig, held_out: ImageSet | None
) -> tuple[torch.Tensor, torch.Tensor | None] | None:
    """Return the images, with labels, that training leaves out; refuse none where it takes some."""
    if held_out is not None:
        return held_out.images, held_out.labels
    if config.augment_target and not LOSSES.resolve(config.loss).has_zero:
        raise DataError(
            f"holdout = {config.holdout:g} leaves out none of so few images, and augment_target "
            "is measured on such; set a greater holdout, or augment_target = 0."
        )
    return None
