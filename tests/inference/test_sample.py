"""The same latent vectors give the same images, and drawing leaves a generator as it was."""

import contextlib

import pytest
import torch

from ganterm.components.networks.base import Generator
from ganterm.config import resolve
from ganterm.engine.build import build
from ganterm.inference.sample import (
    CHUNK,
    generate,
    labels_in_turn,
    latent_of,
    latents,
    one_thread,
    to_uint8,
)
from tests.close import assert_same_images


@pytest.fixture(scope="module")
def generator() -> Generator:
    """Give a generator with batch normalisation."""
    config = resolve({"recipe": "mlp-small", "dataset": "digits", "width": 0.125}).config
    return build(config, torch.device("cpu")).generator


def test_a_seed_gives_the_same_latents() -> None:
    """Whatever else draws random numbers; another seed gives others."""
    first = latents(5, 100, seed=3)
    torch.randn(17)
    assert torch.equal(first, latents(5, 100, seed=3))
    assert not torch.equal(first, latents(5, 100, seed=4))
    assert first.shape == (5, 100)


def test_latents_are_the_ones_they_have_always_been() -> None:
    """A seed written down years ago still gives its images."""
    expected = torch.tensor([1.5409961, -0.2934289, -2.1787894, 0.5684313])
    assert torch.allclose(latents(1, 4, seed=0)[0], expected)


def test_images_come_as_bytes(generator: Generator) -> None:
    """uint8 (N, C, H, W) on the CPU, the same every time."""
    z = latents(5, 100, seed=1)
    images = generate(generator, z)
    assert (images.dtype, images.shape) == (torch.uint8, (5, 1, 28, 28))
    assert torch.equal(images, generate(generator, z))


@pytest.mark.parametrize("recipe", ["dcgan-8x8", "stylegan-8x8"])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_come_row_by_row(recipe: str, channels: int) -> None:
    """Whatever layout the networks compute in: files and other programs take them as they are."""
    config = resolve({"recipe": recipe, "channels": channels, "width": 0.25}).config
    network = build(config, torch.device("cpu")).generator
    z = latents(CHUNK + 3, config.z_dim, seed=1)
    images = generate(network, z)
    assert images.is_contiguous()
    drawn = network(z[:2])
    assert drawn.is_contiguous(memory_format=torch.channels_last)
    assert to_uint8(drawn).is_contiguous()


def test_chunks_make_no_difference(generator: Generator) -> None:
    """In evaluation mode an image does not depend on those beside it."""
    z = latents(CHUNK + 3, 100, seed=1)
    images = generate(generator, z)
    assert images.shape[0] == CHUNK + 3
    assert_same_images(images[-3:], generate(generator, z[-3:]))


@pytest.mark.parametrize("training", [True, False])
def test_a_generator_is_left_as_it_was(generator: Generator, training: bool) -> None:
    """Mode, running statistics and gradients; drawing in the middle of training changes nothing."""
    generator.train(training)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    random_state = torch.get_rng_state()
    generate(generator, latents(4, 100, seed=1))
    assert generator.training is training
    assert torch.equal(torch.get_rng_state(), random_state)
    for name, value in generator.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(parameter.grad is None for parameter in generator.parameters())


def test_a_broken_generator_gets_its_mode_back(generator: Generator) -> None:
    """An error on the way is no excuse."""
    generator.train()
    with pytest.raises(RuntimeError):
        generate(generator, torch.zeros(2, 99))
    assert generator.training


def test_pixels_are_rounded_and_clamped() -> None:
    """-1 is black, 1 is white, and what lies outside is no other colour."""
    values = torch.tensor([-1.0, 1.0, 0.0, -3.0, 1.001, 127 / 127.5 - 1])
    assert to_uint8(values).tolist() == [0, 255, 128, 0, 255, 127]


def test_a_seed_names_one_latent() -> None:
    """The first that is drawn of the usual sixteen."""
    assert torch.equal(latent_of(3, 100), latents(16, 100, seed=3)[0])


def test_a_conditional_generator_makes_the_classes_it_is_asked_for() -> None:
    """Each image of its own label, across chunks; without labels the classes come in turn."""
    config = resolve({"recipe": "dcgan-8x8", "conditional": "projection"}).config
    generator = build(config, torch.device("cpu"), config.data_spec.with_classes("abc")).generator
    z = latents(1, 64, seed=1).repeat(CHUNK + 2, 1)
    labels = torch.zeros(CHUNK + 2, dtype=torch.long)
    labels[-1] = 2
    images = generate(generator, z, labels)
    assert_same_images(images[:-1], images[:1].expand_as(images[:-1]))
    assert not torch.equal(images[-1], images[0])
    turn = generate(generator, z)
    assert torch.equal(turn, generate(generator, z, torch.arange(CHUNK + 2) % 3))
    assert_same_images(turn[2], images[-1])
    assert labels_in_turn(4, 0) is None
    generator.default_class = 2
    assert_same_images(generate(generator, z), images[-1:].expand_as(images))
    assert torch.equal(generate(generator, z, labels), images)


def test_there_is_one_thread_within_and_as_many_as_before_afterwards() -> None:
    """Also when something goes wrong within."""
    before, within = torch.get_num_threads(), 0
    torch.set_num_threads(3)
    try:
        with contextlib.suppress(KeyError), one_thread():
            within = torch.get_num_threads()
            raise KeyError
        assert (within, torch.get_num_threads()) == (1, 3)
    finally:
        torch.set_num_threads(before)
