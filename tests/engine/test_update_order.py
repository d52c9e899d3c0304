"""A step is the step of the tutorials, written out here the plain way: same losses, same weights.

In float64, so that nothing but the order of updates and the use of noise can make a difference:
probabilities and `BCELoss` here, logits and softplus there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from ganterm.config import RunConfig
from ganterm.engine.build import Networks, build
from ganterm.engine.step import GanStep
from tests.engine.common import configured, digits

STEPS = 6
Losses = list[tuple[float, float]]
bce = nn.BCELoss()


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def mlp(config: RunConfig) -> tuple[nn.Module, nn.Module]:
    generator = nn.Sequential(
        nn.Linear(100, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 512),
        nn.BatchNorm1d(512, eps=0.8),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 1024),
        nn.BatchNorm1d(1024, eps=0.8),
        nn.LeakyReLU(0.2),
        nn.Linear(1024, 784),
        nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )
    discriminator = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
        nn.Sigmoid(),
    )
    return generator, discriminator


def dcgan(config: RunConfig) -> tuple[nn.Module, nn.Module]:
    generator = nn.Sequential(
        nn.Linear(100, 256 * 7 * 7),
        nn.Unflatten(1, (256, 7, 7)),
        nn.ConvTranspose2d(256, 128, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.01),
        nn.ConvTranspose2d(128, 64, 3, stride=1, padding=1),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.01),
        nn.ConvTranspose2d(64, 1, 3, stride=2, padding=1, output_padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 3, stride=2, padding=1),
        nn.LeakyReLU(0.01),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.01),
        nn.Conv2d(64, 128, 3, stride=2, padding=1),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.01),
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 1),
        nn.Sigmoid(),
    )
    return generator, discriminator


def dcgan8(config: RunConfig) -> tuple[nn.Module, nn.Module]:
    generator = nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        nn.ConvTranspose2d(64, 64, 3),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 16, 4),
        nn.LeakyReLU(0.2),
        nn.Conv2d(16, 32, 3),
        nn.LeakyReLU(0.2),
        nn.Conv2d(32, 1, 3),
        nn.Flatten(),
        nn.Sigmoid(),
    )
    return generator, discriminator


def train_jointly(
    batches: list[Tensor], generator: nn.Module, discriminator: nn.Module, config: RunConfig
) -> Losses:
    """Systems 1 and 3: D on the real and the detached fake batch, then G on the same fakes."""
    optimizer_g, optimizer_d = _adams(generator, discriminator, config)
    losses = []
    for step, real in enumerate(batches):
        torch.manual_seed(step)
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        fake = generator(torch.randn(len(real), config.z_dim))

        d_loss = bce(discriminator(real), ones) + bce(discriminator(fake.detach()), zeros)
        if config.recipe == "dcgan":
            d_loss = d_loss / 2
        optimizer_d.zero_grad()
        d_loss.backward()
        optimizer_d.step()

        g_loss = bce(discriminator(fake), ones)
        optimizer_g.zero_grad()
        g_loss.backward()
        optimizer_g.step()
        losses.append((d_loss.item(), g_loss.item()))
    return losses


def train_separately(
    batches: list[Tensor], generator: nn.Module, discriminator: nn.Module, config: RunConfig
) -> Losses:
    """System 5: D on fakes alone, D on reals alone, then G on two batches of fresh noise."""
    optimizer_g, optimizer_d = _adams(generator, discriminator, config)
    losses = []
    for step, real in enumerate(batches):
        torch.manual_seed(step)
        count = len(real)
        with torch.no_grad():
            fake = generator(torch.randn(count, config.z_dim))
        d_loss = 0.0
        for images, label in ((fake, torch.zeros(count, 1)), (real, torch.ones(count, 1))):
            loss = bce(discriminator(images), label)
            optimizer_d.zero_grad()
            loss.backward()
            optimizer_d.step()
            d_loss += loss.item() / 2

        g_loss = bce(
            discriminator(generator(torch.randn(2 * count, config.z_dim))), torch.ones(2 * count, 1)
        )
        optimizer_g.zero_grad()
        g_loss.backward()
        optimizer_g.step()
        losses.append((d_loss, g_loss.item()))
    return losses


def _adams(
    generator: nn.Module, discriminator: nn.Module, config: RunConfig
) -> tuple[torch.optim.Adam, torch.optim.Adam]:
    betas, lr = {
        "mlp": ((0.9, 0.999), (1e-4, 2e-4)),
        "dcgan": ((0.5, 0.999), (2e-4, 2e-4)),
        "dcgan-8x8": ((0.9, 0.999), (1e-3, 1e-3)),
    }[config.recipe]
    return (
        torch.optim.Adam(generator.parameters(), lr=lr[0], betas=betas),
        torch.optim.Adam(discriminator.parameters(), lr=lr[1], betas=betas),
    )


def _batches(config: RunConfig) -> list[Tensor]:
    # The last one is smaller, as the last of an epoch may be.
    images = digits(config.image_size)[: STEPS * 8 - 3].double() / 127.5 - 1
    return [images[start : start + 8] for start in range(0, len(images), 8)]


Architecture = Callable[[RunConfig], tuple[nn.Module, nn.Module]]
Training = Callable[[list[Tensor], nn.Module, nn.Module, RunConfig], Losses]


@pytest.mark.parametrize(
    ("recipe", "architecture", "train"),
    [
        ("mlp", mlp, train_jointly),
        ("dcgan", dcgan, train_jointly),
        ("dcgan-8x8", dcgan8, train_separately),
    ],
)
def test_step_is_the_tutorials(recipe: str, architecture: Architecture, train: Training) -> None:
    config = configured(recipe)
    networks = build(config, torch.device("cpu"))
    generator, discriminator = architecture(config)
    _copy(networks.generator, generator)
    _copy(networks.discriminator, discriminator)
    batches = _batches(config)

    expected = train(batches, generator, discriminator, config)
    found = _train_ours(batches, networks, config)

    assert found == [pytest.approx(pair, rel=1e-9) for pair in expected]
    for ours, theirs in ((networks.generator, generator), (networks.discriminator, discriminator)):
        for mine, plain in zip(_state(ours), _state(theirs), strict=True):
            torch.testing.assert_close(mine, plain, rtol=1e-8, atol=1e-10)


def _train_ours(batches: list[Tensor], networks: Networks, config: RunConfig) -> Losses:
    rows: list[dict[str, float]] = []

    def record(names: tuple[str, ...], values: Tensor) -> None:
        rows[-1] |= dict(zip(names, values.tolist(), strict=True))

    step = GanStep(networks, config, record)
    for index, real in enumerate(batches):
        rows.append({})
        torch.manual_seed(index)
        step.run([real], first_batch=index, measure=False)
    return [(row["d_loss"], row["g_loss"]) for row in rows]


def _copy(source: nn.Module, target: nn.Module) -> None:
    with torch.no_grad():
        for mine, plain in zip(_state(source), _state(target), strict=True):
            plain.copy_(mine)


def _state(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]
