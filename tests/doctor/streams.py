"""Records as a journal has them, made up: healthy ones, and what a test changes of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from ganterm.config import RunConfig, resolve
from ganterm.core.records import MetricsRecord, Record
from ganterm.doctor.doctor import Doctor
from tests.records import record

HEALTHY: dict[str, float] = {
    "d_loss": 0.5,
    "g_loss": 1.2,
    "d_real": 0.7,
    "d_fake": 0.3,
    "acc_real": 0.8,
    "acc_fake": 0.8,
    "grad_norm_d": 2.0,
    "grad_norm_g": 3.0,
    "diversity": 0.8,
}
Change = Callable[[int], dict[str, Any]]
"""What differs from a healthy record at a step."""


def config(**settings: Any) -> RunConfig:
    """Return the dcgan recipe's configuration with some settings changed."""
    return resolve({"recipe": "dcgan", **settings}).config


def metrics(steps: int, change: Change = lambda _: {}, *, every: int = 10) -> list[MetricsRecord]:
    """Return a record each `every` steps up to `steps`: healthy, a tenth of noise, then changed."""
    chance = random.Random(0)
    found: list[MetricsRecord] = []
    for step in range(every, steps + 1, every):
        values = {name: value * chance.uniform(0.9, 1.1) for name, value in HEALTHY.items()}
        found.append(record("metrics", step, **{**values, **change(step)}))
    return found


def judged(step: int, **scores: Any) -> Record:
    """Return a judgement."""
    made: Record = record("judged", step, **{"judge": "one", "n": 1000, **scores})
    return made


def alerts(
    records: Iterable[Record], under: RunConfig | None = None
) -> list[tuple[int, str, bool]]:
    """Return step, code and whether it was cleared of every alert over `records`."""
    doctor = Doctor(under or config())
    return [
        (each.step, alert.code, bool(alert.cleared))
        for each in records
        for alert in doctor.see(each)
    ]
