"""Steps in file names and prefixes of tensors are read as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.exchange.names import Moment, generators_key, moment_in, raw_beside, unprefixed


@pytest.mark.parametrize(
    ("name", "step", "unit"),
    [
        ("generator_10000.pth", 10_000, "step"),
        ("netG-500.pt", 500, "step"),
        ("G_step_0.pth", 0, "step"),
        ("generator_iter2000.pth", 2000, "step"),
        ("step-001000", 1000, "step"),
        ("step-00001000.safetensors", 1000, "step"),
        ("2000.pth", 2000, "step"),
        ("G_iter_5000.pth.tar", 5000, "step"),
        ("checkpoint_iter_700_G_ema.ckpt", 700, "step"),
        ("epoch=3-step=500.ckpt", 500, "step"),
        ("netG_epoch_24.pth", 24, "epoch"),
        ("gen_ep12.pth", 12, "epoch"),
    ],
)
def test_the_step_in_a_name(name: str, step: int, unit: str) -> None:
    """What is called a step is one, before an epoch and before a number set apart at the end."""
    assert moment_in(Path(name)) == Moment(step, unit)


@pytest.mark.parametrize(
    "name",
    ["generator.pth", "mnist28.pth", "generator_v2.pth", "g_99999999999999999999.pth", "steps.pth"],
)
def test_a_name_without_a_step(name: str) -> None:
    """Versions, sides and numbers beyond all steps are none."""
    assert moment_in(Path(name)) is None


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["discriminator", "generator"], "generator"),
        (["netD_state_dict", "netG_state_dict"], "netG_state_dict"),
        (["gen_model", "disc_model"], "gen_model"),
        (["D", "G", "g_ema"], "g_ema"),
        (["generator", "discriminator", "generator_ema"], "generator_ema"),
        (["params", "params_ema"], "params_ema"),
        (["G", "GE", "S"], "GE"),
        (["discriminator", "my_net"], "my_net"),
        (["d", "d_ema"], None),
        (["d", "g_ema"], "g_ema"),
        (["generator_state_dict", "discriminator_state_dict", "epoch"], "generator_state_dict"),
        (["classifier", "model_state_dict"], "model_state_dict"),
        (["state_dict", "model"], None),
        (["A", "B"], None),
        ([], None),
    ],
)
def test_the_key_of_the_generator(keys: list[str], found: str | None) -> None:
    """What a key says beside `net`, `model` and `state_dict` tells whose weights are under it."""
    assert generators_key(keys) == found


@pytest.mark.parametrize(
    ("average", "keys", "raw"),
    [
        ("g_ema", ["d", "g", "g_ema"], "g"),
        ("params_ema", ["params", "params_ema"], "params"),
        ("g", ["g", "d"], None),
        ("ema", ["ema", "d"], None),
    ],
)
def test_the_raw_weights_beside_an_average(average: str, keys: list[str], raw: str | None) -> None:
    """The generator that was averaged is named where it can be told from the rest."""
    assert raw_beside(average, keys) == raw


@pytest.mark.parametrize(
    ("names", "kept", "prefix", "aside"),
    [
        ("module.a.w b.w", "module.a.w b.w", "", ""),
        ("netG.a.w netD.a.w", "a.w", "netG.", "netD"),
        ("G.a.w vgg.features.0.w fixed_noise", "a.w", "G.", "vgg fixed_noise"),
        ("0.w lpips.net.0.w", "0.w", "", "lpips"),
        ("module.G.a.w module.GE.a.w module.D.a.w", "a.w", "module.GE.", "G D"),
        ("gen.0.w head.w", "gen.0.w head.w", "", ""),
        ("gen.0.0.w", "0.0.w", "gen.", ""),
        ("D.0.0.w D.1.0.w", "D.0.0.w D.1.0.w", "", ""),
        ("loss.w a.w", "loss.w a.w", "", ""),
        ("", "", "", ""),
    ],
)
def test_the_generators_own_names(names: str, kept: str, prefix: str, aside: str) -> None:
    """A prefix of some names is part of them, unless the rest is of other networks."""
    own = unprefixed(dict.fromkeys(names.split(), 1))
    assert list(own.tensors) == kept.split()
    assert own.prefix == prefix
    assert own.aside == tuple(aside.split())


def test_an_average_is_completed_from_the_raw_weights() -> None:
    """Statistics, which nothing averages, are those of the network that was trained."""
    own = unprefixed({"g.0.w": 1, "g.0.mean": 2, "g_ema.0.w": 3, "d.0.w": 4})
    assert own.tensors == {"0.w": 3, "0.mean": 2}
    assert (own.raw, own.is_completed) == ("g", True)
    own = unprefixed({"g.0.w": 1, "g_ema.0.w": 3})
    assert (own.tensors, own.raw, own.is_completed) == ({"0.w": 3}, "g", False)
