"""Try each remedy for a collapse on runs that collapsed: `python -m tests.doctor.make_trials`.

What it finds is the table that the doctor quotes, in `ganterm/doctor/trials.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

import ganterm.doctor
from ganterm.components.datasets import DATASETS
from ganterm.components.datasets.mixture import modes_covered
from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.data import load
from ganterm.doctor.doctor import Doctor
from ganterm.doctor.remedies import remedies
from ganterm.engine.events import Boundary, Metrics
from ganterm.engine.loop import Trainer
from ganterm.engine.state import export_state, restore_state
from tests.engine.common import configured

TRIALS = Path(ganterm.doctor.__file__).parent / "trials.json"
CODE = "mode-collapse"
LIVE = ("two-rates", "slower-g")
"""Remedies that are tried where the run stands.

R1 is tried from the beginning, and where that does not cure the heavier one that comes next.
"""
SEEDS = range(100, 130)
"""None of them was looked at while remedies were chosen."""
RUNS = 5
"""Runs that must have collapsed, of each kind."""
COUNT, MODES = 2048, 7
"""Samples by which a run is found cured, and modes of eight that they then cover."""


@dataclass(frozen=True)
class Patient:
    """A recipe that collapses: within how many steps, how many a cure has, and what is tried."""

    settings: dict[str, Any]
    until: int
    cure: int
    remedies: tuple[str, ...]


PATIENTS = {
    "ring-collapse": Patient({"steps": 4000}, 700, 400, ("two-rates", "slower-g", "r1")),
}


def main() -> None:
    """Try them all, and write down how many runs each has cured."""
    torch.set_num_threads(1)
    table: dict[str, Any] = {}
    for recipe, patient in PATIENTS.items():
        table[recipe] = {}
        for _, name, cured in tried(recipe, patient):
            table[recipe].setdefault(name, []).append(cured)
    counts = {
        recipe: {name: [sum(found), len(found)] for name, found in row.items()}
        for recipe, row in table.items()
    }
    TRIALS.write_text(json.dumps({CODE: counts}, indent=1) + "\n", encoding="utf-8")


def tried(recipe: str, patient: Patient) -> Iterator[tuple[int, str, bool]]:
    """Yield seed, remedy and whether it cured of the first runs that collapse."""
    collapsed = 0
    for seed in SEEDS:
        config = configured(recipe, **patient.settings, seed=seed, mode="eager")
        run = _begun(config)
        if not _collapses(run, patient.until):
            continue
        tensors, counters = export_state(run)
        state = {name: value.clone() for name, value in tensors.items()}, deepcopy(counters)
        for remedy in remedies(CODE, config):
            if remedy.id not in patient.remedies:
                continue
            changed = msgspec.structs.replace(config, **remedy.settings)
            treated = _begun(changed)
            if remedy.id in LIVE:
                tensors = {name: value.clone() for name, value in state[0].items()}
                restore_state(treated, tensors, deepcopy(state[1]))
            well = _after(treated, treated.step + patient.cure)
            yield seed, remedy.id, well
            if remedy.id == "r1" and not well:
                (more,) = (each for each in remedies(CODE, changed) if each.id == "penalty")
                heavier = _begun(msgspec.structs.replace(changed, **more.settings))
                yield seed, more.id, _after(heavier, patient.cure)
        collapsed += 1
        if collapsed == RUNS:
            return


def _begun(config: RunConfig) -> Trainer:
    data = load(config.dataset, image_size=config.image_size, channels=config.channels)
    return Trainer(config, data.images, torch.device("cpu"))


def _collapses(run: Trainer, until: int) -> bool:
    doctor = Doctor(run.config)
    for event in run.run():
        if isinstance(event, Metrics):
            seen = doctor.see(MetricsRecord(step=event.step, values=dict(event.values)))
            if any(alert.code == CODE for alert in seen):
                return True
        elif isinstance(event, Boundary) and run.step >= until:
            return False
    return False


def _after(run: Trainer, step: int) -> bool:
    """Train to a step; return whether samples cover as many modes as they should."""
    for event in run.run():
        if isinstance(event, Boundary) and run.step >= step:
            break
    latents = torch.randn(COUNT, run.config.z_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        fakes = run.networks.generator(latents, None)
    facts = DATASETS.facts(run.config.dataset)
    return int(modes_covered(fakes, facts.centres, facts.sigma)) >= MODES


if __name__ == "__main__":
    main()
