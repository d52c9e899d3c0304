"""Images per second of ganterm's loop against the plain tutorial loop, and of its generators.

The tutorial loop is written as tutorials write it: a DataLoader over single images that become PIL
images and tensors one by one, a sigmoid and binary cross-entropy, Adam as it comes, and both
losses fetched at each step. Networks, batch, order of updates and number format are the recipe's
own, and images come ready in memory at the right size, so the difference is the loop alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from itertools import chain, repeat

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from ganterm.benchmarks.pace import (
    TrainerLoop,
    Turn,
    Workload,
    by_recipe,
    config_of,
    race,
    take_turns,
)
from ganterm.benchmarks.result import ResultColumn, Row, Spread, Value
from ganterm.benchmarks.suite import ROUNDS, BenchSettings
from ganterm.components.networks import DISCRIMINATORS, GENERATORS
from ganterm.components.networks.base import Generator
from ganterm.components.networks.from_config import discriminator_from, generator_from
from ganterm.components.networks.weights import init_weights
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.data import ProgressCallback
from ganterm.engine.build import choose_device, synchronize
from ganterm.inference.sample import generate, latents

IMAGES = 1000
"""So many are generated at a time, and that so many times:"""
TIMES = 10

_COLUMNS = (
    ResultColumn("recipe", "RECIPE"),
    ResultColumn("batch_size", "BATCH", "count"),
    ResultColumn("tutorial_images_per_s", "TUTORIAL, images/s", "rate"),
    ResultColumn("float32_images_per_s", "float32, images/s", "rate"),
    ResultColumn("float32_ratio", "RATIO", "ratio"),
    ResultColumn("bfloat16_images_per_s", "bfloat16, images/s", "rate"),
    ResultColumn("bfloat16_ratio", "RATIO", "ratio"),
    ResultColumn("sampled_images_per_s", "SAMPLED, images/s", "rate"),
)
_KNOWN = {
    "d_steps": 1,
    "loss": "non-saturating",
    "penalty": "none",
    "augment": "none",
    "lr_schedule": "constant",
    "conditional": "none",
    "precision": "float32",
    "ema_kimg": 0.0,
}
"""What of the settings the loop does; with any other value it cannot be compared."""


class TorchvisionImages(Dataset[torch.Tensor]):
    """Uint8 images (N, C, H, W) as torchvision's datasets give them: float32 in [-1, 1], singly."""

    def __init__(self, images: torch.Tensor) -> None:
        # Rows of pixels with the channels last, as PIL has them; grey images have no such axis.
        self.images = images.permute(0, 2, 3, 1).squeeze(3).contiguous()
        steps = [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
        self.transform = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = Image.fromarray(self.images[index].numpy())
        image: torch.Tensor = self.transform(picture)
        return image


class TutorialLoop:
    """Trains a recipe the plain way; see `check_comparable` for which ones."""

    def __init__(self, config: RunConfig, images: torch.Tensor, device: torch.device) -> None:
        """Train on `images`, uint8 (N, C, H, W)."""
        check_comparable(config)
        torch.manual_seed(config.seed)
        self.config = config
        self.device = device
        data = config.data_spec
        self.generator = init_weights(generator_from(config, data), config.init).to(device)
        discriminator = init_weights(discriminator_from(config, data), config.init)
        self.discriminator = nn.Sequential(discriminator, nn.Sigmoid()).to(device)
        adam = partial(torch.optim.Adam, betas=(config.beta1, config.beta2))
        self.optimizer_g = adam(self.generator.parameters(), lr=config.lr_g)
        self.optimizer_d = adam(self.discriminator.parameters(), lr=config.lr_d)
        self.criterion = nn.BCELoss()
        self.loader = DataLoader(
            TorchvisionImages(images),
            batch_size=config.batch_size,
            shuffle=True,
            # Batch normalisation cannot train on a last batch of one image.
            drop_last=config.drop_last or len(images) % config.batch_size == 1,
        )
        self._batches = chain.from_iterable(repeat(self.loader))

    def train(self, seconds: float) -> Turn:
        """Train for `seconds`, one step at least."""
        steps = images = 0
        began = time.perf_counter()
        while steps == 0 or time.perf_counter() - began < seconds:
            real = next(self._batches)
            self.step(real)
            steps += 1
            images += len(real)
        synchronize(self.device)
        return Turn(steps, images, time.perf_counter() - began)

    def step(self, real: torch.Tensor) -> tuple[float, float]:
        """Train both networks on real images (N, C, H, W); return D's and G's loss."""
        config, count = self.config, len(real)
        real = real.to(self.device)
        real_labels = torch.full((count,), config.real_label, device=self.device)
        fake_labels = torch.full((count,), config.fake_label, device=self.device)
        fakes = self._generate(count)

        self.optimizer_d.zero_grad()
        if config.d_update == "joint":
            real_loss = self.criterion(self.discriminator(real), real_labels)
            fake_loss = self.criterion(self.discriminator(fakes.detach()), fake_labels)
        else:
            fake_loss = self.criterion(self.discriminator(fakes.detach()), fake_labels)
            fake_loss.backward()
            self.optimizer_d.step()
            self.optimizer_d.zero_grad()
            real_loss = self.criterion(self.discriminator(real), real_labels)
        d_loss = real_loss + fake_loss
        if config.d_reduction == "mean":
            d_loss = d_loss / 2
        (d_loss if config.d_update == "joint" else real_loss).backward()
        self.optimizer_d.step()

        if not config.reuse_fakes:
            fakes = self._generate(count * config.g_batch)
        self.optimizer_g.zero_grad()
        wanted = torch.ones(len(fakes), device=self.device)
        g_loss = self.criterion(self.discriminator(fakes), wanted)
        g_loss.backward()
        self.optimizer_g.step()
        return d_loss.item(), g_loss.item()

    def _generate(self, count: int) -> torch.Tensor:
        z = torch.randn(count, self.config.z_dim, device=self.device)
        images: torch.Tensor = self.generator(z)
        return images


def check_recipes(settings: BenchSettings) -> None:
    """Raise `ConfigError` for a recipe of the settings that the tutorial loop cannot train."""
    for recipe in settings.recipes:
        check_comparable(config_of(recipe, settings.device))


def check_comparable(config: RunConfig) -> None:
    """Raise `ConfigError` unless the tutorial loop does what `config` asks for.

    It knows binary cross-entropy and one discriminator step for each of the generator's, and its
    layers all learn at one rate.
    """
    beyond = {name: has for name, is_ in _KNOWN.items() if (has := getattr(config, name)) != is_}
    if GENERATORS.facts(config.generator).equalised:
        beyond["generator"] = config.generator
    if DISCRIMINATORS.facts(config.discriminator).equalised:
        beyond["discriminator"] = config.discriminator
    for field, value in beyond.items():
        raise ConfigError(
            f"The plain tutorial loop has no {field} = {value}; "
            "choose a recipe that trains with cross-entropy alone, such as mlp or dcgan."
        )


@by_recipe(
    "Throughput",
    _COLUMNS,
    "The same networks, images, batch and order of updates in a plain tutorial loop (DataLoader, "
    "ToTensor and Normalize for each image, BCELoss after a sigmoid, Adam as it comes, both losses "
    "fetched at each step) and in ganterm's, in float32 and with bfloat16 autocast. They take "
    f"turns for {ROUNDS} rounds of {{turn}} s after a turn of warming up; medians, with the lowest "
    "and the highest round. A ratio is within one round. Sampled are "
    f"{IMAGES:,} images, from latent vectors to bytes of pixels, {TIMES} times.",
)
def throughput(
    workload: Workload, settings: BenchSettings, progress: ProgressCallback
) -> Iterator[Row]:
    """Race the tutorial loop, float32 and bfloat16, and generate."""
    device = choose_device(settings.device)
    contestants = {"tutorial": TutorialLoop(workload.config, workload.images.images, device).train}
    for precision in ("float32", "bfloat16"):
        loop = TrainerLoop(workload, device, precision=precision)
        contestants[precision] = loop.train
    paces = race(contestants, settings.turn, workload.name, progress)
    plain, *ours = ([pace.images_per_s for pace in turns] for turns in paces.values())
    row: list[Value] = [workload.name, workload.config.batch_size, Spread.of(plain)]
    for rates in ours:
        row += [Spread.of(rates), Spread.of_ratios(rates, plain)]
    sample = {"samples": partial(sampling_rate, loop.trainer.networks.generator)}
    sampled = take_turns(sample, TIMES, what=f"samples of {workload.name}", progress=progress)
    yield [*row, Spread.of(sampled["samples"])]


def sampling_rate(generator: Generator) -> float:
    """Return how many images a second a generator makes."""
    synchronize(next(generator.parameters()).device)
    began = time.perf_counter()
    # The bytes come to the CPU, so that the device is through when it returns.
    generate(generator, latents(IMAGES, generator.z_dim, seed=0))
    return IMAGES / (time.perf_counter() - began)
