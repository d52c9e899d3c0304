"""Differentiable augmentations: one file each, one line here, and the setting that names one."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from ganterm.components.augmentations.base import Augmentation
from ganterm.core.registry import Facts, Registry
from ganterm.core.settings import STEP, about

__all__ = ["AUGMENTATIONS", "Augmentation", "AugmentationSettings"]

_HERE: Final = "ganterm.components.augmentations"

AUGMENTATIONS: Final = Registry(
    "augmentation",
    Facts,
    Augmentation,
    {
        "none": f"{_HERE}.base:NONE",
        "translation": f"{_HERE}.translation:TRANSLATION",
        "cutout": f"{_HERE}.cutout:CUTOUT",
        "translation,cutout": f"{_HERE}.both:TRANSLATION_CUTOUT",
    },
)
"""Every augmentation by the name that configurations use."""


class AugmentationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which augmentation."""

    augment: Annotated[
        str,
        about(
            STEP,
            "Differentiable augmentation of real and fake images; digits are never mirrored.",
            "helps when there are few images",
            registry=AUGMENTATIONS,
        ),
    ] = "none"
