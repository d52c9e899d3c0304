"""Small runs on the embedded digits: what the tests of training share."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch

from ganterm import recipes
from ganterm.config import RunConfig, resolve
from ganterm.core.dataspec import ImageSize
from ganterm.data import load
from ganterm.engine.events import EpochEnded, Event, Metrics
from ganterm.engine.loop import Trainer

CPU = torch.device("cpu")

SMALLEST = {
    "best": 8,
    "biggan-32": 8,
    "dcgan": 8,
    "dcgan-64": 16,
    "dcgan-8x8": 8,
    "dcgan-classes": 8,
    "dcgan-resize": 8,
    "dcgan-upsample": 12,
    "mlp": 4,
    "mlp-small": 4,
    "pictures-32": 16,
    "pictures-64": 16,
    "r3gan-32": 8,
    "r3gan-64": 8,
    "r3gan-cifar10": 8,
    "sngan": 16,
    "stylegan": 8,
    "stylegan-8x8": 8,
    "turbo": 8,
    "turbo-8x8": 8,
    "wgan-gp": 12,
}
"""Per recipe the smallest image side that both of its networks and the schema allow."""

ON_POINTS = frozenset({"ring", "ring-collapse", "ring-cured"})
"""Recipes on points of the plane in place of images."""

SQUARE = frozenset({"dcgan-8x8"})
"""Recipes whose networks make squares alone."""

GROWING = frozenset({"stylegan", "stylegan-8x8"})
"""Recipes whose networks begin at a low resolution."""

RESIDUAL = frozenset({"biggan-32", "r3gan-32", "r3gan-64", "r3gan-cifar10"})
"""Recipes whose networks are far slower than the rest."""

IMAGE_RECIPES = tuple(SMALLEST)

ADAPTIVE: dict[str, Any] = {
    "augment": "colour,translation,cutout",
    "augment_p": 0.5,
    "augment_target": 0.6,
}
"""Augmentation whose probability moves from where it matters."""

SMALL = {"width": 0.125, "batch_size": 8, "log_every": 1}


@cache
def families() -> list[str]:
    """Return a recipe for each kind of networks that the recipes have between them."""
    found: dict[tuple[object, ...], str] = {}
    for recipe in recipes.names():
        config = resolve({"recipe": recipe}).config
        networks = config.generator, config.discriminator, config.g_norm, config.d_norm
        kind = *networks, config.spectral_norm, config.conditional, config.data_spec.kind
        found.setdefault(kind, recipe)
    return list(found.values())


@cache
def digits(image_size: ImageSize, channels: int = 1) -> torch.Tensor:
    """Return the embedded digits at `image_size`, uint8 (1797, C, H, W)."""
    return load("digits", image_size=image_size, channels=channels).images


@cache
def digit_labels() -> torch.Tensor:
    """Return the labels of the embedded digits, int64 (1797,)."""
    labels = load("digits").labels
    assert labels is not None
    return labels


def configured(recipe: str, **settings: Any) -> RunConfig:
    """Return the recipe's configuration with some settings changed."""
    return resolve({"recipe": recipe, "device": "cpu", **settings}).config


def on_digits(recipe: str) -> dict[str, Any]:
    """Return what lets a recipe train on the embedded digits; nothing for one on points.

    Residual networks take minutes unless they are small.
    """
    smaller = {"width": 1 / 16, "image_size": 8} if recipe in RESIDUAL else {}
    return {} if recipe in ON_POINTS else {"dataset": "digits", **smaller}


def quick_growth(recipe: str, batches: float, batch_size: int) -> dict[str, Any]:
    """Return what lets a recipe that grows do so in so many batches a stage; nothing for others."""
    kimg = batches * batch_size / 1000
    return {"grow_kimg": kimg, "fade_kimg": kimg} if recipe in GROWING else {}


def small(recipe: str, **settings: Any) -> RunConfig:
    """Return the recipe at its smallest images, an eighth of its width, and batches of 8.

    One that grows reaches its full size after six batches, three of them fading.
    """
    size = {} if recipe in ON_POINTS else {"image_size": SMALLEST[recipe]}
    growth = quick_growth(recipe, 3, 8)
    return configured(recipe, **{**SMALL, **growth, **on_digits(recipe), **size, **settings})


def on_pictures(
    recipe: str, folder: Path, channels: int, *, classes: bool, wide: bool = False
) -> dict[str, Any]:
    """Return what makes a recipe train in an instant on a few pictures, saved as it is asked.

    Conditionally, where the folder has `classes`; one that grows grows at every step. Where it is
    `wide` its images are, if its networks can, and cut out of the pictures and mirrored.
    """
    batch = 4
    side = max(SMALLEST[recipe], 8)  # a judge needs as many
    size: ImageSize = f"{side}x{2 * side}" if wide and recipe not in SQUARE else side
    return {
        "dataset": str(folder),
        "split": "all",
        "channels": channels,
        "image_size": size,
        "fit": "random-crop" if wide else "auto",
        "flip": wide,
        "width": 0.0625,
        "conditional": "projection" if classes else "none",
        "batch_size": batch,
        "log_every": 1,
        "sample_every": "0",
        "checkpoint_every": "0",
        **quick_growth(recipe, 1, batch),
    }


def trainer(config: RunConfig, count: int = 1797, device: torch.device = CPU) -> Trainer:
    """Return a fresh trainer of `config` on the first `count` digits, or points of the ring.

    The last dozen digits are held out where it has a holdout at all.
    """
    if config.data_spec.is_points:
        data = load("ring")
        images, labels = data.images, data.labels
    else:
        images, labels = digits(config.image_size, config.channels), digit_labels()
    assert labels is not None
    spec = config.data_spec.with_classes(tuple(map(str, range(int(labels.max()) + 1))))
    held_out = (images[-12:], labels[-12:]) if config.holdout else None
    return Trainer(
        config, images[:count], device, labels=labels[:count], data=spec, held_out=held_out
    )


def measured(events: list[Event]) -> list[tuple[Any, ...]]:
    """Return what metrics and epoch events say, but for the rate, which the clock decides."""
    found: list[tuple[Any, ...]] = []
    for event in events:
        if isinstance(event, Metrics):
            found.append(("metrics", event.step, event.epoch, list(event.values.items())))
        elif isinstance(event, EpochEnded):
            found.append(("epoch", event.step, event.epoch, list(event.values.items())))
    return found


def metrics(run: Trainer) -> list[Metrics]:
    """Train `run` to its end and return its records."""
    return [event for event in run.run() if isinstance(event, Metrics)]
