"""Try the remedies for a collapse on runs that collapsed: `python -m tests.doctor.make_trials`.

What it finds is the table that the doctor quotes, in `ganterm/doctor/trials.json`: how many of the
first five runs that collapsed each remedy cured, by recipe, and how many a worker that takes them
`in turn` did. Runs are named to try these alone; `--pictures FOLDER` says where
images are.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import torch

import ganterm.doctor
from ganterm.config import RunConfig
from ganterm.config.runfile import new_run
from ganterm.core.records import AlertRecord, ControlRecord, MetricsRecord
from ganterm.data import load
from ganterm.doctor.active import remedy_in
from ganterm.doctor.doctor import Doctor
from ganterm.doctor.remedies import remedies
from ganterm.engine.events import Boundary, Metrics
from ganterm.engine.loop import Trainer
from ganterm.engine.state import export_state, restore_state
from ganterm.runs.history import effective
from ganterm.runs.journal import read_journal
from tests.engine.common import configured
from tests.worker.workers import Zygote

TRIALS = Path(ganterm.doctor.__file__).parent / "trials.json"
CODE = "mode-collapse"
IN_TURN = "in turn"
FIRST_SEED = 200
"""None of the seeds from here on was looked at while remedies were chosen."""
RUNS = 5
"""Runs that must have collapsed, of each kind."""
HEALTHY = 2
"""Runs that did not, whose diversity is what is to be reached."""
LATEST = 20
"""Records at the end of a run whose mean says how it is."""
MODES, SHARE = 7, 0.9
"""Modes of eight, or share of the healthy diversity, that a cured run has."""


@dataclass(frozen=True)
class Patient:
    """Runs that collapse.

    Attributes:
        settings: the recipe and what is changed of it.
        until: steps within which they do.
        cure: steps that a remedy has.
        tried: remedies that are tried alone: live ones from the collapse, others from step 0.
        healthy: what is changed of the settings in runs that show what is healthy; None for
            points, whose modes are counted.
    """

    settings: dict[str, Any]
    until: int
    cure: int
    tried: tuple[str, ...]
    healthy: dict[str, Any] | None = field(default_factory=dict)


_SMALL = {"image_size": 16, "width": 0.25, "batch_size": 16, "channels": 3}
PATIENTS = {
    "ring-collapse": Patient(
        {"recipe": "ring-collapse", "steps": 4000},
        700,
        800,
        ("two-rates", "slower-g", "more-d-steps", "r1"),
        None,
    ),
    "dcgan-8x8": Patient(
        {"recipe": "dcgan-8x8", "epochs": 0, "steps": 4000},
        420,
        800,
        ("slower-g", "more-d-steps", "r1", "minibatch"),
    ),
    "pictures": Patient(
        {"recipe": "dcgan", **_SMALL, "lr_g": 4e-3, "lr_d": 2e-4, "steps": 4000},
        600,
        600,
        ("two-rates", "slower-g", "more-d-steps", "r1"),
        {"lr_g": 2e-4},
    ),
}


def main() -> None:
    """Try what the command line asks for, and write down how many runs were cured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*PATIENTS], help="runs to try")
    parser.add_argument("--pictures", default="digits", help="folder of images, or a dataset")
    parser.add_argument("--only", nargs="*", help="remedies to try")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs that must have collapsed")
    parser.add_argument("--healthy", type=float, help="the healthy diversity, where it is known")
    parser.add_argument("--out", type=Path, default=TRIALS, help="table to bring up to date")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with Zygote() as zygote:
        for name in asked.names:
            patient = PATIENTS[name]
            if name == "pictures":
                patient.settings["dataset"] = asked.pictures
            found: dict[str, list[bool]] = {}
            names = asked.only or [*patient.tried, IN_TURN]
            for seed, remedy, figure, cured in tried(patient, names, asked, zygote):
                verdict = "cured" if cured else "not cured"
                sys.stdout.write(f"{name} {seed} {remedy}: {figure:.2f}, {verdict}\n")
                sys.stdout.flush()
                found.setdefault(remedy, []).append(cured)
                _write(asked.out, name, found)


