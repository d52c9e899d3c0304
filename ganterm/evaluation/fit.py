"""Training the classifier: a few passes over labelled images, the same for the same seed."""

from __future__ import annotations

import math

import torch
from torch import nn

from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.classifier import Classifier, scaled

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
    count, channels, size, _ = images.shape
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
    count, _, size, _ = images.shape
    most = math.ceil(_SHIFT * size / 28) if size >= 14 else 1
    padded = nn.functional.pad(images, (most,) * 4, value=float(images.min()))
    down, right = torch.randint(0, 2 * most + 1, (2, count, 1), generator=random)
    line = torch.arange(size)
    rows, columns = (down + line)[:, :, None], (right + line)[:, None, :]
    # Advanced indices around a slice put the sliced axis last: (N, H, W, C).
    moved = padded[torch.arange(count)[:, None, None], :, rows, columns]
    return moved.permute(0, 3, 1, 2)
