"""Differentiable augmentations: one file each, one line here, and the settings of them all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Annotated, Any, Final

import msgspec

from ganterm.components.augmentations.base import Augmentation
from ganterm.components.losses import LOSSES
from ganterm.core.registry import Facts, Registry, short
from ganterm.core.settings import STEP, Problem, about

__all__ = [
    "ADVISED_HOLDOUT",
    "ADVISED_TARGET",
    "AUGMENTATIONS",
    "EVERY",
    "Augmentation",
    "AugmentationSettings",
    "advice",
    "problems",
]

_HERE: Final = "ganterm.components.augmentations"
_PLACES: Final = {
    "none": f"{_HERE}.base:NONE",
    "colour": f"{_HERE}.colour:COLOUR",
    "translation": f"{_HERE}.translation:TRANSLATION",
    "cutout": f"{_HERE}.cutout:CUTOUT",
}
_ALONE: Final = [name for name in _PLACES if name != "none"]

EVERY: Final = ",".join(_ALONE)
ADVISED_TARGET: Final = 0.6
"""Overfitting at which Karras et al. hold D."""
ADVISED_HOLDOUT: Final = 0.1
FEW: Final = 2000
"""Images up to which D comes to know them by heart before G has learned from them."""

AUGMENTATIONS: Final = Registry(
    "augmentation",
    Facts,
    Augmentation,
    _PLACES,
    elsewhere=f"{_HERE}:combined",
    besides=[
        ",".join(names)
        for names in chain.from_iterable(
            combinations(_ALONE, count) for count in range(2, len(_ALONE) + 1)
        )
    ],
)
"""Every augmentation by the name that configurations use; several are named with commas."""


def combined(name: str) -> Augmentation | None:
    """Return the changes of several augmentations in turn, such as those of `colour,cutout`.

    None where one of them is no augmentation, or is named twice.
    """
    names = name.split(",")
    if len(set(names)) < max(len(names), 2) or not set(names) <= set(_ALONE):
        return None
    parts = [AUGMENTATIONS.resolve(each) for each in names]
    return Augmentation(
        title=", ".join(part.title for part in parts),
        help=" ".join(part.help for part in parts),
        changes=tuple(chain.from_iterable(part.changes for part in parts)),
        rules=tuple(chain.from_iterable(part.rules for part in parts)),
    )


class AugmentationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which augmentation, and how often."""

    augment: Annotated[
        str,
        about(
            STEP,
            "Differentiable augmentation of real and fake images; digits are never mirrored.",
            "helps when there are few images: colour,translation,cutout for a few hundred",
            registry=AUGMENTATIONS,
        ),
    ] = "none"
    augment_p: Annotated[
        float,
        about(
            STEP,
            "Probability with which each change of augment is made to an image.",
            "1 for a few hundred images, less for more",
            live=True,
            ge=0,
            le=1,
        ),
    ] = 1.0
    augment_target: Annotated[
        float,
        about(
            STEP,
            "Overfitting of the discriminator at which augment_p is held by adapting it (ADA); 0 "
            "leaves augment_p as it is.",
            "0.6 for 100 to 2,000 images; it begins at 0, or at an augment_p below 1",
            live=True,
            ge=0,
            lt=1,
        ),
    ] = 0.0


def problems(config: Any) -> Iterator[Problem]:
    """Yield what does not go with the augmentation of a whole configuration."""
    yield from AUGMENTATIONS.problems(config.augment, config)
    if config.augment == "none" and config.augment_p != 1:
        yield Problem(
            "augment_p",
            f"there is no augmentation to make; set augment = {EVERY}, or augment_p = 1.",
        )
    if not config.augment_target:
        return
    if config.augment == "none":
        yield Problem(
            "augment_target",
            f"there is no augmentation for it to adapt; set augment = {EVERY}, or augment_target = "
            "0.",
        )
    if not (config.holdout or LOSSES.facts(config.loss).has_zero):
        yield Problem(
            "augment_target",
            f"with {short(config.loss)} the discriminator's zero means nothing, so overfitting is "
            f"measured on images that are held out; set holdout = {ADVISED_HOLDOUT:g}, or "
            "augment_target = 0.",
        )


def advice(config: Any, images: int) -> str:
    """Return in a sentence what helps a run on so few images; empty where there are many.

    Empty as well where they are augmented already.
    """
    if images > FEW or config.augment != "none" or config.data_spec.is_points:
        return ""
    options = f"--augment {EVERY} --augment-target {ADVISED_TARGET:g}"
    if not (config.holdout or LOSSES.facts(config.loss).has_zero):
        options += f" --holdout {ADVISED_HOLDOUT:g}"
    return f"{images:,} images are few: {options} keeps the discriminator from memorising them."
