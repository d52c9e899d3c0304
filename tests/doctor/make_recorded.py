"""Line anew what runs that were made to fail measured: `python -m tests.doctor.make_recorded`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.engine.events import Metrics
from ganterm.engine.loop import Trainer
from tests.engine.common import configured, trainer

RECORDED = Path(__file__).parent / "recorded.json"

_TINY = {"recipe": "dcgan-8x8", "epochs": 0, "steps": 200}
_GROWS = {"recipe": "stylegan-8x8", "width": 0.25, "steps": 400, "grow_kimg": 6.4}
RUNS: dict[str, dict[str, Any]] = {
    "mode-collapse": {**_TINY, "lr_g": 0.1},
    "vanishing-gradient": {**_TINY, "lr_g": 0.1},
    "exploding-gradient": {**_TINY, "lr_d": 0.3},
    "runaway": {**_TINY, "lr_g": 0.1, "lr_d": 0.1},
    "g-too-strong": {**_TINY, "lr_d": 1e-6},
    "stall": {**_TINY, "lr_g": 0.0, "lr_d": 0.0},
    "healthy": {**_TINY, "steps": 600},
    "grows": {**_GROWS, "fade_kimg": 1},
    "grows at once": {**_GROWS, "fade_kimg": 0},
}
"""Runs by what they have: the code of a trouble, or one of the `HEALTHY`."""
HEALTHY = ("healthy", "grows", "grows at once")


def config_of(name: str, seed: int = 0) -> RunConfig:
    """Return the configuration of one of the `RUNS`."""
    settings = dict(RUNS[name])
    return configured(settings.pop("recipe"), **settings, seed=seed)


def measured(config: RunConfig) -> Iterator[MetricsRecord]:
    """Train on the embedded digits to the end; yield what is measured, as the journal has it."""
    return records_of(trainer(config))


def records_of(run: Trainer) -> Iterator[MetricsRecord]:
    """Train to the end; yield what is measured, as the journal has it."""
    for event in run.run():
        if isinstance(event, Metrics):
            yield MetricsRecord(step=event.step, values=dict(event.values))


def main() -> None:
    """Train every run, and write down what it measured to five digits."""
    torch.set_num_threads(1)
    document: dict[str, dict[str, list[float]]] = {}
    for name in RUNS:
        columns: dict[str, list[float]] = {}
        for record in measured(config_of(name)):
            for key, value in {"step": record.step, **record.values}.items():
                columns.setdefault(key, []).append(float(f"{value:.5g}"))
        assert len({len(column) for column in columns.values()}) == 1
        document[name] = dict(sorted(columns.items()))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(document[name])}" for name in document)
    RECORDED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
