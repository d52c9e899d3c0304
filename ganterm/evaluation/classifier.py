"""The classifier whose last hidden layer gives the features that scores compare."""

from __future__ import annotations

import math

import torch
from torch import nn

from ganterm.core.dataspec import ImageSize, Size
from ganterm.data.progress import ProgressCallback, silent

FEATURES = 64
"""Features of an image: few enough for a Fréchet distance of some hundred images."""
SMALLEST = 8
"""The shortest side of images that it takes."""

_WIDTH = 32
_GRID = 7
"""Most cells a side whose places the features still tell apart."""


class Classifier(nn.Module):
    """Three convolutions, a hidden layer of `FEATURES`, and a linear head to the classes."""

    def __init__(self, *, image_size: ImageSize, channels: int, classes: int) -> None:
        super().__init__()
        height, width = (min(side // 4, _GRID) for side in Size.of(image_size))
        self.body = nn.Sequential(
            *_block(channels, _WIDTH),
            nn.MaxPool2d(2),
            *_block(_WIDTH, 2 * _WIDTH),
            nn.MaxPool2d(2),
            *_block(2 * _WIDTH, 4 * _WIDTH),
            nn.AdaptiveAvgPool2d((height, width)),
            nn.Flatten(),
            nn.Linear(4 * _WIDTH * height * width, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn images (N, C, H, W) in [-1, 1] into features (N, 64) and logits (N, classes)."""
        features: torch.Tensor = self.body(images)
        return features, self.head(features)


def scaled(images: torch.Tensor) -> torch.Tensor:
    """Return uint8 images (N, C, H, W) as the classifier takes them: float32 in [-1, 1]."""
    scaled = images.to(torch.float32).div_(127.5).sub_(1)
    return scaled.contiguous(memory_format=torch.channels_last)


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


BATCH = 128
LEARNING_RATE = 3e-3
SMOOTHING = 0.05
"""Label smoothing: without it the features of what is certain grow without end."""
IMAGES = 150_000
"""Images to see in all: three passes over MNIST take about a minute on two cores."""
MOST_PASSES = 30
_SHIFT = 2
"""Pixels by which images are moved at most at 28 pixels; less where images are smaller."""


def fit_classifier(
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    classes: int,
    seed: int,
    progress: ProgressCallback = silent,
) -> Classifier:
    """Train on uint8 images (N, C, H, W) with int64 labels (N,), and return it for evaluation.

    AdamW under a one-cycle rate (Smith and Topin 2018), with small random shifts. The same seed
    gives the same weights on the same machine with as many threads. Raises ValueError for fewer
    than two images.
    """
    count, channels = images.shape[:2]
    size = Size(*images.shape[2:]).setting
    if count < 2:
        raise ValueError("a classifier takes at least two images")
    batch = min(BATCH, count)
    per_pass = count // batch
    steps = per_pass * min(max(round(IMAGES / count), 1), MOST_PASSES)
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Classifier(image_size=size, channels=channels, classes=classes)
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=max(steps, 2), pct_start=0.2
    )
    loss_of = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    order = torch.empty(0, dtype=torch.int64)
    for step in range(steps):
        position = step % per_pass
        if not position:
            order = torch.randperm(count, generator=random)
        chosen = order[position * batch : (position + 1) * batch]
        _, logits = network(_shifted(scaled(images[chosen]), random))
        optimizer.zero_grad()
        loss_of(logits, labels[chosen]).backward()
        optimizer.step()
        schedule.step()
        progress("Training the judge", (step + 1) * batch, steps * batch, "images")
    return network.eval().requires_grad_(False)


def _shifted(images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Move each image (N, C, H, W) a little; what comes in at the edge is the image's darkest."""
    count, _, height, width = images.shape
    shorter = min(height, width)
    most = math.ceil(_SHIFT * shorter / 28) if shorter >= 14 else 1
    padded = nn.functional.pad(images, (most,) * 4, value=float(images.min()))
    down, right = torch.randint(0, 2 * most + 1, (2, count, 1), generator=random)
    rows = (down + torch.arange(height))[:, :, None]
    columns = (right + torch.arange(width))[:, None, :]
    # Advanced indices around a slice put the sliced axis last: (N, H, W, C).
    moved = padded[torch.arange(count)[:, None, None], :, rows, columns]
    return moved.permute(0, 3, 1, 2)
