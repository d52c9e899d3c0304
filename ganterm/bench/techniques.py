"""What each technique costs: a recipe with it and without, in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
import torch
from torch import nn

from ganterm.bench.pace import Contestant, TrainerLoop, race
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import ROUNDS, Settings
from ganterm.bench.workload import Workload, loop_of, prepare
from ganterm.config.rules import check
from ganterm.data import Progress
from ganterm.errors import ConfigError
from ganterm.training.batches import Batches
from ganterm.training.build import choose_device
from ganterm.training.modes import obstacle

SHARE_OF_TURN = 0.25
"""A turn here, in turns elsewhere: there are many contestants."""


class ChannelsFirstLoop(TrainerLoop):
    """The loop with images and weights laid out channel by channel."""

    def __init__(self, workload: Workload, device: torch.device) -> None:
        config, labels = workload.config, workload.labels
        super().__init__(config, workload.images, device, labels=labels, data=workload.spec)
        trainer = self.trainer
        for network in (trainer.networks.generator, trainer.networks.discriminator):
            network.to(memory_format=torch.contiguous_format)
        trainer.batches = _ChannelsFirst(
            workload.images,
            batch_size=config.batch_size,
            drop_last=config.drop_last,
            seed=config.seed,
            device=device,
            labels=None if config.conditional == "none" else labels,
        )


class _ChannelsFirst(Batches):
    def __getitem__(self, index: int) -> torch.Tensor:
        return super().__getitem__(index).contiguous()


def _channels_first(workload: Workload, device: torch.device) -> TrainerLoop | None:
    loop = ChannelsFirstLoop(workload, device)
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    layers = loop.trainer.networks.discriminator.modules()
    return loop if any(isinstance(layer, kinds) for layer in layers) else None


def _two_passes(workload: Workload, device: torch.device) -> TrainerLoop | None:
    loop = loop_of(workload, device)
    step = loop.trainer.gan_step
    if not step.one_pass or workload.config.d_update != "joint":
        return None
    step.one_pass = False
    return loop


@dataclass(frozen=True)
class Technique:
    """Something that training may do besides.

    Attributes:
        name: what it is called in the table.
        settings: what a recipe sets for it.
        against: what its time is divided by: the name of another technique, or `AS_IT_IS`.
        sources: what the literature says comes of the division; "" where it says nothing.
        loop: for what no recipe can ask for: what makes the loop, or None where it would be no
            other than the recipe's own.
    """

    name: str
    settings: Mapping[str, object] = field(default_factory=dict)
    against: str = "the recipe as it is"
    sources: str = ""
    loop: Callable[[Workload, torch.device], TrainerLoop | None] | None = None


AS_IT_IS = Technique.against
NO_NORM = "no normalisation in D"

TECHNIQUES = (
    Technique("WGAN-GP's penalty", {"penalty": "wgan-gp"}, sources="1.3x to 1.5x"),
    Technique("R1", {"penalty": "r1"}, sources="1.3x to 1.5x"),
    Technique("R1 every 4 steps", {"penalty": "r1", "penalty_every": 4}),
    Technique(NO_NORM, {"d_norm": "none"}),
    Technique(
        "spectral norm",
        {"d_norm": "none", "spectral_norm": True},
        against=NO_NORM,
        sources="1.05x to 1.1x",
    ),
    Technique("minibatch discrimination", {"minibatch_discrimination": True}),
    Technique("averaged weights (EMA)", {"ema_kimg": 10.0}),
    Technique("augmentation", {"augment": "translation,cutout"}),
    Technique("conditional, projection", {"conditional": "projection"}),
    Technique("2 steps of D", {"d_steps": 2}),
    Technique("a D step each on real and fake", {"d_update": "separate"}),
    Technique("fresh fakes for G", {"reuse_fakes": False}),
    Technique("bfloat16", {"precision": "bfloat16"}),
    Technique("channels first", loop=_channels_first),
    Technique("D's real and fake in a pass each", loop=_two_passes),
    Technique("compiled networks", {"mode": "compiled"}),
    Technique("CUDA graphs", {"mode": "graphed"}),
)

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("technique", "TECHNIQUE"),
    Column("step_seconds", "STEP", "ms"),
    Column("ratio", "TIMES AS LONG", "ratio"),
    Column("against", "AS"),
    Column("sources", "SOURCES SAY"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Time the steps of each recipe as it is and with each technique that it can be given."""
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    notes = [f"{workload.name}: {workload.data}." for workload in workloads]
    turn = settings.turn * SHARE_OF_TURN
    rows: list[dict[str, Value]] = []
    for workload in workloads:
        device = choose_device(settings.device)
        loops = dict(_contestants(workload, device, notes))
        contestants: dict[str, Contestant] = {**loops}
        paces = race(contestants, turn=turn, what=workload.name, progress=progress)
        seconds = {
            name: [pace.seconds_per_step for pace in took]
            for name, took in paces.items()
            if not _fell_back(loops[name])
        }
        notes += [
            f"{workload.name} trained with {name} for a while only, and then in eager."
            for name in paces.keys() - seconds.keys()
        ]
        rows += _rows(workload.name, seconds)
    return Result(
        title="What techniques cost",
        method=(
            "Steps of the recipe as it is and with one thing changed, which take turns for "
            f"{ROUNDS} rounds of {turn:g} s after a turn of warming up; medians, with the lowest "
            "and the highest round. A ratio is within one round. What the sources say of a "
            "gradient penalty is of one at every step."
        ),
        columns=_COLUMNS,
        rows=rows,
        notes=notes,
    )


def _contestants(
    workload: Workload, device: torch.device, notes: list[str]
) -> Iterator[tuple[str, TrainerLoop]]:
    """Yield the loops by technique, the recipe's own first; say in `notes` what it cannot do."""
    yield AS_IT_IS, loop_of(workload, device)
    for technique in TECHNIQUES:
        config = msgspec.structs.replace(workload.config, **technique.settings)
        if technique.settings and config == workload.config:
            continue
        try:
            check(config)
        except ConfigError as error:
            notes.append(f"{workload.name} cannot have {technique.name}: {error}")
            continue
        if technique.loop is not None:
            if (loop := technique.loop(workload, device)) is not None:
                yield technique.name, loop
        elif config.mode != "auto" and (why := obstacle(config.mode, device)):
            notes.append(f"{workload.name} cannot have {technique.name}: {why}.")
        elif config.conditional != "none" and workload.labels is None:
            notes.append(f"{workload.name} cannot have {technique.name}: there are no labels.")
        else:
            yield technique.name, loop_of(workload, device, **technique.settings)


def _fell_back(loop: TrainerLoop) -> bool:
    return loop.trainer.config.mode not in {"auto", loop.trainer.mode}


def _rows(recipe: str, seconds: Mapping[str, list[float]]) -> Iterator[dict[str, Value]]:
    """Yield a row a technique from the seconds a step took in each round."""
    yield {
        "recipe": recipe,
        "technique": AS_IT_IS,
        "step_seconds": Spread.of(seconds[AS_IT_IS]),
        "ratio": None,
        "against": None,
        "sources": None,
    }
    for technique in TECHNIQUES:
        if technique.name in seconds:
            pairs = zip(seconds[technique.name], seconds[technique.against], strict=True)
            yield {
                "recipe": recipe,
                "technique": technique.name,
                "step_seconds": Spread.of(seconds[technique.name]),
                "ratio": Spread.of(ours / theirs for ours, theirs in pairs),
                "against": technique.against,
                "sources": technique.sources or None,
            }
