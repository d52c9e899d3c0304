"""Networks depend on the seed alone, and each recipe's have the published parameter counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganterm import recipes
from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.equalised import learning_rates
from ganterm.components.networks.from_config import discriminator_from, generator_from
from ganterm.components.networks.weights import largest_singular_values
from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.engine.build import build, choose_device
from tests.engine.common import CPU, GROWING, ON_POINTS, configured, families, small, trainer
from tests.engine.tape import taped
from tests.quick import slow_unless

COUNTS: list[tuple[str, dict[str, Any], int, int]] = [
    ("mlp", {}, 1_489_424, 533_505),
    ("mlp-small", {}, 581_264, 533_505),
    ("dcgan", {}, 1_636_737, 95_105),
    ("dcgan-64", {}, 3_574_656, 2_763_520),
    ("dcgan-8x8", {}, 55_905, 5_201),
    ("dcgan-classes", {}, 927_233, 34_561),
    ("turbo", {}, 230_257, 34_561),
    ("turbo-8x8", {}, 119_137, 94_081),
    ("best", {}, 1_171_969, 414_721),
    ("dcgan-upsample", {}, 856_065, 98_113),
    ("wgan-gp", {}, 856_065, 97_665),
    ("wgan-gp", {"d_norm": "batch"}, 856_065, 98_113),
    ("sngan", {}, 856_065, 2_755_009),
    ("stylegan", {}, 174_163, 282_961),
    ("stylegan", {"width": 1}, 531_619, 1_110_145),
    ("stylegan-8x8", {}, 40_786, 32_753),
    ("pictures-32", {}, 370_624, 167_616),
    ("pictures-64", {}, 378_080, 175_072),
    ("r3gan-32", {}, 189_840, 186_816),
    ("r3gan-64", {}, 236_304, 233_280),
    ("r3gan-cifar10", {}, 20_781_952, 21_280_512),
    ("biggan-32", {}, 523_971, 265_409),
]


def with_classes(config: RunConfig) -> DataSpec:
    """Return ten classes, which a conditional recipe is conditioned on; others leave them aside."""
    return config.data_spec.with_classes("0123456789")


@pytest.mark.parametrize(("recipe", "settings", "generator", "discriminator"), COUNTS)
def test_parameters_are_the_tables(
    recipe: str, settings: dict[str, Any], generator: int, discriminator: int
) -> None:
    config = configured(recipe, **settings)
    with torch.device("meta"):
        assert count_parameters(generator_from(config, with_classes(config))) == generator
        assert count_parameters(discriminator_from(config, with_classes(config))) == discriminator


def test_every_recipe_but_the_variant_stands_in_the_table() -> None:
    assert {recipe for recipe, *_ in COUNTS} == set(recipes.names()) - {"dcgan-resize"} - ON_POINTS
    config = configured("dcgan-resize")
    assert count_parameters(discriminator_from(config, config.data_spec)) == 95_105
    assert any(
        isinstance(layer, torch.nn.Upsample)
        for layer in generator_from(config, config.data_spec).modules()
    )


@pytest.mark.parametrize("recipe", recipes.names())
def test_images_and_logits_have_the_recipes_shape(recipe: str) -> None:
    config = configured(recipe)
    with torch.device("meta"):
        labels = torch.zeros(2, dtype=torch.long)
        images = generator_from(config, with_classes(config))(torch.empty(2, config.z_dim), labels)
        size = config.channels, config.image_size, config.image_size
        assert images.shape[1:] == ((2, 1, 1) if recipe in ON_POINTS else size)
        assert discriminator_from(config, with_classes(config))(images, labels).shape == (2,)


def test_spectral_normalisation_of_sngan_is_the_recipes() -> None:
    networks = build(small("sngan"), CPU)
    values = largest_singular_values(networks.discriminator)
    assert values == pytest.approx(dict.fromkeys(values, 1.0), abs=0.1)
    assert len(values) == 5
    plain = build(small("sngan", spectral_norm=False), CPU)
    assert largest_singular_values(plain.discriminator) != pytest.approx(values, abs=0.1)


def test_weights_are_a_function_of_the_seed_alone() -> None:
    torch.manual_seed(99)
    one = build(small("dcgan"), CPU)
    torch.randn(5)
    same, other = build(small("dcgan"), CPU), build(small("dcgan", seed=1), CPU)
    for a, b, c in zip(
        one.discriminator.parameters(),
        same.discriminator.parameters(),
        other.discriminator.parameters(),
        strict=True,
    ):
        assert torch.equal(a, b)
        assert a.ndim == 1 or not torch.equal(a, c)
    # The discriminator's do not depend on what the generator drew.
    wide = build(small("dcgan", z_dim=7), CPU)
    for a, b in zip(one.discriminator.parameters(), wide.discriminator.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("recipe", recipes.names())
def test_optimisers_are_adam_with_the_recipes_rates_and_betas(recipe: str) -> None:
    config = configured(recipe, width=0.0625)
    networks = build(config, CPU, with_classes(config))
    for optimizer, module, rate in (
        (networks.optimizer_g, networks.generator, config.lr_g),
        (networks.optimizer_d, networks.discriminator, config.lr_d),
    ):
        assert isinstance(optimizer, torch.optim.Adam)
        for group in optimizer.param_groups:
            assert group["lr"] == float(rate)
            assert group["betas"] == (config.beta1, float(config.beta2))
            assert (group["eps"], group["weight_decay"], group["amsgrad"]) == (1e-8, 0, False)
        groups = {group["factor"]: group["params"] for group in optimizer.param_groups}
        assert _identities(groups) == _identities(learning_rates(module))
        assert recipe in GROWING or list(groups) == [1.0]


def test_devices_are_found_or_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    assert choose_device("cpu").type == "cpu"
    for name in ("cuda", "cuda:3", "mps"):
        with pytest.raises(
            ConfigError, match=rf"^device: {name} is not on this machine, which has"
        ):
            choose_device(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cuda:1").index == 1
    with pytest.raises(ConfigError, match=r"cuda:2 is not on this machine, which has cuda, cpu"):
        choose_device("cuda:2")


def _identities(groups: dict[float, list[torch.nn.Parameter]]) -> dict[float, list[int]]:
    return {factor: [id(p) for p in parameters] for factor, parameters in groups.items()}


@pytest.mark.parametrize(
    "recipe", slow_unless({"dcgan-8x8", "mlp", "stylegan-8x8"}.__contains__, families())
)
def test_frozen_blocks_do_not_train(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eager or captured: no step, no moments, while all that follows learns."""
    whole = trainer(small(recipe))
    blocks = whole.networks.discriminator.blocks
    inside = {id(each) for block in blocks for each in block}
    body = list(whole.networks.discriminator.body.parameters())
    assert inside == {id(each) for each in body}
    assert len(blocks) >= 2
    config = small(recipe, steps=4, freeze_d=1)
    for run in (trainer(config), taped(config, monkeypatch)[0]):
        frozen, *rest = run.networks.discriminator.blocks
        before = [each.clone() for each in (*frozen, *rest[-1])]
        for _ in range(config.steps):
            run.advance()
        after = [*frozen, *rest[-1]]
        same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert all(same[: len(frozen)])
        assert not all(same[len(frozen) :])
        assert not any(each in run.networks.optimizer_d.state for each in frozen)
    with pytest.raises(
        ConfigError, match=rf"freeze_d: this discriminator has {len(blocks)} blocks"
    ):
        trainer(small(recipe, freeze_d=len(blocks) + 1))
