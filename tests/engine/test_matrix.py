"""Every recipe's networks under every loss and penalty train without NaN, or are refused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
import torch

from ganterm import recipes
from ganterm.components.losses import LOSSES
from ganterm.components.penalties import PENALTIES
from ganterm.core.errors import ConfigError
from tests.engine.common import GROWING, families, measured, small, trainer

STEPS = 3
AT_ONCE = {"grow_kimg": 0, "fade_kimg": 0}
"""What has networks that grow begin at their full size, so that every weight moves."""


def named(value: Any) -> str:
    """Return what a case is called by."""
    return " ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


JOINT = {"d_update": "joint", "reuse_fakes": True, "g_batch": 1}


def refusal(recipe: str, loss: str, penalty: str) -> tuple[str, dict[str, Any]] | None:
    """Return the field that makes a combination illegal and the way out of it, if it is."""
    if loss == "wasserstein" and penalty == "none" and recipe not in {"sngan", "biggan-32"}:
        return "loss", {"penalty": "wgan-gp", **JOINT}
    if recipe == "dcgan-8x8" and loss == "relativistic":
        return "d_update", JOINT
    if recipe == "dcgan-8x8" and penalty == "wgan-gp":
        return "penalty", JOINT
    return None


def pairwise(share: int, *axes: Sequence[Any]) -> list[Any]:
    """Return all combinations of the axes' values, of which one in `share` is quick.

    Of three axes with at least `share` values each, the quick ones have every pair of values.
    """
    return [
        pytest.param(
            *(value for _, value in each),
            marks=[pytest.mark.slow] if sum(index for index, _ in each) % share else [],
        )
        for each in product(*map(enumerate, axes))
    ]


@pytest.mark.parametrize(
    ("recipe", "loss", "penalty"),
    pairwise(len(PENALTIES.names), families(), LOSSES.names, PENALTIES.names),
)
def test_steps_stay_finite(recipe: str, loss: str, penalty: str) -> None:
    settings: dict[str, Any] = {
        "loss": loss,
        "penalty": penalty,
        "steps": STEPS,
        "log_every": STEPS,
    }
    settings |= {"penalty_weight": "auto", "d_steps": 1}
    refused = refusal(recipe, loss, penalty)
    if refused:
        field, way_out = refused
        with pytest.raises(ConfigError, match=rf"^{field}: .*; set |^{field}: .* set d_update"):
            small(recipe, **settings)
        settings |= way_out
    _train(recipe, settings)


TECHNIQUES: list[dict[str, Any]] = [
    {"minibatch_discrimination": True},
    {"minibatch_discrimination": True, "penalty": "r1", "penalty_every": 3},
    {"spectral_norm": True, "d_norm": "none"},
    {"spectral_norm": True, "d_norm": "none", "loss": "wasserstein"},
    {"spectral_norm": True, "d_norm": "none", "minibatch_discrimination": True},
    {"d_norm": "none", "g_norm": "none"},
    {"d_norm": "batch", "g_norm": "batch"},
    # Weights this small take more steps until the first layer of a mapping network moves.
    {"init": "normal", "steps": 30},
    {"ema_kimg": 0.1},
    {"augment": "translation"},
    {"augment": "cutout"},
    {"augment": "colour,translation,cutout", "augment_p": 0.5, "penalty": "r1+r2"},
    {"d_update": "separate", "reuse_fakes": False, "g_batch": 2, "penalty": "r1+r2"},
    {"d_update": "separate"},
    {"lr_schedule": "linear"},
    {"lr_schedule": "cosine", "d_steps": 3, "epochs": 2},
    {"real_label": 0.9, "fake_label": 0.1},
    {"real_label": 0.9, "loss": "least-squares"},
    {"channels": 3},
    {"precision": "bfloat16", "penalty": "r1", "minibatch_discrimination": True},
    {"conditional": "projection"},
    {"conditional": "concat"},
]


@pytest.mark.parametrize(
    ("recipe", "settings"),
    pairwise(
        3, ["mlp", "dcgan", "dcgan-64", "dcgan-8x8", "dcgan-upsample", "stylegan"], TECHNIQUES
    ),
    ids=named,
)
def test_techniques_combine_with_every_family(recipe: str, settings: dict[str, Any]) -> None:
    _train(recipe, {"steps": 0 if "epochs" in settings else STEPS, **settings})


WITH_CONDITIONS: list[dict[str, Any]] = [
    *[
        {"loss": loss, **({"penalty": "r1"} if loss == "wasserstein" else {})}
        for loss in LOSSES.names
    ],
    *[{"penalty": penalty, **JOINT} for penalty in PENALTIES.names if penalty != "none"],
    {"loss": "wasserstein", "penalty": "wgan-gp", "penalty_every": 3, "d_steps": 2},
    {"spectral_norm": True, "d_norm": "none", "minibatch_discrimination": True},
    {"ema_kimg": 0.1, "augment": "translation,cutout", "penalty": "r1+r2"},
    {"precision": "bfloat16", "penalty": "r1", "minibatch_discrimination": True},
    {"d_update": "separate", "reuse_fakes": False, "g_batch": 2, "penalty": "r1+r2"},
    {"init": "normal", "channels": 3},
]


@pytest.mark.parametrize(
    ("kind", "settings"), pairwise(2, ["projection", "concat"], WITH_CONDITIONS), ids=named
)
def test_techniques_combine_with_conditional_training(kind: str, settings: dict[str, Any]) -> None:
    _train("dcgan", {"conditional": kind, "steps": STEPS, **settings})


@pytest.mark.parametrize("recipe", recipes.names())
def test_every_recipe_trains_conditionally(recipe: str) -> None:
    _train(recipe, {"conditional": "projection", "steps": STEPS, "d_steps": 1})


def _train(recipe: str, settings: dict[str, Any]) -> None:
    growth = AT_ONCE if recipe in GROWING else {}
    config = small(recipe, **{"log_every": STEPS, **growth, **settings})
    run = trainer(config, 24 if config.epochs else 1797)
    before = [p.detach().clone() for p in _weights(run.networks)]
    # A step that is not finite ends the iteration with DivergenceError.
    records = measured(list(run.run()))
    assert records
    assert run.step == run.steps_total
    after = _weights(run.networks)
    assert all(p.isfinite().all() for p in after)
    assert all(p.dtype == torch.float32 for p in after)
    # Every weight has moved; a bias may be without effect, where real and fake cancel.
    pairs = [(p, q) for p, q in zip(before, after, strict=True) if p.ndim > 1]
    assert not any(torch.equal(p, q) for p, q in pairs)


def _weights(networks: Any) -> list[torch.Tensor]:
    return [*networks.generator.parameters(), *networks.discriminator.parameters()]
