"""A recipe as a script of plain PyTorch trains as ganterm does, and knows nothing of it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ganterm.config import resolve
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import conditioned_spec
from ganterm.engine.batches import Batches
from ganterm.engine.loop import Trainer
from ganterm.engine.seeding import seed_default_generators
from ganterm.exchange.script import write_script
from ganterm.recipes import built_in
from tests.quick import slow_unless

STEPS = 20


@pytest.fixture(autouse=True)
def in_float64() -> Iterator[None]:
    """Compute in float64, in which two ways to the same sum do not drift apart."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def script_of(values: dict[str, object]) -> tuple[Any, Any, str]:
    config = resolve(values).config
    data = conditioned_spec(config)
    return config, data, write_script(config, data, "A test", "By ganterm")


def trained(config: Any, data: Any, text: str) -> dict[str, tuple[Any, Any]]:
    """Train by ganterm and by the script from the same weights, on the same batches and noise."""
    random = torch.Generator().manual_seed(1)
    shape = (5 * config.batch_size + 3, *data.tensor_shape)
    images = torch.randint(256, shape, generator=random).to(torch.uint8)
    if data.is_points:
        images = torch.randn(shape, generator=random)
    labels = torch.randint(max(len(data.classes), 1), shape[:1], generator=random)
    trainer = Trainer(config, images, torch.device("cpu"), labels=labels, data=data)
    script: dict[str, Any] = {"__name__": "script"}
    exec(compile(text, "script", "exec", dont_inherit=True), script)  # noqa: S102 - our own text
    ours = {
        "generator": trainer.networks.generator,
        "discriminator": trainer.networks.discriminator,
    }
    if trainer.ema is not None:
        ours["average"] = trainer.ema.model
    for name, network in ours.items():
        script[name].load_state_dict(network.state_dict())
    seen, wanted = 0, inspect.signature(script["train_step"]).parameters
    for step in range(STEPS):
        indices = range(step * config.d_steps, (step + 1) * config.d_steps)
        reals = [trainer.batches[index] for index in indices]
        told = [trainer.batches.labels(index) for index in indices]
        batches = list(zip(reals, told, strict=True)) if told[0] is not None else reals
        given: dict[str, Any] = {"real": reals[0], "labels": told[0], "batches": batches}
        given |= {"step": step, "images_seen": seen}
        seed_default_generators(config.seed, "noise of a step", step)
        script["train_step"](**{name: given[name] for name in wanted})
        seen += sum(map(len, reals))
        trainer.advance()
    return {name: (script[name], network) for name, network in ours.items()}


def assert_same(theirs: nn.Module, ours: nn.Module, what: str) -> None:
    found, wanted = theirs.state_dict(), ours.state_dict()
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert (found[name] - value).abs().max() < 1e-9, f"{what} {name}"


CASES: list[tuple[str, dict[str, object]]] = [
    *[(name, dict[str, object](recipe=name)) for name in built_in()],
    (
        "sum, concat and smooth labels",
        {
            "conditional": "concat",
            "optimizer": "sgd",
            "d_reduction": "sum",
            "real_label": "1..0.8:linear:10steps",
            "fake_label": 0.1,
            "d_steps": 2,
        },
    ),
    (
        "separate with penalties",
        {
            "d_update": "separate",
            "optimizer": "rmsprop",
            "penalty": "r1+r2",
            "reuse_fakes": False,
            "g_batch": 2,
            "conditional": "projection",
            "augment": "cutout",
            "z_prior": "uniform",
        },
    ),
    (
        "minibatch statistics",
        {
            "minibatch_discrimination": True,
            "spectral_norm": True,
            "penalty_against": "loss",
            "loss": "minimax",
        },
    ),
    (
        "schedules",
        {
            "lr_g": "1e-3..1e-4:linear:100steps",
            "beta2": "0.9..0.99:cosine:0.1kimg",
            "penalty_weight": "2..1:cosine",
            "augment": "colour,translation",
            "augment_p": 0.5,
            "loss": "hinge",
            "ema_kimg": "0..1:linear",
        },
    ),
    (
        "skip outputs",
        {
            "recipe": "stylegan-8x8",
            "optimizer": "adamw",
            "skip_outputs": True,
            "modulation": "demodulate",
            "grow_kimg": 0,
            "fade_kimg": 0,
            "conditional": "concat",
        },
    ),
]


QUICK = {"dcgan-8x8", "minibatch statistics", "ring", "schedules", "turbo-8x8", "wgan-gp"}


@pytest.mark.parametrize(
    ("what", "values"),
    slow_unless(lambda what, _: what in QUICK, CASES),
    ids=[what for what, _ in CASES],
)
def test_comes_to_the_same_weights(
    what: str, values: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After 20 steps in float64 the script has our weights, averaged ones and statistics too."""
    small: dict[str, object] = {"recipe": "turbo-8x8", "batch_size": 4, "precision": "float32"}
    usual = resolve({"recipe": values.get("recipe", "turbo-8x8")}).config
    small |= {"width": usual.width / 4 if usual.width > 0.25 else usual.width}
    if usual.generator == "r3gan":  # whose grouped convolutions take long in float64
        small |= {"image_size": 8, "width": 1 / 16}
    small |= {"steps": 40} if usual.steps else {}
    small |= {"grow_kimg": 0.02, "fade_kimg": 0.02} if usual.grow_kimg else {}
    config, data, text = script_of(small | values)
    assert "ganterm" not in re.sub(r"(?m)^#.*", "", text)
    batch = Batches.__getitem__
    monkeypatch.setattr(Batches, "__getitem__", lambda self, index: batch(self, index).double())
    for name, (theirs, ours) in trained(config, data, text).items():
        assert_same(theirs, ours, f"{what}: {name}")


@pytest.mark.slow
def test_runs_by_itself(tmp_path: Path) -> None:
    """As a file it trains on scikit-learn's digits, and draws what it learned."""
    _, _, text = script_of({"recipe": "turbo-8x8", "steps": 3})
    file = tmp_path / "script.py"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-I", file], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("step 0: D ")
    assert (tmp_path / "samples.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"channels": 4}, "transparency"),
        ({"holdout": 0.1}, "holdout"),
        ({"recipe": "sngan", "freeze_d": 1}, "freeze_d"),
        ({"dataset": "stacked-mnist", "channels": 3, "image_size": 28}, "dataset stacked-mnist"),
    ],
)
def test_says_what_it_does_not_write(values: dict[str, object], named: str) -> None:
    """What no script has is refused by name."""
    with pytest.raises(ConfigError, match=f"No script is written of .*{named}"):
        script_of({"recipe": "turbo-8x8", **values})
