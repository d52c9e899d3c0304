"""The plain tutorial loop that others are compared with, written as tutorials write it.

A DataLoader over single images that become PIL images and tensors one by one, a sigmoid and
binary cross-entropy, Adam as it comes, and both losses fetched at each step. Networks, batch,
order of updates and number format are the recipe's own, and images come ready in memory at the
right size, so the difference to ganterm's loop is the loop alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from ganterm.bench.pace import Pace
from ganterm.config import RunConfig
from ganterm.errors import ConfigError
from ganterm.networks import init_weights
from ganterm.networks.from_config import discriminator_from, generator_from
from ganterm.training.build import synchronize


class Pictures(Dataset[torch.Tensor]):
    """Images as torchvision's datasets give them, float32 (C, H, W) in [-1, 1], one by one."""

    def __init__(self, images: torch.Tensor) -> None:
        """Hold uint8 images (N, C, H, W)."""
        # Rows of pixels with the channels last, as PIL has them; grey images have no such axis.
        self.images = images.permute(0, 2, 3, 1).squeeze(3).contiguous()
        self.transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
        )

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
        self.generator = init_weights(generator_from(config), config.init).to(device)
        discriminator = init_weights(discriminator_from(config), config.init)
        self.discriminator = nn.Sequential(discriminator, nn.Sigmoid()).to(device)
        betas = (config.beta1, config.beta2)
        self.optimizer_g = torch.optim.Adam(
            self.generator.parameters(), lr=config.lr_g, betas=betas
        )
        self.optimizer_d = torch.optim.Adam(
            self.discriminator.parameters(), lr=config.lr_d, betas=betas
        )
        self.criterion = nn.BCELoss()
        self.loader = DataLoader(
            Pictures(images),
            batch_size=config.batch_size,
            shuffle=True,
            # Batch normalisation cannot train on a last batch of one image.
            drop_last=config.drop_last or len(images) % config.batch_size == 1,
        )
        self._batches = self._endless()

    def train(self, seconds: float) -> Pace:
        """Train for `seconds`, one step at least."""
        steps = images = 0
        began = time.perf_counter()
        while steps == 0 or time.perf_counter() - began < seconds:
            real = next(self._batches)
            self.step(real)
            steps += 1
            images += len(real)
        synchronize(self.device)
        return Pace(steps, images, time.perf_counter() - began)

    def step(self, real: torch.Tensor) -> tuple[float, float]:
        """Train both networks on real images (N, C, H, W); return D's and G's loss."""
        config, count = self.config, len(real)
        real = real.to(self.device)
        real_labels = torch.full((count,), config.real_label, device=self.device)
        fake_labels = torch.full((count,), config.fake_label, device=self.device)
        fakes = self._generate(count)

        if config.d_update == "joint":
            self.optimizer_d.zero_grad()
            real_loss = self.criterion(self.discriminator(real), real_labels)
            fake_loss = self.criterion(self.discriminator(fakes.detach()), fake_labels)
            d_loss = real_loss + fake_loss
            if config.d_reduction == "mean":
                d_loss = d_loss / 2
            d_loss.backward()
            self.optimizer_d.step()
        else:
            self.optimizer_d.zero_grad()
            fake_loss = self.criterion(self.discriminator(fakes.detach()), fake_labels)
            fake_loss.backward()
            self.optimizer_d.step()
            self.optimizer_d.zero_grad()
            real_loss = self.criterion(self.discriminator(real), real_labels)
            real_loss.backward()
            self.optimizer_d.step()
            d_loss = real_loss + fake_loss
            if config.d_reduction == "mean":
                d_loss = d_loss / 2

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

    def _endless(self) -> Iterator[torch.Tensor]:
        while True:
            yield from self.loader


def check_comparable(config: RunConfig) -> None:
    """Raise `ConfigError` unless the tutorial loop does what `config` asks for.

    It knows binary cross-entropy and one discriminator step for each of the generator's.
    """
    beyond = {
        "d_steps": config.d_steps != 1,
        "loss": config.loss != "non-saturating",
        "penalty": config.penalty != "none",
        "augment": config.augment != "none",
        "ema_kimg": config.ema_kimg > 0,
        "lr_schedule": config.lr_schedule != "constant",
        "conditional": config.conditional != "none",
        "generator": config.generator == "stylegan",  # its layers learn at rates of their own
        "discriminator": config.discriminator == "stylegan",
        "precision": config.precision != "float32",
    }
    for field, asked in beyond.items():
        if asked:
            raise ConfigError(
                f"The plain tutorial loop has no {field} = {getattr(config, field)}; "
                "choose a recipe that trains with cross-entropy alone, such as mlp or dcgan."
            )
