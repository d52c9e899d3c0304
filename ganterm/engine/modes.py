"""The ways to run a step: which of them a machine has, and which mode `auto` finds the quickest."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, cast, get_args

import torch

from ganterm.components.networks.from_config import growth_of
from ganterm.components.networks.growth import Stage, grow, stage_of
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.engine.batches import Batches
from ganterm.engine.build import Networks, synchronize
from ganterm.engine.step import GanStep

Mode = Literal["eager", "graphed"]
"""How steps are run, as `RunConfig.mode` asks for once `auto` has made its choice."""

WORTH: Final = 0.95
"""What a step must take at most, as a share of an eager one, for exactness to be given up."""
TURNS: Final = 3
"""How often a mode is timed; its best counts, for other work on the machine only ever slows it."""
LONGEST_CYCLE: Final = 16
"""Most steps of a turn, which has a lazy penalty in its share if it can."""
_SHORTEST_CYCLE: Final = 4

Say = Callable[[str], None]


class Step(Protocol):
    """What makes the steps of a training."""

    def use(self, config: RunConfig) -> None:
        """Go on under `config`, which differs from the present one in live settings only."""

    def run(
        self,
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None] | None = None,
        *,
        first_batch: int,
        measure: bool,
    ) -> None:
        """Make one step, as `GanStep.run` does."""


def unavailable_reason(mode: Mode, device: torch.device) -> str:
    """Return why steps cannot be run in `mode` on `device`, as a clause; empty where they can."""
    if mode == "graphed" and device.type != "cuda":
        return f"graphed needs a CUDA device, and this run trains on {device.type}"
    return ""


def check_mode(mode: Mode, device: torch.device) -> None:
    """Raise `ConfigError` where steps cannot be run in `mode` on `device`."""
    if why := unavailable_reason(mode, device):
        raise ConfigError(f"mode: {why}; use eager, or auto, which takes what is there.")


def step_in(mode: Mode, step: GanStep, *, fell_back: Say) -> Step:
    """Return what runs `step` in `mode`.

    `fell_back` is told why, should it have to run the rest uncaptured. Raises `ConfigError` where
    this machine does not have the mode.
    """
    check_mode(mode, step.device)
    if mode == "graphed":
        from ganterm.engine.graphed import CudaRecorder, GraphedStep  # noqa: PLC0415

        return GraphedStep(step, CudaRecorder(step.device), fell_back=fell_back)
    return step


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


def choose_mode(
    networks: Networks, batches: Batches, config: RunConfig, taken: str, say: Say
) -> tuple[Mode, list[str]]:
    """Return the mode that `config` asks for, which `auto` finds out, and what to tell the user.

    `taken` is what `auto` took when the run began; it holds unless this machine lacks it. `say` is
    told what is being measured.
    """
    if config.mode != "auto":
        return config.mode, []
    device = batches.device
    if taken in get_args(Mode) and not unavailable_reason(cast("Mode", taken), device):
        return cast("Mode", taken), []
    timed = time_modes(networks, batches, config, say)
    return timed.mode, [timed.reason]


def time_modes(
    networks: Networks, batches: Batches, config: RunConfig, say: Say = lambda what: None
) -> TimedModes:
    """Measure what a step takes in each mode there is, and choose the quickest.

    Graphs are tried where there is a CUDA device. Another mode than eager must be worth it.

    `say` is told what is being measured. The training's state is as before when this returns.
    Growing networks are measured at full size, at which they train longest.
    """
    trial = Trial(networks, batches, config)
    seconds: dict[Mode, float] = {}
    with trial.at_full_size():
        say("measuring a step")
        seconds["eager"] = trial.seconds("eager")
        if not unavailable_reason("graphed", trial.device):
            say("measuring a step captured as a graph")
            seconds["graphed"] = trial.seconds("graphed")
    return TimedModes(_quickest(seconds), seconds)


def _quickest(seconds: Mapping[Mode, float]) -> Mode:
    mode = min(seconds, key=lambda each: seconds[each])
    return mode if seconds[mode] <= WORTH * seconds["eager"] else "eager"


class Trial:
    """Steps on a training's networks and data that count for nothing."""

    def __init__(self, networks: Networks, batches: Batches, config: RunConfig) -> None:
        self.device = batches.device
        self.before = Snapshot(networks, self.device)
        self._networks = networks
        self._batches = batches
        self._config = config
        cycle = -(-config.penalty_every // config.d_steps) if config.penalty != "none" else 1
        self._steps = min(max(cycle, _SHORTEST_CYCLE), LONGEST_CYCLE)

    @contextlib.contextmanager
    def at_full_size(self) -> Iterator[None]:
        """Have growing networks grown meanwhile; afterwards all is as it was."""
        stage = stage_of(self._networks.generator)
        growth = growth_of(self._config, self._config.data_spec)
        try:
            if growth is not None:
                _grow(self._networks, growth.stage(growth.images))
            yield
        finally:
            self.before.restore()
            if stage is not None:
                _grow(self._networks, stage)

    def paces(self, at_least: float) -> list[float]:
        """Return what each step takes in eager mode, of as many as `at_least` seconds have."""
        self.before.restore()
        step = GanStep(self._networks, self._config, lambda names, values: None)
        self._turn(step, 1)
        found: list[float] = []
        while not found or sum(found) < at_least:
            found.append(self._turn(step, 1))
        return found

    def _turn(self, step: Step, steps: int) -> float:
        """Return the seconds that each of so many steps takes."""
        d_steps = self._config.d_steps
        began = time.perf_counter()
        for index in range(steps):
            # Full batches: an epoch's last one is rare.
            real_batches = [self._batches[0]] * d_steps
            labels = [self._batches.labels(0)] * d_steps
            step.run(real_batches, labels, first_batch=index * d_steps, measure=False)
        synchronize(self.device)
        return (time.perf_counter() - began) / steps

    def seconds(self, mode: Mode) -> float:
        """Return what a step takes in `mode`; infinity if that does not work here."""
        self.before.restore()
        troubles: list[str] = []
        step = step_in(
            mode,
            GanStep(self._networks, self._config, lambda names, values: None),
            fell_back=troubles.append,
        )
        # The first turn readies what is captured; the second captures.
        for _ in range(1 if mode == "eager" else 2):
            self._turn(step, self._steps)
        best = min(self._turn(step, self._steps) for _ in range(TURNS))
        return math.inf if troubles else best


def _grow(networks: Networks, stage: Stage) -> None:
    for network in (networks.generator, networks.discriminator):
        grow(network, stage)


class Snapshot:
    """Weights, buffers, optimisers and random numbers of a training at one moment.

    Copies stay on the device, as much memory as the networks and their optimisers hold.
    """

    def __init__(self, networks: Networks, device: torch.device) -> None:
        self._device = device
        modules = (networks.generator, networks.discriminator)
        self._tensors = [
            (tensor, tensor.detach().clone())
            for module in modules
            for tensor in (*module.parameters(), *module.buffers())
        ]
        self._optimizers = [
            (optimizer, _options(optimizer), _moments(optimizer))
            for optimizer in (networks.optimizer_g, networks.optimizer_d)
        ]
        self._cpu_random = torch.get_rng_state()
        self._cuda_random = torch.cuda.get_rng_state(device) if device.type == "cuda" else None

    @torch.no_grad()
    def restore(self) -> None:
        """Bring everything back to that moment, in place where it can; gradients are dropped."""
        for tensor, copy in self._tensors:
            tensor.copy_(copy)
        for optimizer, options, moments in self._optimizers:
            for group, before in zip(optimizer.param_groups, options, strict=True):
                _bring_back(group, before)
                for parameter in group["params"]:
                    parameter.grad = None
                    if parameter in moments:
                        _bring_back(optimizer.state[parameter], moments[parameter])
                    else:
                        optimizer.state.pop(parameter, None)
        torch.set_rng_state(self._cpu_random)
        if self._cuda_random is not None:
            torch.cuda.set_rng_state(self._cuda_random, self._device)


def _bring_back(values: dict[str, Any], before: dict[str, Any]) -> None:
    """Restore what was among `values`, tensors into the memory in which others know them."""
    for key, copy in before.items():
        if not isinstance(copy, torch.Tensor):
            values[key] = copy
        elif isinstance(standing := values.get(key), torch.Tensor):
            standing.copy_(copy)
        else:
            values[key] = copy.clone()


def _options(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """Return what each group of parameters is trained with, a learning rate held as tensor too."""
    return [
        {
            key: value.clone() if isinstance(value, torch.Tensor) else value
            for key, value in group.items()
            if key != "params"
        }
        for group in optimizer.param_groups
    ]


def _moments(optimizer: torch.optim.Optimizer) -> dict[torch.Tensor, dict[str, Any]]:
    return {
        parameter: {
            key: value.clone() if isinstance(value, torch.Tensor) else value
            for key, value in values.items()
        }
        for parameter, values in optimizer.state.items()
    }
