"""Steps in file names and prefixes of tensors are read as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.exchange.names import generators_key, step_in, unprefixed


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("generator_10000.pth", 10_000),
        ("netG-500.pt", 500),
        ("G_step_0.pth", 0),
        ("generator_iter2000.pth", 2000),
        ("step-00001000.safetensors", 1000),
        ("2000.pth", 2000),
        ("netG_epoch_24.pth", None),
        ("gen_ep12.pth", None),
        ("generator.pth", None),
        ("mnist28.pth", None),
        ("generator_v2.pth", None),
        ("g_99999999999999999999.pth", None),
    ],
)
def test_the_step_in_a_name(name: str, step: int | None) -> None:
    """A number set apart at the end is the step; epochs and versions are none."""
    assert step_in(Path(name)) == step


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (["discriminator", "generator"], "generator"),
        (["netD_state_dict", "netG_state_dict"], "netG_state_dict"),
        (["gen_model", "disc_model"], "gen_model"),
        (["D", "G", "g_ema"], "G"),
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


def test_only_what_all_names_share_is_taken_off() -> None:
    """A prefix of some names is part of them, unless the rest is another network."""
    assert unprefixed({"module.a": 1, "b": 2}) == ({"module.a": 1, "b": 2}, "")
    assert unprefixed({"netG.a": 1, "netD.b": 2}) == ({"a": 1}, "netG.")
    assert unprefixed({}) == ({}, "")
