"""Numbers of a run in words, the same on a terminal and in plain lines."""

from __future__ import annotations

from ganterm.components.datasets import DATASETS
from ganterm.core.quantities import headlines
from ganterm.render.words import duration, number
from ganterm.runs.history import RunHistory


def progress_words(history: RunHistory) -> str:
    """Return how far the run is: `1,230/22,600  epoch 10/200  2,310 images/s  ETA 2 min 5 s`."""
    parts = [
        f"{history.last_step:,}/{history.steps:,}" if history.steps else f"{history.last_step:,}"
    ]
    if history.epochs and history.series:
        parts.append(f"epoch {int(history.latest('epoch') or 0)}/{history.epochs}")
    rate = history.latest("images_per_s")
    if rate:
        parts.append(f"{rate:,.0f} images/s")
    left = history.seconds_left
    if left is not None:
        parts.append(f"ETA {duration(left)}")
    return "  ".join(parts)


def spread_words(history: RunHistory) -> str:
    """Return what a run on points covers of its data: `modes 5 of 8  diversity lost 37 %`.

    Empty for a run on images, whose modes are not counted.
    """
    modes, diversity = history.latest("modes"), history.latest("diversity")
    if modes is None:
        return ""
    all_modes = len(DATASETS.facts(str(history.config.get("dataset", ""))).centres)
    words = f"modes {modes:.0f}" + (f" of {all_modes}" if all_modes else "")
    if diversity is None:
        return words
    return f"{words}  diversity lost {max(0.0, 1 - diversity):.0%}".replace("%", " %")


def loss_words(history: RunHistory) -> str:
    """Return the newest losses and what D makes of real and fake images."""
    parts = [
        f"{each.label} {number(history.latest(each.name))}" for each in headlines(history.series)
    ]
    parts += [words] if (words := spread_words(history)) else []
    return "  ".join(parts)
