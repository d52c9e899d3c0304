"""What is trained while something is measured: a recipe, and real images for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ganterm.bench.pace import TrainerLoop
from ganterm.bench.settings import labelled
from ganterm.config import RunConfig, resolve
from ganterm.config.length import steps_of
from ganterm.core.dataspec import DataSpec
from ganterm.data import CATALOGUE, Progress, load
from ganterm.data.catalogue import missing_splits
from ganterm.training.build import choose_device
from ganterm.training.precision import settled

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Workload:
    """A recipe with the images it trains on.

    Attributes:
        name: the recipe's name.
        config: its configuration; `dataset` and `split` are those of `images`, and its precision
            is what it stands for here.
        images: uint8 (N, C, H, W), as the recipe's networks take them.
        data: what the images are, in words that name no path.
        labels: int64 (N,), their classes; None for images without.
        spec: what one image is, and the classes.
    """

    name: str
    config: RunConfig
    images: torch.Tensor
    data: str
    spec: DataSpec
    labels: torch.Tensor | None = None

    @property
    def steps(self) -> int:
        """The generator's steps of the recipe's whole run."""
        return steps_of(self.config, len(self.images))


def config_of(recipe: str, device: str, *, substitute: bool = True) -> RunConfig:
    """Return the configuration of `recipe` on `device`, with a dataset that is on this machine.

    Where the recipe's own dataset is missing, the embedded digits take its place, unless nothing
    may `substitute` it. Raises `ConfigError` for an unknown recipe.
    """
    config = resolve({"recipe": recipe, "device": device}).config
    if not substitute or not missing_splits(config.dataset, config.split):
        return config
    return msgspec.structs.replace(config, dataset="digits", split="train")


def prepare(recipe: str, device: str, progress: Progress, *, substitute: bool = True) -> Workload:
    """Load the images of `recipe`; raises `ConfigError` or `DataError` where that fails."""
    config = settled(config_of(recipe, device, substitute=substitute), choose_device(device))
    images = load(
        config.dataset,
        split=config.split,
        image_size=config.image_size,
        channels=config.channels,
        fit=config.fit,
        progress=labelled(recipe_name(recipe), progress),
    )
    size = config.image_size
    known = config.dataset in CATALOGUE
    words = f"{config.dataset} {config.split}" if known else "a folder of images"
    words = f"{words}, {len(images):,} images of {size}x{size}"
    wanted = resolve({"recipe": recipe}).config.dataset
    if known and wanted != config.dataset:
        words += f" ({wanted} is not imported here)"
    return Workload(recipe_name(recipe), config, images.images, words, images.spec, images.labels)


def loop_of(workload: Workload, device: torch.device, **settings: object) -> TrainerLoop:
    """Return ganterm's loop on `workload`, with some settings changed."""
    config = msgspec.structs.replace(workload.config, **settings)
    labels, data = workload.labels, workload.spec
    return TrainerLoop(config, workload.images, device, labels=labels, data=data)


def recipe_name(recipe: str) -> str:
    """Return the name of a recipe that is given by name or by the path of its file."""
    return Path(recipe).stem if recipe.endswith(".toml") else recipe
