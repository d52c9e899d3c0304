"""Images from latent vectors, and how samples are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ganterm.components.networks.base import Generator
from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.data import load
from ganterm.inference.space import draw
from ganterm.render.scatter import scatter

CHUNK = 256
"""Images generated at once: enough to be quick, few enough for a small machine."""
POINTS = 512
"""Points of each kind in a scatter."""


def latents(count: int, z_dim: int, *, seed: int) -> torch.Tensor:
    """Return latent vectors (count, z_dim) ~ N(0, 1) on the CPU; a seed gives the same for ever."""
    return torch.randn(count, z_dim, generator=torch.Generator().manual_seed(seed))


def latent_of(seed: int, z_dim: int) -> torch.Tensor:
    """Return one latent vector (z_dim,): that of the first image `ganterm sample` draws.

    Of its usual 16, because PyTorch draws the last numbers of a tensor in another way.
    """
    return latents(16, z_dim, seed=seed)[0]


def labels_in_turn(count: int, classes: int) -> torch.Tensor | None:
    """Return labels (count,) that take the classes in turn: 0, 1, 2, …; None without classes."""
    return torch.arange(count) % classes if classes else None


@torch.no_grad()
def generate(
    generator: Generator, z: torch.Tensor, labels: torch.Tensor | None = None
) -> torch.Tensor:
    """Return uint8 images (N, C, H, W) on the CPU, contiguous, for points (N, ...) of `space`.

    Where the generator makes points they are float32 (N, D).

    A conditional generator makes each of the class in `labels` (N,), or without them of its
    default class; where it has none, its classes come in turn. The generator runs in evaluation
    mode on its own device and is left as it was.
    """
    device = next(generator.parameters()).device
    is_points = generator.data.is_points
    finished = _coordinates if is_points else to_uint8
    training = generator.training
    if labels is None and generator.default_class is None:
        labels = labels_in_turn(len(z), generator.classes)
    generator.eval()
    try:
        chunks = [
            finished(draw(generator, part.to(device), _moved(wanted, device))).cpu()
            for part, wanted in _in_chunks(z, labels, len(z) if is_points else CHUNK)
        ]
    finally:
        generator.train(training)
    return torch.cat(chunks)


def _moved(labels: torch.Tensor | None, device: torch.device) -> torch.Tensor | None:
    return None if labels is None else labels.to(device)


def _in_chunks(
    z: torch.Tensor, labels: torch.Tensor | None, size: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
    for begin in range(0, len(z), size):
        part = slice(begin, begin + size)
        yield z[part], None if labels is None else labels[part]


def _coordinates(points: torch.Tensor) -> torch.Tensor:
    return points.flatten(1).float()


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    """Map images from [-1, 1] to 0..255, uint8; what lies outside is clamped.

    They come row by row, as files and other programs take them, whatever layout the networks
    computed in.
    """
    scaled = images.float().add(1).mul(127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8, memory_format=torch.contiguous_format)


def points_beside(config: RunConfig) -> torch.Tensor | None:
    """Return real points (N, D) to show generated ones over; None where the data are images."""
    if not config.data_spec.is_points:
        return None
    return load(config.dataset, split=config.split).images[:POINTS].flatten(1)


def pictures_of(
    samples: torch.Tensor, data: DataSpec, beside: torch.Tensor | None = None
) -> torch.Tensor:
    """Return what `generate` gives as uint8 pictures (M, C, H, W) on the CPU.

    An image is its own picture; points (N, D) are drawn into one, over the real ones `beside`
    (N, D). Of more than two coordinates the first two are drawn.
    """
    if not data.is_points:
        return samples
    real = [] if beside is None else beside[:, :2].tolist()
    drawn = scatter(real, samples[:, :2].tolist())
    pixels = torch.frombuffer(bytearray(drawn.pixels), dtype=torch.uint8)
    return pixels.reshape(1, drawn.height, drawn.width, 3).permute(0, 3, 1, 2).contiguous()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one core within.

    A few small images hardly gain by a second core, while threads that wait for one another at
    every layer wait for whatever else runs on their cores: beside a training run a frame of 28x28
    took 160 ms with two threads and 2 ms with one. It also makes results the same on machines with
    other numbers of cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
