"""How fast a recipe trains: its images, and contestants that take turns on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
import torch

from ganterm.benchmarks.result import ResultColumn, ResultTable, Row
from ganterm.benchmarks.suite import ROUNDS, BenchSettings, Measure, labelled
from ganterm.components.datasets import DATASETS
from ganterm.config import RunConfig, resolve
from ganterm.config.schema import steps_of
from ganterm.data import ImageSet, ProgressCallback
from ganterm.data.catalogue import missing_splits
from ganterm.data.loading import load_for
from ganterm.engine.build import choose_device, choose_threads, synchronize
from ganterm.engine.events import Metrics
from ganterm.engine.loop import Trainer
from ganterm.engine.precision import resolve_precision

_ENDLESS = 10**9
_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class Workload:
    """A recipe with the images it trains on.

    Attributes:
        recipe: its name, or the path of its file.
        config: `dataset` and `split` are those of `images`, and precision is what it stands for.
        data: what the images are, in words that name no path.
    """

    recipe: str
    config: RunConfig
    images: ImageSet
    data: str

    @property
    def name(self) -> str:
        """The recipe's name."""
        return recipe_name(self.recipe)

    @property
    def steps(self) -> int:
        """The generator's steps of the recipe's whole run."""
        return steps_of(self.config, len(self.images))


def config_of(recipe: str, device: str, *, substitute: bool = True) -> RunConfig:
    """Return the configuration of `recipe` on `device`, with a dataset that is on this machine.

    Where the recipe's own dataset is missing, the embedded digits take its place, unless nothing
    may `substitute` it. Raises `ConfigError` for an unknown recipe.
    """
    config = resolve({"recipe": recipe, "device": device}).config
    if not substitute or not missing_splits(config.dataset, config.split):
        return config
    return msgspec.structs.replace(config, dataset="digits", split="train")


def prepare(
    recipe: str, device: str, progress: ProgressCallback, *, substitute: bool = True
) -> Workload:
    """Load the images of `recipe`; raises `ConfigError` or `DataError` where that fails."""
    config = resolve_precision(
        config_of(recipe, device, substitute=substitute), choose_device(device)
    )
    telling = labelled(recipe_name(recipe), progress)
    images = load_for(config, progress=telling).divided(config.holdout)[0]
    known = not DATASETS.facts(config.dataset).path
    words = f"{config.dataset} {config.split}" if known else "a folder of images"
    words += f", {len(images):,} images of {config.data_spec.size}"
    wanted = resolve({"recipe": recipe}).config.dataset
    if known and wanted != config.dataset:
        words += f" ({wanted} is not imported here)"
    return Workload(recipe, config, images, words)


def recipe_name(recipe: str) -> str:
    """Return the name of a recipe that is given by name or by the path of its file."""
    return Path(recipe).stem if recipe.lower().endswith(".toml") else recipe


@dataclass(frozen=True)
class Turn:
    """What was done in one turn: generator steps, the real images in them, and the time."""

    steps: int
    images: int
    seconds: float

    @property
    def images_per_s(self) -> float:
        """Real images per second."""
        return self.images / self.seconds

    @property
    def seconds_per_step(self) -> float:
        """Seconds per step of the generator."""
        return self.seconds / self.steps


class TrainerLoop:
    """ganterm's own loop on a workload, statistics and their fetches included, without an end.

    A turn has whole rounds of a lazy penalty: so many steps with it as its interval asks for.
    """

    def __init__(self, workload: Workload, device: torch.device, **settings: object) -> None:
        """Prepare to train as the workload's recipe says, with some `settings` changed."""
        config = msgspec.structs.replace(workload.config, **settings)
        endless = msgspec.structs.replace(config, steps=_ENDLESS, epochs=0)
        data = workload.images
        self.trainer = Trainer(endless, data.images, device, labels=data.labels, data=data.spec)
        self.metrics: Metrics | None = None
        """The latest; there are some once `log_every` steps have been made."""
        self._round = config.penalty_every
        self._threads = choose_threads(config)
        self._events = self.trainer.run()

    def train(self, seconds: float) -> Turn:
        """Train for `seconds`, one step at least; raises `DivergenceError` when that breaks."""
        trainer = self.trainer
        steps, images = trainer.step, trainer.images_seen
        threads = torch.get_num_threads()
        torch.set_num_threads(self._threads)  # as the worker would
        try:
            trainer.restart_clock()
            began = time.perf_counter()
            while (
                trainer.step == steps
                or (trainer.step - steps) % self._round
                or time.perf_counter() - began < seconds
            ):
                if isinstance(event := next(self._events), Metrics):
                    self.metrics = event
            synchronize(trainer.device)
            elapsed = time.perf_counter() - began
        finally:
            torch.set_num_threads(threads)
        return Turn(trainer.step - steps, trainer.images_seen - images, elapsed)


def take_turns(
    turns: Mapping[str, Callable[[], _T]], rounds: int, *, what: str, progress: ProgressCallback
) -> dict[str, list[_T]]:
    """Call each of `turns` in turn for so many rounds, A B C A B C ..., and return what they gave.

    So a busy moment hits them all. A first round warms up and is left out.
    """
    found: dict[str, list[_T]] = {name: [] for name in turns}
    total = (rounds + 1) * len(turns)
    for done in range(total):
        progress(what, done, total, "turns")
        name = list(turns)[done % len(turns)]
        result = turns[name]()
        if done >= len(turns):
            found[name].append(result)
    progress(what, total, total, "turns")
    return found


def race(
    contestants: Mapping[str, Callable[[float], Turn]],
    turn: float,
    what: str,
    progress: ProgressCallback,
) -> dict[str, list[Turn]]:
    """Let everybody train in turn for `ROUNDS` rounds of `turn` seconds; return their paces."""
    turns = {name: partial(train, turn) for name, train in contestants.items()}
    return take_turns(turns, ROUNDS, what=what, progress=progress)


Rows = Callable[[Workload, BenchSettings, ProgressCallback], Iterable[Row | str]]
"""The rows of a recipe, and sentences that belong to them."""


def by_recipe(
    title: str, columns: Sequence[ResultColumn], method: str
) -> Callable[[Rows], Measure]:
    """Make a measurement of what gives the rows of one recipe.

    `{turn}` and `{short_turn}` in `method` become the seconds of a turn, and of one of many.
    """

    def decorate(rows_of: Rows) -> Measure:
        def measure(settings: BenchSettings, progress: ProgressCallback) -> ResultTable:
            workloads = [prepare(each, settings.device, progress) for each in settings.recipes]
            found = [each for it in workloads for each in rows_of(it, settings, progress)]
            notes = [f"{workload.name}: {workload.data}." for workload in workloads]
            notes += [each for each in found if isinstance(each, str)]
            rows = [each for each in found if not isinstance(each, str)]
            turns = {"turn": f"{settings.turn:g}", "short_turn": f"{settings.short_turn:g}"}
            return ResultTable(title, method.format(**turns), columns, rows, notes)

        return measure

    return decorate
