"""The classifier whose last hidden layer gives the features that scores compare."""

from __future__ import annotations

import torch
from torch import nn

FEATURES = 64
"""Features of an image: few enough for a Fréchet distance of some hundred images."""
SMALLEST = 8
"""Side of the smallest images it takes."""

_WIDTH = 32
_GRID = 7
"""Most cells a side whose places the features still tell apart."""


class Classifier(nn.Module):
    """Three convolutions, a hidden layer of `FEATURES`, and a linear head to the classes."""

    def __init__(self, *, image_size: int, channels: int, classes: int) -> None:
        super().__init__()
        grid = min(image_size // 4, _GRID)
        self.body = nn.Sequential(
            *_block(channels, _WIDTH),
            nn.MaxPool2d(2),
            *_block(_WIDTH, 2 * _WIDTH),
            nn.MaxPool2d(2),
            *_block(2 * _WIDTH, 4 * _WIDTH),
            nn.AdaptiveAvgPool2d(grid),
            nn.Flatten(),
            nn.Linear(4 * _WIDTH * grid * grid, FEATURES, bias=False),
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
