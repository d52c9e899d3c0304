"""Record runs that were broken, and healthy ones: `python -m tests.doctor.make_recorded FOLDER`."""

from __future__ import annotations

import copy
import gzip
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch

from ganterm.components.datasets import DATASETS
from ganterm.components.datasets.mixture import modes_covered
from ganterm.components.scores.modes import LEAST_SHARE
from ganterm.config import RunConfig
from ganterm.core.records import MetricsRecord
from ganterm.data import load
from ganterm.engine.events import Boundary, Event, Metrics
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


SEEN, UNSEEN = range(100, 104), range(104, 108)
"""Seeds that could be looked at while detectors were made, and those held aside until the end."""
SEEDS = (*SEEN, *UNSEEN)
WITHIN = 210
"""Steps that are recorded after a run was broken; of a collapse that has to begin, twice that."""
CELLS, SAMPLES = 20, 512
"""Of real images, cells that samples can reach, and samples by which the reached are counted."""
Change = Callable[[RunConfig, int], dict[str, float]]
"""Settings of a run, a number of steps after it was broken."""


@dataclass(frozen=True)
class Kind:
    """Runs that differ in the seed: their settings, how long they are healthy, what breaks them."""

    settings: dict[str, Any]
    at: int
    breaks: dict[str, Change]

    def begins(self, code: str) -> int:
        """Return the step at which the trouble is brought about."""
        return 0 if code in FROM_START else self.at


FROM_START = frozenset({"stall"})
"""Troubles of a run that has learnt nothing yet."""
_DIGITS = {"dataset": "digits", "image_size": 8, "epochs": 0, "steps": 4000}
_MLP = {"recipe": "mlp-small", "width": 0.25, **_DIGITS}
_FROZEN_D: Change = lambda _, after: {"lr_d": 0.0}  # noqa: E731
_OUTRUN_D: Change = lambda was, after: {"lr_g": 5 * was.lr_g, "lr_d": 0.0}  # noqa: E731
_FROZEN_G: Change = lambda was, after: {"lr_g": 0.0, "lr_d": 20 * was.lr_d}  # noqa: E731
_STARVED: Change = lambda was, after: {"lr_g": was.lr_g / 20, "lr_d": 20 * was.lr_d}  # noqa: E731
_SATURATED: Change = lambda _, after: {"lr_g": 1.0}  # noqa: E731
_EXPLODING: Change = lambda _, after: {"lr_d": 0.3}  # noqa: E731
_RUNAWAY: Change = lambda _, after: {"lr_g": 0.1, "lr_d": 0.1}  # noqa: E731
_NARROW: Change = lambda was, after: {"lr_g": 20 * was.lr_g, "lr_d": was.lr_d / 4}  # noqa: E731
_UNWATCHED: Change = lambda was, after: {"lr_g": 5 * was.lr_g, "lr_d": was.lr_d / 10}  # noqa: E731
_STILL: Change = lambda _, after: {"lr_g": 0.0, "lr_d": 0.0}  # noqa: E731


def _swinging(was: RunConfig, after: int) -> dict[str, float]:
    """Let one network learn and then the other, each for twenty steps."""
    g, d = (0.0, 20.0) if after // 20 % 2 else (20.0, 0.0)
    return {"lr_g": g * was.lr_g, "lr_d": d * was.lr_d}


KINDS = {
    "mlp": Kind(
        _MLP,
        400,
        {
            "g-too-strong": _FROZEN_D,
            "d-too-strong": _FROZEN_G,
            "exploding-gradient": _EXPLODING,
            "runaway": _RUNAWAY,
            "mode-collapse": _NARROW,
            "oscillation": _swinging,
            "stall": _STILL,
        },
    ),
    "minimax": Kind(
        {**_MLP, "loss": "minimax"},
        400,
        {
            "g-too-strong": _FROZEN_D,
            "d-too-strong": _FROZEN_G,
            "vanishing-gradient": _STARVED,
            "mode-collapse": _NARROW,
            "stall": _STILL,
        },
    ),
    "hinge": Kind(
        {**_MLP, "loss": "hinge", "spectral_norm": True},
        400,
        {
            "g-too-strong": _FROZEN_D,
            "mode-collapse": _NARROW,
            "oscillation": _swinging,
            "stall": _STILL,
        },
    ),
    "wasserstein": Kind(
        {
            "recipe": "wgan-gp",
            "generator": "mlp-small",
            "discriminator": "mlp",
            "width": 0.25,
            "d_steps": 2,
            "batch_size": 32,
            "lr_g": 5e-4,
            "lr_d": 5e-4,
            **_DIGITS,
        },
        300,
        {"g-too-strong": _FROZEN_D, "exploding-gradient": _EXPLODING},
    ),
    "dcgan": Kind(
        {"recipe": "dcgan-8x8", "penalty": "r1", "penalty_weight": 0.4, **_DIGITS},
        350,
        {"g-too-strong": _FROZEN_D, "vanishing-gradient": _SATURATED, "mode-collapse": _UNWATCHED},
    ),
    "ring": Kind(
        {"recipe": "ring", "steps": 4000},
        600,
        {"g-too-strong": _OUTRUN_D, "exploding-gradient": _EXPLODING, "mode-collapse": _NARROW},
    ),
}


def kind_config(kind: str, seed: int) -> RunConfig:
    """Return the configuration of a run of a kind before it is broken."""
    settings = dict(KINDS[kind].settings)
    return configured(settings.pop("recipe"), **settings, seed=seed, mode="eager")


