"""Conditional networks hear the label they are given, and only that; others are as they were."""

from __future__ import annotations

import pytest
import torch

from ganterm.components.networks import DISCRIMINATORS, GENERATORS
from ganterm.components.networks.base import count_parameters
from ganterm.components.networks.conditioning import LABEL_DIM, LABEL_PLANES
from ganterm.components.networks.facts import Conditioning, DiscriminatorSpec, GeneratorSpec
from ganterm.components.networks.from_config import build_discriminator, build_generator
from ganterm.components.networks.weights import init_weights, largest_singular_values
from ganterm.core.dataspec import DataSpec

KINDS: tuple[Conditioning, ...] = ("projection", "concat")
CLASSES = 5


def generator_spec(name: str, classes: int) -> GeneratorSpec:
    size = GENERATORS.facts(name).published_size
    return GeneratorSpec(z_dim=12, data=DataSpec.image(size, 1), width=0.1, classes=classes)


def discriminator_spec(name: str, kind: Conditioning, **options: bool) -> DiscriminatorSpec:
    return DiscriminatorSpec(
        data=DataSpec.image(DISCRIMINATORS.facts(name).published_size, 3),
        width=0.1,
        norm="none",
        classes=CLASSES,
        conditioning=kind,
        spectral_norm=options.get("spectral_norm", False),
        minibatch_discrimination=options.get("minibatch_discrimination", False),
    )


@pytest.mark.parametrize("name", GENERATORS.names)
def test_a_generator_makes_the_class_it_is_asked_for(name: str) -> None:
    torch.manual_seed(0)
    generator = build_generator(name, generator_spec(name, CLASSES)).eval()
    z = torch.randn(1, 12).expand(CLASSES, -1)
    images = generator(z, torch.arange(CLASSES))
    assert images.shape[0] == CLASSES
    # One latent vector, five labels: five images, each the same wherever it stands in the batch.
    assert all((images[i] - images[i - 1]).abs().max() > 1e-5 for i in range(CLASSES))
    again = generator(z, torch.arange(CLASSES).flip(0)).flip(0)
    assert torch.allclose(images, again, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DISCRIMINATORS.names)
def test_a_discriminator_judges_an_image_as_one_of_its_class(name: str, kind: Conditioning) -> None:
    torch.manual_seed(0)
    spec = discriminator_spec(name, kind)
    discriminator = build_discriminator(name, spec).eval()
    image = torch.randn(1, *spec.data.tensor_shape).expand(CLASSES, -1, -1, -1)
    logits = discriminator(image, torch.arange(CLASSES))
    assert logits.shape == (CLASSES,)
    assert len(set(logits.tolist())) == CLASSES
    flipped = discriminator(image, torch.arange(CLASSES).flip(0)).flip(0)
    assert torch.allclose(logits, flipped, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_without_labels_a_conditional_network_refuses(kind: Conditioning) -> None:
    generator = build_generator("mlp", generator_spec("mlp", CLASSES))
    discriminator = build_discriminator("mlp", discriminator_spec("mlp", kind))
    with pytest.raises(ValueError, match="needs labels"):
        generator(torch.randn(2, 12))
    with pytest.raises(ValueError, match="needs labels"):
        discriminator(torch.randn(2, 3, 28, 28))


@pytest.mark.parametrize("name", GENERATORS.names)
def test_a_standing_class_is_what_is_made_without_labels(name: str) -> None:
    torch.manual_seed(0)
    generator = build_generator(name, generator_spec(name, CLASSES)).eval()
    z = torch.randn(2, 12)
    generator.default_class = 3
    torch.testing.assert_close(generator(z), generator(z, torch.tensor([3, 3])))
    assert not torch.equal(generator(z), generator(z, torch.tensor([1, 1])))


def test_an_unconditional_network_has_nothing_more_and_leaves_labels_aside() -> None:
    generator = build_generator("mlp", generator_spec("mlp", 0)).eval()
    conditional = build_generator("mlp", generator_spec("mlp", CLASSES))
    assert not any("join" in name for name in generator.state_dict())
    z = torch.randn(2, 12)
    torch.testing.assert_close(generator(z), generator(z, torch.tensor([0, 1])))
    # The label is as long as z, which is shorter than 32, and a layer of 26 units reads both.
    extra = count_parameters(conditional) - count_parameters(generator)
    assert extra == 12 * CLASSES + 12 * 26
    assert min(12, LABEL_DIM) == 12


def test_projection_adds_the_inner_product_of_class_and_features() -> None:
    """Miyato & Koyama 2018: the logit is head(φ(x)) + <v_y, φ(x)>."""
    torch.manual_seed(0)
    discriminator = build_discriminator("dcgan-64", discriminator_spec("dcgan-64", "projection"))
    images, labels = torch.randn(4, 3, 64, 64), torch.tensor([4, 0, 0, 2])
    features = discriminator.body(images)
    head, projection = discriminator.head, discriminator.projection
    assert head is not None
    assert projection is not None
    inner = (projection.heads.weight[labels] * features.flatten(1)).sum(1)
    expected = head(features).flatten() + inner
    assert torch.allclose(discriminator(images, labels), expected, atol=1e-5)


def test_concatenation_stands_beside_every_pixel() -> None:
    discriminator = build_discriminator("dcgan", discriminator_spec("dcgan", "concat"))
    planes = discriminator.planes
    assert planes is not None
    joined = planes(torch.zeros(2, 3, 28, 28), torch.tensor([1, 3]))
    assert joined.shape == (2, 3 + LABEL_PLANES, 28, 28)
    expected = planes.embedding.weight[[1, 3]][:, :, None, None].expand(-1, -1, 28, 28)
    assert torch.equal(joined[:, 3:], expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("init", ["default", "normal"])
def test_spectral_normalisation_reaches_the_labels(kind: Conditioning, init: str) -> None:
    torch.manual_seed(0)
    spec = discriminator_spec("sngan", kind, spectral_norm=True, minibatch_discrimination=True)
    discriminator = init_weights(build_discriminator("sngan", spec), init)
    values = largest_singular_values(discriminator)
    name = {"projection": "projection.heads", "concat": "planes.embedding"}[kind]
    assert values[name] == pytest.approx(1, abs=0.05)


def test_labels_begin_as_latents_do_whatever_the_weights_begin_as() -> None:
    """N(0, 0.02²) beside latents of N(0, 1) would leave the label unheard."""
    torch.manual_seed(0)
    spec = GeneratorSpec(z_dim=64, data=DataSpec.image(28, 1), width=0.1, classes=100)
    generator = init_weights(build_generator("dcgan", spec), "normal")
    embedding = dict(generator.named_parameters())["join.embedding.weight"]
    assert embedding.std().item() == pytest.approx(1, abs=0.05)
