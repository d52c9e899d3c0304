"""Places in words."""

from __future__ import annotations

from collections.abc import Sequence

from ganterm.render.text import safe_text
from ganterm.runs.places import Mix, Place, Scene, Walk


def place_words(place: Place, classes: Sequence[str] = ()) -> str:
    """Return which place it is: `seed 7, 2 moved, truncation 0.7, class 3`."""
    parts = ["a found point" if place.vector else f"seed {place.seed}"]
    if place.moves:
        parts.append(f"{len(place.moves)} moved")
    if place.truncation != 1:
        parts.append(f"truncation {place.truncation:g}")
    if classes:
        parts.append(f"class {class_name(place.label, classes)}")
    return ", ".join(parts)


def class_name(label: int | None, classes: Sequence[str]) -> str:
    """Return the name of a class; without a choice it is the first."""
    at = label or 0
    return safe_text(classes[at]) if at < len(classes) else str(at)


def scene_words(scene: Scene, classes: Sequence[str] = ()) -> str:
    """Return what an image shows."""
    if isinstance(scene, Walk):
        kind = "arc" if scene.way == "spherical" else "straight line"
        return f"{scene.at:.0%} of the {kind} from A to B"
    if isinstance(scene, Mix):
        return f"layers before {scene.crossover} of A, the others of B"
    return place_words(scene, classes)
