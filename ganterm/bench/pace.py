"""How fast something trains: contestants that take turns, so that a busy moment hits them all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec
import torch

from ganterm.bench.result import Spread
from ganterm.bench.settings import ROUNDS
from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.data import Progress
from ganterm.training.build import choose_threads, synchronize
from ganterm.training.events import Event, Metrics
from ganterm.training.loop import Trainer

_ENDLESS = 10**9


@dataclass(frozen=True)
class Pace:
    """What was done in one turn."""

    steps: int
    images: int
    """Real images that went through the steps."""
    seconds: float

    @property
    def images_per_s(self) -> float:
        """Real images per second."""
        return self.images / self.seconds

    @property
    def seconds_per_step(self) -> float:
        """Seconds per step of the generator."""
        return self.seconds / self.steps


class Contestant(Protocol):
    """Something that trains for a while, pauses, and goes on where it was."""

    def train(self, seconds: float) -> Pace:
        """Train for `seconds`, one step at least, and wait for the device to be through."""
        ...


class TrainerLoop:
    """ganterm's own loop, statistics and their fetches included.

    A turn has whole rounds of a lazy penalty: so many steps with it as its interval asks for.
    """

    def __init__(
        self,
        config: RunConfig,
        images: torch.Tensor,
        device: torch.device,
        *,
        labels: torch.Tensor | None = None,
        data: DataSpec | None = None,
    ) -> None:
        """Train on `images`, uint8 (N, C, H, W), with no end in sight.

        A conditional run needs their `labels`, int64 (N,), each of a class of `data`.
        """
        endless = msgspec.structs.replace(config, steps=_ENDLESS, epochs=0)
        self.trainer = Trainer(endless, images, device, labels=labels, data=data)
        self._round = config.penalty_every
        self._threads = choose_threads(config)
        self._metrics: Metrics | None = None
        self._events = self.trainer.run()

    def train(self, seconds: float) -> Pace:
        """Train for `seconds`, one step at least; raises `DivergenceError` when that breaks."""
        trainer = self.trainer
        steps, images = trainer.step, trainer.images_seen
        with _threads(self._threads):
            trainer.restart_clock()
            began = time.perf_counter()
            while (
                trainer.step == steps
                or (trainer.step - steps) % self._round
                or time.perf_counter() - began < seconds
            ):
                self._note(next(self._events))
            synchronize(trainer.device)
            elapsed = time.perf_counter() - began
        return Pace(trainer.step - steps, trainer.images_seen - images, elapsed)

    def latest_metrics(self) -> Metrics:
        """Return the latest metrics, after as many more steps as it takes to have some."""
        while True:
            for event in self.trainer.flush():
                self._note(event)
            if self._metrics is not None:
                return self._metrics
            self.train(0)

    def _note(self, event: Event) -> None:
        if isinstance(event, Metrics):
            self._metrics = event


def race(
    contestants: Mapping[str, Contestant], *, turn: float, what: str, progress: Progress
) -> dict[str, list[Pace]]:
    """Let everybody train in turn for `ROUNDS` rounds of `turn` seconds: A B C A B C ...

    A first turn each warms up and is left out. Returns the paces by contestant, round by round.
    """
    paces: dict[str, list[Pace]] = {name: [] for name in contestants}
    total = (ROUNDS + 1) * len(contestants)
    for done in range(total):
        progress(what, done, total, "turns")
        name = list(contestants)[done % len(contestants)]
        pace = contestants[name].train(turn)
        if done >= len(contestants):
            paces[name].append(pace)
    progress(what, total, total, "turns")
    return paces


def step_time(loop: TrainerLoop, *, turn: float, what: str, progress: Progress) -> Spread:
    """Return the seconds that a step of `loop` takes."""
    paces = race({"ganterm": loop}, turn=turn, what=what, progress=progress)["ganterm"]
    return Spread.of(pace.seconds_per_step for pace in paces)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let PyTorch use `count` CPU threads, as the worker would, and then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
