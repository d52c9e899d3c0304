"""A run cut anywhere and restored into a fresh trainer ends as if it had never been cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from itertools import cycle
from typing import Any

import pytest
import safetensors.torch
import torch

from ganterm import recipes
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.engine.events import Boundary, CheckpointDue, Event, SampleDue
from ganterm.engine.loop import Trainer
from ganterm.engine.state import export_state, restore_state
from tests.engine.common import ADAPTIVE, families, measured, small, trainer
from tests.engine.tape import taped

State = tuple[dict[str, torch.Tensor], dict[str, Any]]
States = dict[int, tuple[RunConfig, State]]
"""What was exported at a step, and the configuration that live changes had led to by then."""
Steer = Callable[[Trainer], None]

IMAGES = 44
"""Five batches of 8 and one of 4, so that epochs and windows end at different steps."""
CUTS = (1, 5, 6, 7, 9)
"""The first step, ends of epochs, and steps in the middle of both an epoch and a window."""
VARIANTS: list[dict[str, Any]] = [
    *[{"recipe": name} for name in recipes.names()],
    {"recipe": "mlp", "penalty": "r1+r2", "penalty_every": 4, "d_steps": 3},
    {"recipe": "dcgan", "penalty": "wgan-gp", "penalty_every": 3, "augment": "translation,cutout"},
    {"recipe": "sngan", "minibatch_discrimination": True, "loss": "relativistic"},
    {"recipe": "dcgan-8x8", "lr_schedule": "cosine", "penalty": "r1", "real_label": 0.9},
    {"recipe": "dcgan-upsample", "d_steps": 3, "steps": 0, "epochs": 5, "lr_schedule": "linear"},
    {
        "recipe": "mlp",
        "penalty": "r1",
        "loss": "relativistic",
        "lr_g": "1e-3..1e-5:cosine:0.08kimg",
        "lr_d": "1e-3..1e-4:linear",
        "beta2": "0.9..0.99:cosine:7steps",
        "penalty_weight": "5..0.5:cosine",
        "ema_kimg": "0..0.1:linear:10steps",
        "augment": "cutout",
        "augment_p": "0..0.5:cosine:10steps",
    },
    {"recipe": "mlp", "precision": "bfloat16", "augment": "colour", "augment_p": 0.5},
    {"recipe": "dcgan", "conditional": "projection", "spectral_norm": True, "d_norm": "none"},
    {**ADAPTIVE, "recipe": "dcgan", "d_steps": 2, "freeze_d": 1},
    {**ADAPTIVE, "recipe": "sngan", "loss": "relativistic", "holdout": 0.1},
    {"recipe": "mlp", "conditional": "concat", "penalty": "wgan-gp", "d_steps": 3},
    {"recipe": "ring", "conditional": "projection"},
    # Cut while growing from 4 to 8 to 16 pixels, at both ends of a fade and within it.
    {"recipe": "stylegan", "image_size": 16, "grow_kimg": 0.016, "fade_kimg": 0.024},
    {"recipe": "stylegan", "modulation": "demodulate", "precision": "bfloat16"},
    {"recipe": "stylegan", "conditional": "concat", "style_mixing": 1.0},
    {"recipe": "stylegan", "skip_outputs": True, "grow_kimg": 0, "fade_kimg": 0},
    {"recipe": "dcgan-8x8", "optimizer": "adamw", "freeze_d": 1},
    {"recipe": "stylegan-8x8", "optimizer": "rmsprop", "lr_schedule": "cosine"},
    {"recipe": "mlp", "optimizer": "sgd", "lr_g": "1e-2..1e-3:linear"},
]


def no_changes(run: Trainer) -> None:
    """Let the run be."""


def live_changes(run: Trainer) -> None:
    """Change settings as someone who steers would, each at its step."""
    changes = {3: ("d_steps", 2), 5: ("lr_d", 5e-5), 6: ("real_label", 0.8), 9: ("lr_g", 1e-3)}
    if run.step in changes:
        run.use(run.changed(*changes[run.step]))


def configuration(recipe: str, **settings: Any) -> RunConfig:
    length = {} if "epochs" in settings else {"steps": 13}
    return small(recipe, log_every=4, **{"ema_kimg": 0.05, **length, **settings})


def train(run: Trainer, steer: Steer, cuts: Collection[int]) -> tuple[list[Event], States]:
    """Train to the end; return what happened, and the state at each of the `cuts`."""
    events: list[Event] = []
    states: States = {}
    for event in run.run():
        if isinstance(event, Boundary):
            if event.step in cuts and event.step not in states:
                events += run.flush()
                states[event.step] = run.config, on_disk(export_state(run))
            steer(run)
        else:
            events.append(event)
    return events, states


def on_disk(state: State) -> State:
    """Return the state as it comes back from a file, which keeps tensors in an order of its own."""
    tensors, counters = state
    return safetensors.torch.load(safetensors.torch.save(tensors)), json.loads(json.dumps(counters))


def assert_resumes(
    config: RunConfig,
    steer: Steer = no_changes,
    cuts: Collection[int] = CUTS,
    make: Callable[[RunConfig, int], Trainer] = trainer,
) -> None:
    whole = make(config, IMAGES)
    events, states = train(whole, steer, cuts)
    final_tensors, final_counters = export_state(whole)
    assert len(states) == len(cuts)
    for step, (now, (tensors, counters)) in states.items():
        resumed = make(now, IMAGES)
        torch.randn(7)  # whatever else drew random numbers in the meantime
        restore_state(resumed, tensors, counters)
        later, _ = train(resumed, steer, ())
        assert measured(later) == [entry for entry in measured(events) if entry[1] > step]
        assert _moments(later, step) == _moments(events, step)
        ended_tensors, ended_counters = export_state(resumed)
        assert ended_counters == final_counters
        assert ended_tensors.keys() == final_tensors.keys()
        for name, value in final_tensors.items():
            assert torch.equal(ended_tensors[name], value), f"{name}, cut at step {step}"


def _moments(events: list[Event], after: int) -> list[Event]:
    due = [event for event in events if isinstance(event, SampleDue | CheckpointDue)]
    return [event for event in due if event.step > after]


def quick(variant: dict[str, Any]) -> bool:
    """Tell whether a variant is no recipe as it is, or the first of its kind of networks."""
    return len(variant) > 1 or variant["recipe"] in families()


@pytest.mark.parametrize(
    ("settings", "cuts"),
    [
        *(
            pytest.param(each, (cut,), marks=[] if quick(each) else [pytest.mark.slow])
            for each, cut in zip(VARIANTS, cycle(CUTS), strict=False)
        ),
        *(pytest.param(each, CUTS, marks=pytest.mark.slow) for each in VARIANTS),
    ],
    ids=lambda s: " ".join(map(str, s.values() if isinstance(s, dict) else s)),
)
def test_a_run_cut_anywhere_ends_bit_identical(
    settings: dict[str, Any], cuts: Collection[int]
) -> None:
    """Each at one of five steps, in turn, and where there is time at all five."""
    assert_resumes(configuration(**settings), cuts=cuts)


@pytest.mark.parametrize(("settings", "cuts"), [({"steps": 12}, (5, 7)), ({"epochs": 3}, (6,))])
def test_a_run_steered_on_its_way_ends_bit_identical(
    settings: dict[str, Any], cuts: tuple[int, ...]
) -> None:
    assert_resumes(
        small("dcgan", log_every=4, sample_every="1 epoch", checkpoint_every="3", **settings),
        live_changes,
        cuts,
    )


@pytest.mark.parametrize("beta2", [0.99, "0.5..0.99:linear"])
def test_a_graphed_run_whose_beta2_is_set_ends_bit_identical(
    beta2: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It steps by the kernel that a resumed one does, before and after."""

    def steer(run: Trainer) -> None:
        if run.step == 4:
            run.use(run.changed("beta2", 0.9))

    config = small("mlp", steps=12, log_every=4, beta2=beta2)
    assert_resumes(config, steer, (3, 6), lambda *given: taped(given[0], monkeypatch, given[1])[0])


