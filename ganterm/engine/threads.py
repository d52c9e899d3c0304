"""How many threads of the CPU a step is quickest with, found by measuring."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch

from ganterm.config import RunConfig
from ganterm.engine.batches import Batches
from ganterm.engine.build import Networks
from ganterm.engine.modes import Say, Trial

WORTH: Final = 0.8
"""What a step must take at most, as a share of what it takes now, for other sums to be worth it."""
TURN_SECONDS: Final = 0.4
"""How long each number of threads is tried, or one step if that takes longer."""


@dataclass(frozen=True)
class TimedThreads:
    """The number of threads taken, and the seconds that a step took with each that was tried."""

    threads: int
    seconds: Mapping[int, float]

    @property
    def figures(self) -> str:
        """What was measured, in a clause."""
        each = (f"{count}: {1000 * taken:,.0f} ms" for count, taken in self.seconds.items())
        return f"a step takes with {', '.join(each)}"


def time_threads(
    networks: Networks,
    batches: Batches,
    config: RunConfig,
    *,
    present: int,
    most: int,
    say: Say = lambda what: None,
) -> TimedThreads:
    """Measure steps with 1, 2, 4, ... `most` threads, and with `present`, which is kept if it can.

    The training's state is as before when this returns, and so is the number of threads. Growing
    networks are measured at full size, at which they train longest.
    """
    before = torch.get_num_threads()
    counts = {present, most, *(1 << power for power in range(most.bit_length()))}
    seconds: dict[int, float] = {}
    trial = Trial(networks, batches, config)
    try:
        with trial.at_full_size():
            for count in sorted(counts):
                say(f"measuring a step with {count} threads" if count > 1 else "measuring a step")
                torch.set_num_threads(count)
                # Its median counts, unlike a mode's best: other work is what this is about.
                seconds[count] = statistics.median(trial.paces(TURN_SECONDS))
    finally:
        torch.set_num_threads(before)
    quickest = min(seconds, key=lambda count: seconds[count])
    worth = seconds[quickest] <= WORTH * seconds[present]
    return TimedThreads(quickest if worth else present, seconds)
