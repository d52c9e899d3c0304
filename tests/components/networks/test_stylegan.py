"""The style-based networks are those of system 9, at every stage of their growth."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ganterm.components.networks.base import Discriminator, count_parameters
from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.growth import Stage, enlarged, grow, halved
from ganterm.components.networks.stylegan import StyleSettings
from ganterm.components.networks.stylegan_networks import StyleFeatures, StyleGenerator
from ganterm.core.dataspec import DataSpec
from tests.components.networks.layers import Row, layers_of

MAPPING: list[Row] = [("Linear 64", (64,)), ("LeakyReLU 0.2", (64,))] * 8


def styled(channels: int, side: int) -> list[Row]:
    """Return one styled layer: convolution, the affine map of the style, LeakyReLU."""
    return [
        (f"Conv {channels} k3 s1 p1 no bias", (channels, side, side)),
        (f"Linear {2 * channels}", (2 * channels,)),
        ("LeakyReLU 0.2", (channels, side, side)),
    ]


def judged(channels: int, side: int) -> list[Row]:
    return [
        (f"Conv {channels} k3 s1 p1", (channels, side, side)),
        ("LeakyReLU 0.2", (channels, side, side)),
    ]


GENERATOR: list[Row] = [
    *MAPPING,
    *styled(128, 7) * 2,
    *styled(64, 14) * 2,
    *styled(32, 28) * 2,
    ("Conv 1 k1 s1 p0", (1, 28, 28)),
]
DISCRIMINATOR: list[Row] = [
    ("Conv 32 k1 s1 p0", (32, 28, 28)),
    ("LeakyReLU 0.2", (32, 28, 28)),
    *judged(32, 28),
    *judged(64, 28),
    *judged(64, 14),
    *judged(128, 14),
    *judged(128, 7),
    ("Linear 128", (128,)),
    ("LeakyReLU 0.2", (128,)),
    ("Linear 1", (1,)),
]
CHANGES: list[dict[str, Any]] = [
    {},
    {"modulation": "demodulate"},
    {"modulation": "demodulate", "skip_outputs": True, "grows": False},
]


def spec_of(
    size: int, *, channels: int = 1, width: float = 0.25, grows: bool = True, **own: Any
) -> dict[str, Any]:
    """Return what narrow networks are told that can grow; the rest are settings of style alone."""
    settings = StyleSettings(grow_kimg=float(grows), **own)
    return {"data": DataSpec.image(size, channels), "width": width, "own": settings}


def generator_of(size: int = 28, **settings: Any) -> StyleGenerator:
    torch.manual_seed(0)
    network = build_generator("stylegan", GeneratorSpec(z_dim=64, **spec_of(size, **settings)))
    assert isinstance(network, StyleGenerator)
    return network


def discriminator_of(size: int = 28, **settings: Any) -> Discriminator:
    torch.manual_seed(0)
    return build_discriminator("stylegan", DiscriminatorSpec(**spec_of(size, **settings)))


def test_generator_is_the_table() -> None:
    network = generator_of(width=1.0, grows=False)
    assert layers_of(network, torch.randn(2, 64)) == GENERATOR
    assert network.layers == 6


def test_discriminator_is_the_table() -> None:
    network = discriminator_of(width=1.0, grows=False)
    assert layers_of(network, torch.randn(2, 1, 28, 28)) == DISCRIMINATOR


def test_at_the_lowest_stage_only_its_layers_run() -> None:
    network, judge = generator_of(width=1.0), discriminator_of(width=1.0)
    grow(network, Stage(0))
    grow(judge, Stage(0))
    rows = [*MAPPING, *styled(128, 7) * 2, ("Conv 1 k1 s1 p0", (1, 7, 7))]
    assert layers_of(network, torch.randn(2, 64)) == rows
    rows = [("Conv 128 k1 s1 p0", (128, 7, 7)), ("LeakyReLU 0.2", (128, 7, 7))]
    assert layers_of(judge, torch.randn(2, 1, 7, 7)) == [*rows, *DISCRIMINATOR[-5:]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "sides"), [(28, (7, 14, 28)), (64, (4, 8, 16, 32, 64))])
def test_every_stage_has_its_side_in_training_and_the_full_one_in_evaluation(
    size: int, sides: tuple[int, ...], channels: int
) -> None:
    network, judge = (
        generator_of(size, channels=channels),
        discriminator_of(size, channels=channels),
    )
    z = torch.randn(2, 64)
    for level, side in enumerate(sides):
        for alpha in {1.0, 1.0 if level == 0 else 0.5}:
            grow(network, Stage(level, alpha))
            grow(judge, Stage(level, alpha))
            images = network.train()(z)
            assert images.shape == (2, channels, side, side)
            assert judge(images).shape == (2,)
            shown = network.eval()(z)
            assert shown.shape == (2, channels, size, size)
            small = shown[:, :, :: size // side, :: size // side]
            assert torch.equal(shown, enlarged(small, size // side))


def test_a_fade_goes_from_the_stage_below_to_its_own() -> None:
    network = generator_of().eval()
    judge, images = discriminator_of().eval(), torch.randn(2, 1, 14, 14)
    shown, logits = {}, {}
    z = torch.randn(2, 64)
    for level, alpha in ((0, 1.0), (1, 0.0), (1, 0.25), (1, 1.0)):
        for each in (network, judge):
            grow(each, Stage(level, alpha))
        shown[level, alpha] = network(z)
        logits[level, alpha] = judge(images if level else halved(images))
    torch.testing.assert_close(shown[1, 0.0], shown[0, 1.0])
    mixed = 0.75 * shown[0, 1.0] + 0.25 * shown[1, 1.0]
    torch.testing.assert_close(shown[1, 0.25], mixed)
    torch.testing.assert_close(logits[1, 0.0], logits[0, 1.0])
    assert not torch.allclose(logits[1, 1.0], logits[0, 1.0])


def test_a_fresh_network_is_fully_grown() -> None:
    assert generator_of()(torch.randn(2, 64)).shape == (2, 1, 28, 28)
    assert discriminator_of()(torch.randn(2, 1, 28, 28)).shape == (2,)


def test_images_of_another_stage_are_refused() -> None:
    judge = discriminator_of()
    grow(judge, Stage(1))
    with pytest.raises(RuntimeError, match="at images of shape 14x14, not 28x28"):
        judge(torch.randn(2, 1, 28, 28))


def test_only_a_network_that_grows_has_a_way_out_at_every_side() -> None:
    # 1x1 convolutions from 32 and 16 channels to 1, and from 1 to 32 and 16, with their biases
    extra = (32 + 1) + (16 + 1)
    grown, fixed = generator_of(), generator_of(grows=False)
    assert count_parameters(grown) - count_parameters(fixed) == extra
    extra = (32 + 32) + (16 + 16)
    assert (
        count_parameters(discriminator_of()) - count_parameters(discriminator_of(grows=False))
        == extra
    )


@pytest.mark.parametrize("settings", CHANGES, ids=str)
def test_in_evaluation_a_latent_always_gives_the_same_image(settings: dict[str, Any]) -> None:
    network = generator_of(style_mixing=1.0, **settings)
    for name, parameter in network.named_parameters():
        if name.endswith("noise.strength"):
            torch.nn.init.ones_(parameter)
    z = torch.randn(4, 64)
    assert not torch.equal(network(z), network(z)), "noise and mixing while training"
    network.eval()
    before = network.w_mean.clone()
    torch.testing.assert_close(network(z)[2:3], network(z[2:3]))
    assert torch.equal(network(z), network(z))
    assert torch.equal(network.w_mean, before)


@pytest.mark.parametrize("settings", CHANGES, ids=str)
def test_forward_is_mapping_and_synthesis(settings: dict[str, Any]) -> None:
    network, z = generator_of(**settings).eval(), torch.randn(3, 64)
    w: Tensor = network.mapping(z)
    assert w.shape == (3, network.w_dim)
    ws = w[:, None].expand(-1, network.layers, -1)
    torch.testing.assert_close(network.synthesis(ws), network(z))


@pytest.mark.parametrize("settings", CHANGES, ids=str)
def test_every_layer_listens_to_its_own_style(settings: dict[str, Any]) -> None:
    network = generator_of(**settings).eval()
    ws = torch.randn(1, network.layers, network.w_dim)
    base = network.synthesis(ws)
    for layer in range(network.layers):
        changed = ws.clone()
        changed[:, layer] += 1
        assert not torch.allclose(network.synthesis(changed), base), layer


def test_mixing_gives_the_finer_layers_another_style() -> None:
    network = generator_of(style_mixing=0.5)
    ws, other = torch.zeros(4000, 6, 64), torch.ones(4000, 64)
    mixed = network._mixed(ws, other)[:, :, 0]
    assert torch.equal(mixed.sort(dim=1).values, mixed), "coarse from one, the finer from the other"
    finer = mixed.sum(1)
    shares = [(finer == count).float().mean().item() for count in range(7)]
    assert shares == pytest.approx([0.5, *[0.1] * 5, 0.0], abs=0.03)
    grow(network, Stage(0))
    crossed = network._mixed(ws, other)[:, :2, 0].sum(1)
    assert crossed.mean().item() == pytest.approx(0.5, abs=0.03), "within the layers in use"


def test_the_mean_of_w_is_followed_while_training() -> None:
    network = generator_of()
    before = network.w_mean.clone()
    z = torch.randn(16, 64)
    with torch.no_grad():
        network(z)
        expected = before + 0.005 * (network.mapping(z).mean(0) - before)
    torch.testing.assert_close(network.w_mean, expected)


def test_skip_outputs_sum_the_pictures_of_all_resolutions() -> None:
    network = generator_of(skip_outputs=True, grows=False).eval()
    z = torch.randn(2, 64)
    with torch.no_grad():
        for picture in network.synthesis.to_image.values():
            picture.weight.zero_()  # type: ignore[operator]
        coarse, middle, fine = (p.bias for p in network.synthesis.to_image.values())
        coarse.fill_(0.5), middle.fill_(-0.25), fine.fill_(0.125)  # type: ignore[operator]
    torch.testing.assert_close(network(z), torch.full((2, 1, 28, 28), 0.375).tanh())


def test_features_are_as_many_as_the_head_reads() -> None:
    judge = discriminator_of()
    assert isinstance(judge.body, StyleFeatures)
    assert judge.body(torch.randn(2, 1, 28, 28)).shape == (2, judge.body.feature_count)