def test_exporting_changes_nothing_and_is_not_changed_by_training_on() -> None:
    config = configuration("dcgan")
    watched, alone = trainer(config, IMAGES), trainer(config, IMAGES)
    states = []
    for _ in range(4):
        watched.advance()
        alone.advance()
        states.append(export_state(watched))
    first, again = states[0][0], trainer(config, IMAGES)
    again.advance()
    for name, value in export_state(again)[0].items():
        assert torch.equal(first[name], value), f"{name} of the first step changed later"
    # The default generator is everybody's, and each step seeds it anew.
    for name, value in export_state(alone)[0].items():
        assert name.startswith("rng.") or torch.equal(states[-1][0][name], value), name


def test_names_are_those_of_the_checkpoint_format() -> None:
    run = trainer(configuration("dcgan"), IMAGES)
    run.advance()
    tensors, counters = export_state(run)
    prefixes = {name.split(".")[0] for name in tensors}
    assert prefixes == {
        "generator",
        "discriminator",
        "ema",
        "optimizer_g",
        "optimizer_d",
        "rng",
        "statistics",
    }
    assert counters["step"] == 1
    assert counters["batches"] == 1
    assert counters["images"] == 8
    for tensor in tensors.values():
        assert tensor.is_contiguous()
        assert tensor.device.type == "cpu"


def test_a_state_of_other_networks_is_refused_naming_the_tensor() -> None:
    tensors, counters = export_state(trainer(configuration("dcgan"), IMAGES))
    with pytest.raises(ConfigError, match=r"does not fit the configuration: generator\.\S+ is "):
        restore_state(trainer(configuration("dcgan", width=0.25), IMAGES), tensors, counters)
    bare = {name: value for name, value in tensors.items() if not name.startswith("ema.")}
    with pytest.raises(ConfigError, match=r"ema\.\S+ is absent, and the network needs"):
        restore_state(trainer(configuration("dcgan"), IMAGES), bare, counters)
