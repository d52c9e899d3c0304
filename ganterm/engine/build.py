"""Networks, their optimisers and the averaged generator, from a configuration."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import nn

from ganterm.components.networks.base import Discriminator, Generator
from ganterm.components.networks.equalised import learning_rates
from ganterm.components.networks.from_config import discriminator_from, generator_from
from ganterm.components.networks.weights import init_weights
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config import RunConfig
from ganterm.config.schedule import Schedule
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.engine.seeding import seed_default_generators

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Networks:
    """The two networks of a GAN and their optimisers, on one device."""

    generator: Generator
    discriminator: Discriminator
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer


class Ema(Generic[Network]):
    """An averaged copy of a generator whose weights have a half-life counted in images.

    Exponential moving average of Karras et al. 2018, arXiv:1710.10196.

    Early on the half-life is a twentieth of the images seen, so that the first random weights do
    not linger (the ramp-up of Karras et al. 2020), unless it has a schedule. Buffers, such as the
    running statistics of batch normalisation, are copied rather than averaged.
    """

    def __init__(self, generator: Network, kimg: float) -> None:
        self.model: Network = copy.deepcopy(generator).requires_grad_(False)
        self.half_life = kimg * 1000
        self.ramps = not isinstance(kimg, Schedule)

    def decay(self, images: int, images_seen: int) -> float:
        """Return the weight kept from the average over `images` of the `images_seen` so far."""
        half_life = self.half_life
        if self.ramps:
            half_life = min(half_life, 0.05 * images_seen)
        return float(0.5 ** (images / max(half_life, 1e-8)))

    @torch.no_grad()
    def update(self, generator: nn.Module, *, images: int, images_seen: int) -> None:
        """Move the average towards the weights after a step on the last `images` real images."""
        share = 1 - self.decay(images, images_seen)
        for average, current in zip(self.model.parameters(), generator.parameters(), strict=True):
            average.lerp_(current, share)
        for copied, buffer in zip(self.model.buffers(), generator.buffers(), strict=True):
            copied.copy_(buffer)


def build(config: RunConfig, device: torch.device, data: DataSpec | None = None) -> Networks:
    """Build both networks with weights that depend on `config.seed` alone, and their optimisers.

    `data` is what they are made for, with the classes of a conditional run.
    """
    data = config.data_spec if data is None else data
    # Made on the CPU and moved, so that every kind of device starts from the same weights.
    seed_default_generators(config.seed, "weights of the generator")
    generator = generator_from(config, data)
    init_weights(generator, config.init)
    seed_default_generators(config.seed, "weights of the discriminator")
    discriminator = discriminator_from(config, data)
    init_weights(discriminator, config.init)
    _place(generator, device)
    _place(discriminator, device)
    return Networks(
        generator,
        discriminator,
        _optimizer(generator, config.lr_g, config),
        _optimizer(discriminator, config.lr_d, config),
    )


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` takes CUDA, else MPS, else the CPU.

    Raises `ConfigError` when this machine does not have it.
    """
    has = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if has[kind])
    device = torch.device(name)
    if not has[device.type] or (
        device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()
    ):
        present = ", ".join(kind for kind, there in has.items() if there)
        raise ConfigError(f"device: {name} is not on this machine, which has {present}; use auto.")
    return device


def choose_threads(config: RunConfig) -> int:
    """Return how many CPU threads to train with: as asked, or what suits the networks.

    Threads that wait for each other at every small layer are slower than one, and far slower on a
    machine that has other work.
    """
    if config.threads:
        return config.threads
    return 1 if max(config.data_spec.size) <= 16 else torch.get_num_threads()


def synchronize(device: torch.device) -> None:
    """Wait until `device` has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _place(module: nn.Module, device: torch.device) -> None:
    # channels_last is the layout convolutions run fastest in, on CPUs and on GPUs alike.
    module.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def _optimizer(module: nn.Module, lr: float, config: RunConfig) -> torch.optim.Optimizer:
    """Return one with a group for each factor on the learning rate, which the loop applies."""
    groups = [
        {"params": parameters, "factor": factor}
        for factor, parameters in learning_rates(module).items()
    ]
    betas = config.beta1, float(config.beta2)
    device = next(module.parameters()).device
    return OPTIMIZERS.resolve(config.optimizer).make(groups, float(lr), betas, device)
