"""The residual networks are those of their papers: R3GAN's and BigGAN's."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.biggan_networks import ConditionalNorm
from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.r3gan_networks import (
    GAIN,
    Basis,
    Biased,
    R3Generator,
    Resample,
    ResidualBlock,
    widths_of,
)
from ganterm.core.dataspec import DataSpec

CIFAR = DataSpec.image(32, 3, tuple("0123456789"))


def _block(width: int) -> int:
    """Return the numbers of a block: 1x1 to twice the width, 3x3 in groups of 16, 1x1, biases."""
    inner = 2 * width
    return width * inner + inner * 16 * 9 + inner * width + 2 * inner


@pytest.mark.parametrize("classes", [0, 10])
def test_parameters_of_r3gan_are_the_papers_arithmetic(classes: int) -> None:
    """Four stages of two blocks of 768 channels: 20.78 and 21.28 million with ten classes."""
    width, z_dim = 768, 64
    with torch.device("meta"):
        generator = build_generator(
            "r3gan", GeneratorSpec(z_dim=z_dim, data=CIFAR, classes=classes)
        )
        discriminator = build_discriminator("r3gan", DiscriminatorSpec(data=CIFAR, classes=classes))
    embedded = classes * z_dim + (z_dim * width if classes else 0)
    basis = 16 * width + z_dim * width + embedded
    assert count_parameters(generator) == 8 * _block(width) + basis + 3 * width
    head = width * width + classes * width if classes else width
    assert count_parameters(discriminator) == 3 * width + 8 * _block(width) + 16 * width + head
    if classes:
        assert (count_parameters(generator), count_parameters(discriminator)) == (
            20_781_952,
            21_280_512,
        )


@pytest.mark.parametrize(
    ("stages", "width", "widths"),
    [
        (4, 1.0, [768] * 4),
        (7, 1.0, [768] * 5 + [384, 192]),
        (4, 1 / 12, [64] * 4),
        (2, 1e-9, [8, 8]),
    ],
)
def test_stages_are_whole_groups_of_channels(stages: int, width: float, widths: list[int]) -> None:
    assert widths_of(stages, width) == widths
    blocks = ResidualBlock(widths[0], blocks=8, norm="auto").layers
    grouped = blocks[2]
    assert isinstance(grouped, nn.Conv2d)
    assert grouped.groups * 16 == grouped.in_channels == 2 * widths[0]


def test_a_block_begins_as_the_identity_with_fixups_scales() -> None:
    torch.manual_seed(0)
    block = ResidualBlock(256, blocks=8, norm="auto")
    features = torch.randn(2, 256, 4, 4)
    assert torch.equal(block(features), features)
    first, grouped, last = (each for each in block.layers if isinstance(each, nn.Conv2d))
    scale = GAIN * 8 ** (-1 / 4)
    assert first.weight.std().item() == pytest.approx(scale / 256**0.5, rel=0.02)
    assert grouped.weight.std().item() == pytest.approx(scale / (16 * 9) ** 0.5, rel=0.02)
    assert not last.weight.any()
    assert all(each.bias is None for each in (first, grouped, last))
    rectified = Biased(1)(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2))
    assert rectified.flatten().tolist() == pytest.approx([-0.2, 1.0])


def test_resampling_interpolates_and_averages_by_one_two_one() -> None:
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    doubled = Resample(up=True)(ramp)
    assert doubled.shape == (1, 1, 8, 8)
    assert doubled[0, 0, 2, :7].tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]
    halved = Resample(up=False)(torch.randn(2, 3, 8, 8, generator=torch.manual_seed(0)))
    assert halved.shape == (2, 3, 4, 4)
    inside = torch.ones(1, 1, 6, 6)
    assert Resample(up=False)(inside)[0, 0, 1:, 1:].unique().tolist() == [1]


def test_the_basis_is_scaled_by_z_and_the_class() -> None:
    torch.manual_seed(0)
    generator = R3Generator(GeneratorSpec(z_dim=8, data=CIFAR, width=0.1, classes=10))
    z, labels = torch.randn(2, 8), torch.tensor([3, 5])
    assert generator.embedding is not None
    joined = torch.cat([z, generator.embedding(labels)], dim=1)
    basis = generator.layers[0]
    assert isinstance(basis, Basis)
    wanted = torch.einsum("nc,chw->nchw", basis.scale(joined), basis.basis)
    torch.testing.assert_close(basis(joined), wanted)
    torch.testing.assert_close(generator(z, labels), generator.layers(joined))


def test_the_class_is_heard_by_an_inner_product_alone() -> None:
    torch.manual_seed(0)
    spec = DiscriminatorSpec(data=CIFAR, width=0.1, classes=10)
    discriminator = build_discriminator("r3gan", spec)
    images, labels = torch.randn(3, 3, 32, 32), torch.tensor([0, 9, 9])
    assert discriminator.head is None
    assert discriminator.projection is not None
    features = discriminator.body(images)
    vectors = discriminator.projection.heads.weight[labels]
    torch.testing.assert_close(discriminator(images, labels), (features * vectors).sum(1))


def test_classes_of_r3gan_begin_with_the_variance_of_its_code() -> None:
    """Of ten classes N(0, 1/10) beside the latents, and so that 768 features make no more of it."""
    torch.manual_seed(0)
    generator = R3Generator(GeneratorSpec(z_dim=512, data=CIFAR, width=0.02, classes=10))
    assert generator.embedding is not None
    assert generator.embedding.weight.std().item() == pytest.approx(10**-0.5, rel=0.05)
    spec = DiscriminatorSpec(data=DataSpec.image(8, 3, CIFAR.classes), classes=10)
    projection = build_discriminator("r3gan", spec).projection
    assert projection is not None
    assert projection.heads.weight.std().item() == pytest.approx(0.0114, rel=0.02)


def test_conditional_norm_is_batch_norm_with_a_scale_and_a_shift_of_the_condition() -> None:
    torch.manual_seed(0)
    norm = ConditionalNorm(4, 6, normalised=True)
    features, condition = torch.randn(8, 4, 3, 3), torch.randn(8, 6)
    scale, shift = (condition @ norm.style.weight.T)[:, :, None, None].chunk(2, dim=1)
    plain = functional.batch_norm(features, None, None, training=True)
    torch.testing.assert_close(norm(features, condition), plain * (1 + scale) + shift)


def test_every_block_of_biggan_hears_the_class() -> None:
    torch.manual_seed(0)
    spec = GeneratorSpec(z_dim=8, data=CIFAR, width=0.1, classes=10)
    generator = build_generator("biggan", spec).eval()
    norms = [each for each in generator.modules() if isinstance(each, ConditionalNorm)]
    heard: list[torch.Tensor] = []
    for each in norms:
        each.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[1]))
    generator(torch.randn(1, 8).expand(2, -1), torch.tensor([0, 1]))
    assert len(heard) == 6
    assert all(not torch.equal(*condition) for condition in heard)
