import msgspec
import pytest
import torch

from ganterm.benchmarks.pace import config_of
from ganterm.benchmarks.throughput import TorchvisionImages, TutorialLoop, check_comparable
from ganterm.core.errors import ConfigError
from ganterm.engine.loop import Trainer
from ganterm.engine.seeding import seed_default_generators

CPU = torch.device("cpu")
COMPARABLE = ["mlp", "mlp-small", "dcgan", "dcgan-resize", "dcgan-8x8", "dcgan-upsample", "sngan"]


def noise(count: int, side: int, channels: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (count, channels, side, side)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("recipe", COMPARABLE)
def test_the_tutorial_loop_does_the_arithmetic_of_ours(recipe: str) -> None:
    """Given the same weights, batches and noise, both loops report the same losses.

    Within 3e-4 in the first step and 1e-2 in the third: memory formats round differently, and Adam
    makes much of small differences. Another order of updates, reduction or batch is off by more.
    """
    config = msgspec.structs.replace(config_of(recipe, "cpu"), batch_size=8, log_every=1)
    images = noise(24, config.data_spec.size.height)
    trainer = Trainer(msgspec.structs.replace(config, steps=100, epochs=0), images, CPU)
    tutorial = TutorialLoop(config, images, CPU)
    tutorial.generator.load_state_dict(trainer.networks.generator.state_dict())
    tutorial.discriminator[0].load_state_dict(trainer.networks.discriminator.state_dict())
    for step, tolerance in enumerate((3e-4, 1e-2, 1e-2)):
        real = trainer.batches[step]
        seed_default_generators(config.seed, "noise of a step", step)
        theirs = tutorial.step(real)
        trainer.advance()
        values = next(iter(trainer.flush())).values
        assert theirs == pytest.approx((values["d_loss"], values["g_loss"]), rel=tolerance)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_scaled_as_our_batches_are(channels: int) -> None:
    """PIL, ToTensor and Normalize give float32 (C, H, W) in [-1, 1], pixel for pixel ours."""
    images = noise(3, 8, channels)
    pictures = TorchvisionImages(images)
    assert len(pictures) == 3
    ours = images.float() / 127.5 - 1
    torch.testing.assert_close(torch.stack([pictures[i] for i in range(3)]), ours)


def test_a_turn_goes_through_the_data_and_begins_them_anew() -> None:
    """Every image of an epoch is seen once, a smaller last batch included, then the next begins."""
    config = msgspec.structs.replace(config_of("dcgan-8x8", "cpu"), batch_size=4)
    loop = TutorialLoop(config, noise(6, 8), CPU)
    paces = [loop.train(0) for _ in range(3)]
    assert [pace.images for pace in paces] == [4, 2, 4]
    assert all(pace.steps == 1 for pace in paces)


def test_both_loops_drop_a_last_batch_of_one_image() -> None:
    """A single image has no batch statistics, in the tutorial loop as in ours."""
    config = msgspec.structs.replace(config_of("dcgan-8x8", "cpu"), batch_size=4)
    images = noise(5, 8)
    assert len(TutorialLoop(config, images, CPU).loader) == 1
    assert Trainer(config, images, CPU).batches.per_epoch == 1


@pytest.mark.parametrize("recipe", COMPARABLE)
def test_recipes_of_plain_cross_entropy_are_comparable(recipe: str) -> None:
    """Every recipe that a tutorial loop can train may be raced."""
    check_comparable(config_of(recipe, "cpu"))


def test_what_a_tutorial_loop_lacks_is_refused() -> None:
    """A recipe with more critic steps, another loss or a penalty is refused with the way out."""
    with pytest.raises(ConfigError, match="no d_steps = 5; choose a recipe"):
        check_comparable(config_of("wgan-gp", "cpu"))
    config = msgspec.structs.replace(config_of("dcgan", "cpu"), ema_kimg=1.0)
    with pytest.raises(ConfigError, match="no ema_kimg"):
        check_comparable(config)
    config = msgspec.structs.replace(config_of("dcgan", "cpu"), discriminator="stylegan")
    with pytest.raises(ConfigError, match="no discriminator = stylegan"):
        check_comparable(config)
    config = msgspec.structs.replace(config_of("dcgan", "cpu"), lr_schedule="cosine")
    with pytest.raises(ConfigError, match="no lr_schedule = cosine"):
        check_comparable(config)
    config = msgspec.structs.replace(config_of("dcgan", "cpu"), conditional="projection")
    with pytest.raises(ConfigError, match="no conditional = projection"):
        check_comparable(config)


def test_weights_begin_as_the_recipe_says() -> None:
    """The loop starts where ours does, or it would come to another quality."""
    config = msgspec.structs.replace(config_of("dcgan", "cpu"), init="normal")
    loop = TutorialLoop(config, noise(2, 28), CPU)
    for network in (loop.generator, loop.discriminator):
        weights = [p for p in network.parameters() if p.dim() == 4 and p.numel() > 10_000]
        assert len(weights) == 2
        assert [w.std().item() for w in weights] == pytest.approx([0.02, 0.02], rel=0.02)