def streams(kind: str, seed: int) -> Iterator[dict[str, Any]]:
    """Train a run of a kind, and what becomes of it when it is broken; yield a line for each."""
    facts, config = KINDS[kind], kind_config(kind, seed)
    data = load(config.dataset, image_size=config.image_size, channels=config.channels)
    covered = _coverage(config, data.images)

    def begun() -> Trainer:
        return Trainer(config, data.images, torch.device("cpu"))

    run = begun()
    states = {0: _state(run)}
    records = _until(run, facts.at, covered)
    states[facts.at] = _state(run)
    records += _until(run, facts.at + 200, covered)
    yield _line(kind, seed, "", records)
    for code, change in facts.breaks.items():
        broken, at = begun(), facts.begins(code)
        restore_state(broken, *copy.deepcopy(states[at]))
        within = WITHIN + 200 * (code == "mode-collapse")
        yield _line(kind, seed, code, _until(broken, at + within, covered, change, at))


def _state(run: Trainer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    tensors, counters = export_state(run)
    return {name: value.clone() for name, value in tensors.items()}, copy.deepcopy(counters)


def _until(
    run: Trainer,
    step: int,
    covered: Callable[[Trainer], float],
    change: Change = lambda *_: {},
    since: int = 0,
) -> list[dict[str, float]]:
    """Train to a step, or until it breaks; return what was measured, and what was `covered`."""
    found: list[dict[str, float]] = []

    def take(event: Event) -> None:
        if isinstance(event, Metrics):
            found.append({"step": event.step, "covered": covered(run), **event.values})

    config = run.config
    try:
        for event in run.run():
            take(event)
            if isinstance(event, Boundary):
                if run.step >= step:
                    break
                for key, value in change(config, run.step - since).items():
                    if getattr(run.config, key) != value:
                        run.use(run.changed(key, value))
        for event in run.flush():
            take(event)
    except DivergenceError as error:
        for event in error.measured:
            take(event)
    return found


def _coverage(config: RunConfig, images: torch.Tensor) -> Callable[[Trainer], float]:
    """Return what tells the share of the modes, or of cells of real images, that samples reach.

    It is what a detector is held to, and none sees it: the modes of a mixture, and of images the
    cells around `CELLS` centres of them (Richardson and Weiss, 2018), by fixed latents.
    """
    facts = DATASETS.facts(config.dataset)
    latents = torch.randn(SAMPLES, config.z_dim, generator=torch.Generator().manual_seed(0))
    if facts.centres:
        centres = torch.tensor(facts.centres, dtype=torch.float32)
    else:
        centres = _centres(images.float().div(127.5).sub(1).flatten(1))

    def covered(run: Trainer) -> float:
        generator = run.networks.generator
        kept = {name: value.clone() for name, value in generator.named_buffers()}
        with torch.no_grad():
            fakes = generator(latents, None).flatten(1)
            for name, value in generator.named_buffers():
                value.copy_(kept[name])
        if facts.centres:
            return float(modes_covered(fakes, facts.centres, facts.sigma)) / len(centres)
        counts = torch.cdist(fakes, centres).argmin(dim=1).bincount(minlength=CELLS)
        return float((counts >= LEAST_SHARE * SAMPLES / CELLS).float().mean())

    return covered


def _centres(real: torch.Tensor) -> torch.Tensor:
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(0))
    centres = real[order[:CELLS]].clone()
    for _ in range(20):
        nearest = torch.cdist(real, centres).argmin(dim=1)
        centres = torch.stack([real[nearest == cell].mean(dim=0) for cell in range(CELLS)])
    return centres


def _line(kind: str, seed: int, code: str, records: list[dict[str, float]]) -> dict[str, Any]:
    columns: dict[str, list[float]] = {}
    for record in records:
        for key, value in record.items():
            if key not in {"d_loss_real", "d_loss_fake", "penalty", "wasserstein"}:
                columns.setdefault(key, []).append(float(f"{value:.3g}"))
    return {"kind": kind, "seed": seed, "code": code, "columns": columns}


def record_streams(parts: Path, kinds: Iterable[str]) -> None:
    """Train the runs of `kinds` that `parts` has no file of, a seed of each in turn."""
    for seed, kind in product(SEEDS, kinds):
        part = parts / f"{kind}-{seed}.jsonl"
        if not part.exists():
            lines = [json.dumps(line, separators=(",", ":")) for line in streams(kind, seed)]
            made = part.with_suffix(".part")
            made.write_text("\n".join(lines) + "\n", encoding="utf-8")
            made.replace(part)


def join(parts: Path) -> None:
    """Write the streams of all runs into one file, to three digits."""
    names = [f"{kind}-{seed}.jsonl" for kind in KINDS for seed in SEEDS]
    text = b"".join((parts / name).read_bytes() for name in names)
    STREAMS.write_bytes(gzip.compress(text, mtime=0))


def record_troubles() -> None:
    """Train the `RUNS`, and write down what they measured to five digits."""
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


def main(parts: str, *kinds: str) -> None:
    """Train what `parts` lacks of `kinds`; of all of them where none is named, and write it down.

    What was broken off is gone on with, and several processes can share the kinds.
    """
    torch.set_num_threads(1)
    record_streams(Path(parts), kinds or KINDS)
    if not kinds:
        join(Path(parts))
        record_troubles()


if __name__ == "__main__":
    main(*sys.argv[1:])