def _write(path: Path, name: str, found: dict[str, list[bool]]) -> None:
    """Bring a row of the table up to date, at once: trials take long."""
    table = json.loads(path.read_text()) if path.exists() else {CODE: {}}
    row = {remedy: [sum(cured), len(cured)] for remedy, cured in found.items()}
    table[CODE][name] = {**table[CODE].get(name, {}), **row}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def tried(
    patient: Patient, names: list[str], asked: argparse.Namespace, zygote: Zygote
) -> Iterator[tuple[int, str, float, bool]]:
    """Yield seed, remedy, how the run is at its end and whether that is well."""
    if patient.healthy is None:
        least = float(MODES)
    else:
        least = SHARE * (asked.healthy or _healthy(patient, asked.seed))
    sys.stdout.write(f"cured from {least:.2f} on\n")
    collapsed = 0
    for seed in range(asked.seed, asked.seed + 100):
        config = _configured(patient, seed)
        run = _begun(config)
        if not _collapses(run, patient.until):
            continue
        tensors, counters = export_state(run)
        state = {name: value.clone() for name, value in tensors.items()}, deepcopy(counters)
        for remedy in remedies(CODE, config):
            if remedy.id in names:
                treated = _begun(msgspec.structs.replace(config, **remedy.settings))
                if remedy.live:
                    tensors = {name: value.clone() for name, value in state[0].items()}
                    restore_state(treated, tensors, deepcopy(state[1]))
                figure = _measured(_records(treated, treated.step + patient.cure))
                yield seed, remedy.id, figure, figure >= least
        if IN_TURN in names:
            steps = max(patient.cure, run.step + patient.cure // 2)
            taken, figure = _in_turn(config, steps, zygote)
            yield seed, IN_TURN, figure, figure >= least
            for name in taken:  # Where another one came after it, it has not helped.
                yield seed, name, figure, figure >= least and name == taken[-1]
        collapsed += 1
        if collapsed == asked.runs:
            return


def _configured(patient: Patient, seed: int, **changed: Any) -> RunConfig:
    settings = {**patient.settings, **changed, "seed": seed, "mode": "eager"}
    return configured(settings.pop("recipe"), **settings)


def _begun(config: RunConfig) -> Trainer:
    data = load(config.dataset, image_size=config.image_size, channels=config.channels)
    return Trainer(config, data.images, torch.device("cpu"))


def _records(run: Trainer, until: int) -> Iterator[MetricsRecord]:
    """Train to a step; yield what is measured."""
    for event in run.run():
        if isinstance(event, Boundary) and run.step >= until:
            break
        if isinstance(event, Metrics):
            yield MetricsRecord(step=event.step, values=dict(event.values))
    for event in run.flush():
        if isinstance(event, Metrics):
            yield MetricsRecord(step=event.step, values=dict(event.values))


def _measured(records: Iterable[MetricsRecord]) -> float:
    """Return the modes, or the diversity, at the end of a run."""
    rows = [record.values for record in records if record.values.get("diversity") is not None]
    return fmean(values.get("modes", values["diversity"]) or 0.0 for values in rows[-LATEST:])


def _collapses(run: Trainer, until: int) -> bool:
    doctor = Doctor(run.config)
    for record in _records(run, until):
        if any(alert.code == CODE for alert in doctor.see(record)):
            return True
    return False


def _healthy(patient: Patient, seed: int) -> float:
    """Return the diversity of runs that did not collapse, after as many steps as a cure has."""
    found: list[float] = []
    while len(found) < HEALTHY:
        config = _configured(patient, seed, **(patient.healthy or {}))
        doctor, records = Doctor(config), []
        for record in _records(_begun(config), patient.cure):
            records.append(record)
            if any(alert.code == CODE for alert in doctor.see(record)):
                break
        else:
            found.append(_measured(records))
        seed += 1
    return fmean(found)


def _in_turn(config: RunConfig, steps: int, zygote: Zygote) -> tuple[list[str], float]:
    """Return what a worker tries by itself on a run that collapses, and how it ends."""
    changed = msgspec.structs.replace(config, steps=steps, on_alert="remedy", sample_every="0")
    with tempfile.TemporaryDirectory() as directory:
        run = new_run(changed, Path(directory), name=None, command="")
        zygote.start(run).wait()
        records = read_journal(run.journal)
    told = [each for each in records if isinstance(each, AlertRecord) and each.code == "remedy"]
    sys.stdout.writelines(f"  {alert.message}\n" for alert in told)
    found = [remedy_in(each) for each in records if isinstance(each, ControlRecord)]
    taken = [each[1] for each in found if each is not None and each[0] == CODE and each[1]]
    measured = _measured(r for r in effective(records) if isinstance(r, MetricsRecord))
    return list(dict.fromkeys(taken)), measured


if __name__ == "__main__":
    main()
