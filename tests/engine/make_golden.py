"""Write the golden losses anew: `python -m tests.engine.make_golden`."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from ganterm import recipes
from ganterm.engine.events import Metrics
from tests.engine.common import configured, on_digits, quick_growth, trainer

GOLDEN = Path(__file__).parent / "golden" / "losses.json"
STEPS = 20
BATCH_SIZE = 16
"""One for all recipes: at its own 128, dcgan-64 takes minutes."""


def losses(recipe: str, steps: int = STEPS) -> dict[str, list[float]]:
    """Return both losses of the recipe's first `steps` on the embedded data, seed 0, float32.

    One that grows does so from its lowest resolution to its full size.
    """
    length = {"steps": STEPS, "batch_size": BATCH_SIZE, "log_every": 1, "seed": 0}
    exact = {"precision": "float32"}
    growth = quick_growth(recipe, 4, BATCH_SIZE)
    config = configured(recipe, **on_digits(recipe), **growth, **length, **exact)
    events = trainer(config).run()
    records = list(islice((each for each in events if isinstance(each, Metrics)), steps))
    return {name: [record.values[name] for record in records] for name in ("d_loss", "g_loss")}


def main() -> None:
    """Train every recipe for a few steps and write down its losses."""
    torch.set_num_threads(1)
    document: dict[str, Any] = {
        "batch_size": BATCH_SIZE,
        "losses": {recipe: losses(recipe) for recipe in recipes.names()},
    }
    GOLDEN.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
