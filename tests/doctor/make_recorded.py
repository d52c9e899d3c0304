"""Line anew what runs that were made to fail measured: `python -m tests.doctor.make_recorded`."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.data import load
from ganterm.engine.events import Boundary, Metrics
from ganterm.engine.loop import DivergenceError, Trainer
from ganterm.engine.state import export_state, restore_state
from tests.engine.common import configured, trainer

RECORDED = Path(__file__).parent / "recorded.json"
STREAMS = Path(__file__).parent / "streams.jsonl.gz"
"""A line for each stream: healthy ones, and what such a run measured after settings broke it."""

_TINY = {"recipe": "dcgan-8x8", "epochs": 0, "steps": 200}
_GROWS = {"recipe": "stylegan-8x8", "width": 0.25, "steps": 400, "grow_kimg": 6.4}
RUNS: dict[str, dict[str, Any]] = {
    "mode-collapse": {**_TINY, "lr_g": 0.1},
    "vanishing-gradient": {**_TINY, "lr_g": 0.1},
    "exploding-gradient": {**_TINY, "lr_d": 0.3},
    "runaway": {**_TINY, "lr_g": 0.1, "lr_d": 0.1},
    "g-too-strong": {**_TINY, "lr_d": 1e-6},
    "stall": {**_TINY, "lr_g": 0.0, "lr_d": 0.0},
    "grows": {**_GROWS, "fade_kimg": 1},
    "grows at once": {**_GROWS, "fade_kimg": 0},
}
"""Runs by what they have: the code of a trouble, or one of the `HEALTHY`."""
HEALTHY = ("grows", "grows at once")


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


BROKEN_SEEDS = range(8)
WITHIN = 210
"""Steps that are recorded after a run was broken."""
Change = Callable[[RunConfig], dict[str, float]]


@dataclass(frozen=True)
class Kind:
    """Runs that differ in the seed: their settings, their length, and what breaks them where.

    `healthy` is None where they are only there to be broken, or break by themselves.
    """

    settings: dict[str, Any]
    at: int
    breaks: dict[str, Change]
    healthy: int | None = None
    seeds: Sequence[int] = BROKEN_SEEDS


_DIGITS = {"dataset": "digits", "image_size": 8, "epochs": 0, "steps": 4000}
_MLP = {"recipe": "mlp-small", "width": 0.25, **_DIGITS}
_DCGAN = {"recipe": "dcgan-8x8", "penalty": "r1", "penalty_weight": 0.4, **_DIGITS}
_RING = {"recipe": "ring", "steps": 4000}
_FROZEN_D: dict[str, Change] = {"g-too-strong": lambda _: {"lr_d": 0.0}}
_EXPLODING: dict[str, Change] = {"exploding-gradient": lambda _: {"lr_d": 0.3}}
KINDS = {
    "mlp": Kind(
        _MLP,
        300,
        {
            **_FROZEN_D,
            **_EXPLODING,
            "d-too-strong": lambda under: {"lr_g": 0.0, "lr_d": 10 * under.lr_d},
            "runaway": lambda _: {"lr_g": 0.1, "lr_d": 0.1},
            "mode-collapse": lambda _: {"lr_g": 0.05, "lr_d": 0.02},
        },
        healthy=600,
        seeds=range(20),
    ),
    "ring": Kind(
        _RING,
        700,
        {
            **_FROZEN_D,
            **_EXPLODING,
            "mode-collapse": lambda under: {"lr_g": 0.05, "lr_d": under.lr_d / 2},
        },
        healthy=1000,
        seeds=range(1),
    ),
    "collapses": Kind({"recipe": "dcgan-8x8", **_DIGITS}, 800, {}, seeds=(3, 4)),
    "dcgan": Kind(
        _DCGAN,
        300,
        {
            **_FROZEN_D,
            **_EXPLODING,
            "vanishing-gradient": lambda _: {"lr_g": 0.1},
        },
        healthy=600,
        seeds=range(2),
    ),
}
"""Kinds of runs by name; two seeds of the default run are known to collapse by themselves."""


def kind_config(kind: str, seed: int) -> RunConfig:
    """Return the configuration of a run of a kind before it is broken."""
    settings = dict(KINDS[kind].settings)
    return configured(settings.pop("recipe"), **settings, seed=seed, mode="eager")


def streams(kind: str) -> Iterator[dict[str, Any]]:
    """Train the runs of a kind; yield a line for each stream."""
    facts = KINDS[kind]
    for seed in facts.seeds:
        config = kind_config(kind, seed)
        data = load(config.dataset, image_size=config.image_size, channels=config.channels)

        def begun(config: RunConfig = config, images: torch.Tensor = data.images) -> Trainer:
            return Trainer(config, images, torch.device("cpu"))

        run = begun()
        before = _until(run, facts.at)
        tensors, counters = export_state(run)
        state = {name: value.clone() for name, value in tensors.items()}, copy.deepcopy(counters)
        after = _until(run, facts.healthy) if facts.healthy else []
        yield _line(kind, seed, "", before + after)
        for code, change in facts.breaks.items() if seed in BROKEN_SEEDS else ():
            broken = begun()
            restore_state(broken, {k: v.clone() for k, v in state[0].items()}, dict(state[1]))
            for key, value in change(config).items():
                broken.use(broken.changed(key, value))
            yield _line(kind, seed, code, _until(broken, facts.at + WITHIN))


def _until(run: Trainer, step: int) -> list[MetricsRecord]:
    """Train to a step, or until it breaks; return what was measured."""
    found: list[Metrics] = []
    try:
        for event in run.run():
            if isinstance(event, Metrics):
                found.append(event)
            elif isinstance(event, Boundary) and run.step >= step:
                break
        found += [event for event in run.flush() if isinstance(event, Metrics)]
    except DivergenceError as error:
        found += [event for event in error.measured if isinstance(event, Metrics)]
    return [MetricsRecord(step=each.step, values=dict(each.values)) for each in found]


def _line(kind: str, seed: int, code: str, records: list[MetricsRecord]) -> dict[str, Any]:
    columns: dict[str, list[float]] = {}
    for record in records:
        for key, value in {"step": record.step, **record.values}.items():
            if key not in {"d_loss_real", "d_loss_fake", "penalty"}:
                columns.setdefault(key, []).append(float(f"{value:.3g}"))
    columns["step"] = [int(step) for step in columns["step"]]
    return {"kind": kind, "seed": seed, "code": code, "columns": columns}


def record_streams() -> None:
    """Train every kind of run, and write its streams down to three digits."""
    lines = []
    for kind in KINDS:
        for line in streams(kind):
            lines.append(json.dumps(line, separators=(",", ":")))
    STREAMS.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))


def main() -> None:
    """Train every run, and write down what it measured to five digits."""
    torch.set_num_threads(1)
    record_streams()
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
