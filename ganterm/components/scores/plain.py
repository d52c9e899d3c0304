"""A score of the user's own that knows nothing of ganterm: a function of images to a number."""

from __future__ import annotations

import inspect

from ganterm.components.scores.base import Comparison, Score
from ganterm.core.parts import Part


def score(part: Part) -> Score | None:
    """Return the score of a function of uint8 images (N, C, H, W), or of these and real ones.

    What it asks for beside is its settings. One without a first argument returns a `Score`.
    """
    if not inspect.isfunction(part.value):
        return None
    images = _images(part)
    if not images:
        found = part.call()
        return found if isinstance(found, Score) else None

    def measure(seen: Comparison) -> float | None:
        sets = (seen.images, seen.real_images)[: len(images)]
        if any(each is None for each in sets):
            return None
        with part.guarded():
            return float(part.call(dict(zip(images, sets, strict=True))))

    return Score(
        title=part.name.replace("_", " "),
        help=part.help,
        options=part.options(dict.fromkeys(images)),
        measure=measure,
    )


def _images(part: Part) -> list[str]:
    """Return the names of the arguments for the images, and for real ones where it has one."""
    typed = {pair.partition("=")[0] for pair in part.told.split(",")}
    needed = [
        name
        for name, each in part.parameters.items()
        if each.default is each.empty and name not in typed
    ]
    return needed[:2]
