"""Every network by name keeps the contract that training, sampling and the penalties rely on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from ganterm.components.networks import DISCRIMINATORS, GENERATORS
from ganterm.components.networks.base import Discriminator, Generator, count_parameters
from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.core.dataspec import DataSpec, ImageSize, Size
from ganterm.core.errors import ConfigError
from tests.components.networks.layers import begun

SIZES: list[ImageSize] = [*range(1, 21), 28, 30, 32, 48, 64, 128, 256, 512]
SIZES += ["24x32", "48x64", "10x12", "7x40", "8x256", "512x384"]
DISCRIMINATOR_OPTIONS = [
    {},
    {"spectral_norm": True, "norm": "none"},
    {"minibatch_discrimination": True, "norm": "batch"},
    {"spectral_norm": True, "minibatch_discrimination": True},
]


def _generator(name: str, *, channels: int = 1, **options: Any) -> Generator:
    size = GENERATORS.facts(name).published_size
    options = {"width": 0.1, **options}
    return build_generator(
        name, GeneratorSpec(z_dim=12, data=DataSpec.image(size, channels), **options)
    )


def _discriminator(name: str, *, channels: int = 1, **options: Any) -> Discriminator:
    size = DISCRIMINATORS.facts(name).published_size
    options = {"width": 0.1, **options}
    return build_discriminator(
        name, DiscriminatorSpec(data=DataSpec.image(size, channels), **options)
    )


def _images(name: str, count: int, channels: int = 1) -> torch.Tensor:
    size = DISCRIMINATORS.facts(name).published_size
    return torch.randn(count, channels, size, size)


def _norms(network: nn.Module) -> int:
    return sum(isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)) for m in network.modules())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", GENERATORS.names)
def test_generator_builds_exactly_the_sizes_its_facts_support(name: str, channels: int) -> None:
    facts = GENERATORS.facts(name)
    for size in SIZES:
        with torch.device("meta"):
            if Size.of(size) in facts.image_sizes:
                network = build_generator(
                    name, GeneratorSpec(z_dim=5, data=DataSpec.image(size, channels), width=0.1)
                )
                assert network(torch.empty(2, 5)).shape == (2, channels, *Size.of(size))
            else:
                with pytest.raises(ConfigError, match=facts.image_sizes.words):
                    build_generator(
                        name, GeneratorSpec(z_dim=5, data=DataSpec.image(size, channels))
                    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_discriminator_builds_exactly_the_sizes_its_facts_support(name: str, channels: int) -> None:
    facts = DISCRIMINATORS.facts(name)
    for size in SIZES:
        with torch.device("meta"):
            if Size.of(size) in facts.image_sizes:
                network = build_discriminator(
                    name, DiscriminatorSpec(data=DataSpec.image(size, channels), width=0.1)
                )
                assert network(torch.empty(2, channels, *Size.of(size))).shape == (2,)
            else:
                with pytest.raises(ConfigError, match=facts.image_sizes.words):
                    build_discriminator(
                        name, DiscriminatorSpec(data=DataSpec.image(size, channels))
                    )


@pytest.mark.parametrize("name", GENERATORS.names)
def test_generator_norm_is_the_facts_unless_chosen(name: str) -> None:
    assert (_norms(_generator(name)) > 0) is GENERATORS.facts(name).batch_norm
    assert _norms(_generator(name, norm="batch")) > 0
    assert _norms(_generator(name, norm="none")) == 0


@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_discriminator_norm_is_the_facts_unless_chosen(name: str) -> None:
    assert (_norms(_discriminator(name)) > 0) is DISCRIMINATORS.facts(name).batch_norm
    assert _norms(_discriminator(name, norm="none")) == 0
    normed = _discriminator(name, norm="batch")
    assert _norms(normed) > 0
    layers = [m for m in normed.modules() if isinstance(m, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))]
    assert not isinstance(layers[1], nn.BatchNorm2d), "the first layer is never normalised"


@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_spectral_norm_keeps_the_parameters_and_is_there_only_when_asked(name: str) -> None:
    plain, normalised = _discriminator(name), _discriminator(name, spectral_norm=True)
    assert count_parameters(plain) == count_parameters(normalised)
    assert not any("_u" in key for key in plain.state_dict())
    assert any("_u" in key for key in normalised.state_dict())


@pytest.mark.parametrize("name", GENERATORS.names)
def test_generator_gives_images_within_range_one_at_a_time_too(name: str) -> None:
    network = _generator(name)
    images = network(100 * torch.randn(4, 12))
    assert images.abs().max() <= 1
    assert images.isfinite().all()
    network.eval()
    z = torch.randn(3, 12)
    torch.testing.assert_close(network(z)[1:2], network(z[1:2]))


@pytest.mark.parametrize("options", DISCRIMINATOR_OPTIONS)
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_discriminator_judges_one_image_in_evaluation(name: str, options: dict[str, Any]) -> None:
    logits = _discriminator(name, **options).eval()(_images(name, 1))
    assert logits.shape == (1,)
    assert logits.isfinite().all()


@pytest.mark.parametrize("options", DISCRIMINATOR_OPTIONS)
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_discriminator_can_be_differentiated_twice(name: str, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = begun(_discriminator(name, **options))
    images = _images(name, 3).requires_grad_()
    (slope,) = torch.autograd.grad(network(images).sum(), images, create_graph=True)
    slope.square().sum().backward()  # type: ignore[no-untyped-call]
    weights = [p for key, p in network.named_parameters() if key.startswith("body.") and p.ndim > 1]
    assert all(w.grad is not None and w.grad.isfinite().all() for w in weights)
    assert all(w.grad is not None and w.grad.any() for w in weights)


@pytest.mark.parametrize("name", GENERATORS.names)
def test_generator_can_be_differentiated_twice(name: str) -> None:
    network = _generator(name)
    z = torch.randn(3, 12, requires_grad=True)
    (slope,) = torch.autograd.grad(network(z).square().sum(), z, create_graph=True)
    slope.square().sum().backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())
    assert any(p.grad is not None and p.grad.any() for p in network.parameters())


@pytest.mark.parametrize("name", GENERATORS.names)
def test_generator_is_the_same_in_channels_last(name: str) -> None:
    network = _generator(name, channels=3).eval()
    z = torch.randn(2, 12)
    plain = network(z)
    network.to(memory_format=torch.channels_last)
    torch.testing.assert_close(network(z), plain)


@pytest.mark.parametrize("options", DISCRIMINATOR_OPTIONS)
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_discriminator_is_the_same_in_channels_last(name: str, options: dict[str, Any]) -> None:
    network = _discriminator(name, channels=3, **options).eval()
    images = _images(name, 2, channels=3)
    plain = network(images)
    network.to(memory_format=torch.channels_last)
    torch.testing.assert_close(network(images.contiguous(memory_format=torch.channels_last)), plain)


@pytest.mark.parametrize("name", GENERATORS.names)
def test_generator_runs_under_bfloat16_autocast(name: str) -> None:
    network = _generator(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        images = network(torch.randn(2, 12))
    images.float().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("options", DISCRIMINATOR_OPTIONS)
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_discriminator_runs_under_bfloat16_autocast(name: str, options: dict[str, Any]) -> None:
    network = _discriminator(name, **options)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        real, fake = network(_images(name, 2)), network(_images(name, 2).bfloat16())
    (fake.float() - real.float()).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("name", GENERATORS.names)
def test_width_multiplies_the_generators_hidden_widths(name: str) -> None:
    with torch.device("meta"):
        one, half = _generator(name, width=1), _generator(name, width=0.5)
        assert 0.2 < count_parameters(half) / count_parameters(one) < 0.55
        assert half(torch.empty(2, 12)).shape == one(torch.empty(2, 12)).shape
        assert _generator(name, width=1e-9)(torch.empty(2, 12)).shape[0] == 2


@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_width_multiplies_the_discriminators_hidden_widths(name: str) -> None:
    with torch.device("meta"):
        one, half = _discriminator(name, width=1), _discriminator(name, width=0.5)
        assert 0.2 < count_parameters(half) / count_parameters(one) < 0.55
        assert _discriminator(name, width=1e-9)(_images(name, 2)).shape == (2,)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"channels": 2}, "channels must be 1 .grey., 3 .RGB. or 4 .RGBA., not 2"),
        ({"width": 0.0}, "width must be above 0"),
        ({"width": float("nan")}, "width must be above 0"),
        ({"norm": "layer"}, "norm 'layer' is unknown; choose one of auto, batch, none"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _generator("dcgan", **options)
    with pytest.raises(ConfigError, match=words):
        _discriminator("dcgan", **options)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="generator 'vae' is unknown; choose one of mlp, "):
        build_generator("vae", GeneratorSpec(z_dim=8, data=DataSpec.image(28, 1)))
    with pytest.raises(ConfigError, match="discriminator 'vae' is unknown; choose one of mlp, "):
        build_discriminator("vae", DiscriminatorSpec(data=DataSpec.image(28, 1)))
    with pytest.raises(ConfigError, match="z_dim must be at least 1, not 0; the usual is 100"):
        build_generator("mlp", GeneratorSpec(z_dim=0, data=DataSpec.image(28, 1)))
