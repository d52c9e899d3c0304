"""A growing run stands where the images it has seen put it, and pays for that size alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ganterm.components.networks.growth import Stage, enlarged
from ganterm.components.networks.stylegan_networks import StyleGenerator
from ganterm.engine.loop import Trainer
from ganterm.engine.seeding import fixed_latents
from ganterm.engine.state import export_state, restore_state
from ganterm.inference.sample import generate
from tests.close import assert_same_images
from tests.engine.common import digits, small, trainer

SCHEDULE = {"image_size": 16, "grow_kimg": 0.016, "fade_kimg": 0.032, "batch_size": 8}
STAGES = [
    *[Stage(0)] * 2,
    *(Stage(1, 0.0), Stage(1, 0.25), Stage(1, 0.5), Stage(1, 0.75)),
    *[Stage(1)] * 2,
    *(Stage(2, 0.0), Stage(2, 0.25), Stage(2, 0.5), Stage(2, 0.75)),
    *[Stage(2)] * 2,
]
"""Before each of the first 14 batches of 8."""


def growing(**settings: Any) -> Trainer:
    return trainer(small("stylegan", **{**SCHEDULE, "steps": len(STAGES), **settings}))


def stage_of(run: Trainer) -> list[Stage]:
    """Return where the generator, its average and the discriminator stand."""
    networks = [run.networks.generator.synthesis, run.networks.discriminator.body]
    networks += [run.ema.model.synthesis] if run.ema else []
    return [network.stage for network in networks]  # type: ignore[union-attr,misc]


def test_all_networks_stand_where_the_images_put_them() -> None:
    run = growing()
    for stage in STAGES:
        assert stage_of(run) == [stage] * 3
        run.advance()
    assert stage_of(run) == [Stage(2)] * 3


def test_more_discriminator_steps_see_more_images_and_grow_sooner() -> None:
    run = growing(d_steps=2)
    for stage in STAGES[::2]:
        assert stage_of(run)[0] == stage
        run.advance()


def test_real_and_generated_images_have_the_size_and_the_detail_of_the_stage() -> None:
    run = growing()
    seen: list[Tensor] = []
    run.networks.discriminator.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    for stage in STAGES:
        seen.clear()
        run.advance()
        assert {image.shape[-1] for image in seen} == {4 * 2**stage.level}
        real = seen[0]
        blocky = torch.equal(real, enlarged(real[:, :, ::2, ::2]))
        assert blocky is (stage.alpha == 0), "at the beginning of a fade there is no detail yet"


def test_what_has_not_come_in_yet_costs_nothing_and_does_not_move() -> None:
    run = growing()
    before = {name: p.detach().clone() for name, p in run.networks.generator.named_parameters()}
    for _ in range(2):
        run.advance()
    for name, parameter in run.networks.generator.named_parameters():
        outside = any(
            f"blocks.{n}" in name or f"to_image.{s}" in name for n, s in ((1, 8), (2, 16))
        )
        assert (parameter.grad is None) is outside
        assert (parameter in run.networks.optimizer_g.state) is not outside
        if outside:
            assert torch.equal(parameter, before[name])


def test_moments_survive_the_steps_in_which_a_way_out_rests() -> None:
    """The way out at 4 pixels trains until 8 have faded in; its moments stay in the state."""
    run = growing()
    for _ in range(6):
        run.advance()
    state = {
        name: value
        for name, value in export_state(run)[0].items()
        if "to_image.4.weight" in name and not name.startswith("ema")
    }
    assert {name.rpartition(".")[2] for name in state} == {
        "weight",
        "exp_avg",
        "exp_avg_sq",
        "step",
    }
    for _ in range(8):
        run.advance()
    after = export_state(run)[0]
    assert all(torch.equal(after[name], value) for name, value in state.items())


def test_samples_have_the_full_size_at_every_stage() -> None:
    run = growing()
    latents = fixed_latents(0, 4, run.config.z_dim)
    for _ in STAGES:
        run.advance()
        assert run.ema is not None
        assert generate(run.ema.model, latents).shape == (4, 1, 16, 16)


@pytest.mark.parametrize("steps", range(1, len(STAGES), 3))
def test_a_restored_run_stands_where_it_stood_before_it_takes_a_step(steps: int) -> None:
    run, restored = growing(), growing()
    for _ in range(steps):
        run.advance()
    run.flush()
    restore_state(restored, *export_state(run))
    assert stage_of(restored) == stage_of(run) == [STAGES[steps]] * 3
    latents = fixed_latents(0, 4, run.config.z_dim)
    assert run.ema is not None
    assert restored.ema is not None
    assert_same_images(generate(run.ema.model, latents), generate(restored.ema.model, latents))


def test_equalised_rates_follow_the_schedule_of_the_run() -> None:
    run = growing(lr_schedule="linear", lr_g=0.01, steps=10)
    generator = run.networks.generator
    assert isinstance(generator, StyleGenerator)
    first = generator.mapping.layers[0].weight
    rates = {}
    for step in range(2):
        run.advance()
        for group in run.networks.optimizer_g.param_groups:
            if any(p is first for p in group["params"]):
                rates[step] = group["lr"]
    scale = (2 / run.config.z_dim) ** 0.5 * 0.01
    assert rates == pytest.approx({0: 0.01 * scale, 1: 0.009 * scale})


def test_a_run_that_does_not_grow_sees_whole_images() -> None:
    run = growing(grow_kimg=0, fade_kimg=0)
    assert run.growth is None
    seen: list[Tensor] = []
    run.networks.discriminator.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    run.advance()
    assert {image.shape[-1] for image in seen} == {16}
    whole = digits(16).float().div(127.5).sub(1)
    assert (whole == seen[0][0]).flatten(1).all(1).any()
