"""Choosing how to run the steps by measuring: what mode `auto` does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ganterm.components.networks.growth import Stage, grow, stage_of
from ganterm.engine.build import synchronize
from ganterm.engine.loop import Trainer
from ganterm.engine.modes import Mode, step_in, unavailable_reason
from ganterm.engine.snapshot import Snapshot
from ganterm.engine.step import GanStep

WORTH: Final = 0.95
"""What a step must take at most, as a share of an eager one, for exactness to be given up."""
TURNS: Final = 3
"""How often a mode is timed; its best counts, for other work on the machine only ever slows it."""
LONGEST_CYCLE: Final = 16
"""Most steps of a turn, which has a lazy penalty in its share if it can."""
_SHORTEST_CYCLE: Final = 4

Say = Callable[[str], None]


@dataclass(frozen=True)
class TimedModes:
    """The mode taken, and the seconds that a step took in each that was tried."""

    mode: Mode
    seconds: Mapping[Mode, float]

    @property
    def reason(self) -> str:
        """What was measured, in a sentence."""
        figures = [
            f"{mode} {1000 * each:.3g} ms a step"
            if math.isfinite(each)
            else f"{mode} does not work here"
            for mode, each in self.seconds.items()
        ]
        return f"Mode auto takes {self.mode} ({', '.join(figures)})."


def choose(trainer: Trainer, say: Say = lambda what: None) -> TimedModes:
    """Measure what a step of `trainer` takes in each mode there is, and choose the quickest.

    Graphs are tried where there is a CUDA device. Another mode than eager must be worth it.

    `say` is told what is being measured. The trainer's state is as before when this returns.
    Growing networks are measured at full size, at which they train longest.
    """
    trial = _Trial(trainer)
    stage = stage_of(trainer.networks.generator)
    seconds: dict[Mode, float] = {}
    try:
        if trainer.growth is not None:
            _grow(trainer, trainer.growth.stage(trainer.growth.images))
        say("measuring a step")
        seconds["eager"] = trial.seconds("eager")
        if not unavailable_reason("graphed", trainer.device):
            say("measuring a step captured as a graph")
            seconds["graphed"] = trial.seconds("graphed")
    finally:
        trial.before.restore()
        if stage is not None:
            _grow(trainer, stage)
    return TimedModes(_quickest(seconds), seconds)


def _quickest(seconds: Mapping[Mode, float]) -> Mode:
    mode = min(seconds, key=lambda each: seconds[each])
    return mode if seconds[mode] <= WORTH * seconds["eager"] else "eager"


class _Trial:
    """Steps on the trainer's networks and data that count for nothing."""

    def __init__(self, trainer: Trainer) -> None:
        self.before = Snapshot(trainer.networks, trainer.device)
        self._trainer = trainer
        config = trainer.config
        cycle = -(-config.penalty_every // config.d_steps) if config.penalty != "none" else 1
        self._steps = min(max(cycle, _SHORTEST_CYCLE), LONGEST_CYCLE)

    def seconds(self, mode: Mode) -> float:
        """Return what a step takes in `mode`; infinity if that does not work here."""
        trainer = self._trainer
        self.before.restore()
        troubles: list[str] = []
        step = step_in(
            mode,
            GanStep(trainer.networks, trainer.config, lambda names, values: None),
            trainer.batches.largest,
            fell_back=troubles.append,
        )

        def turn() -> float:
            began = time.perf_counter()
            for index in range(self._steps):
                first = index * trainer.config.d_steps
                # Full batches: an epoch's last one is rare.
                batches = [trainer.batches[0]] * trainer.config.d_steps
                labels = [trainer.batches.labels(0)] * trainer.config.d_steps
                step.run(batches, labels, first_batch=first, measure=False)
            synchronize(trainer.device)
            return (time.perf_counter() - began) / self._steps

        # The first turn readies what is captured; the second captures.
        for _ in range(1 if mode == "eager" else 2):
            turn()
        best = min(turn() for _ in range(TURNS))
        return math.inf if troubles else best


def _grow(trainer: Trainer, stage: Stage) -> None:
    for network in (trainer.networks.generator, trainer.networks.discriminator):
        grow(network, stage)
