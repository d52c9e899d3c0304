"""Shifts, and then squares cut out."""

from __future__ import annotations

from ganterm.components.augmentations.base import Augmentation
from ganterm.components.augmentations.cutout import CUTOUT
from ganterm.components.augmentations.translation import TRANSLATION

TRANSLATION_CUTOUT = Augmentation(
    title="Translation and cutout",
    help="Both: for a few hundred images, or fewer.",
    changes=TRANSLATION.changes + CUTOUT.changes,
)
