"""Progressive growing: networks that begin small and fade larger blocks in (Karras et al. 2018).

Progressive Growing of GANs, arXiv:1710.10196. The lowest resolution has level 0 and each further
one doubles the side.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganterm.components.networks.facts import seed_of
from ganterm.core.dataspec import Size


def sizes_of(size: Size) -> tuple[Size, ...]:
    """Return the sizes from the lowest resolution up: 7x7, 14x14, 28x28."""
    (height, width), doublings = seed_of(size)
    return tuple(Size(height << level, width << level) for level in range(doublings + 1))


@dataclass(frozen=True)
class Stage:
    """Where a growing network stands."""

    level: int
    """The resolution its images have."""
    alpha: float = 1.0
    """Share of that level's blocks: 0 is the level below alone, 1 is settled."""


@dataclass(frozen=True)
class Growth:
    """A schedule: `grow` images at every level, and `fade` images in which the next comes in."""

    levels: int
    """How many resolutions there are."""
    grow: int
    fade: int

    @property
    def images(self) -> int:
        """Real images after which the networks have their full size."""
        return (self.levels - 1) * (self.grow + self.fade)

    def stage(self, images_seen: int) -> Stage:
        """Return the stage after so many real images; it depends on nothing else."""
        settled, into = divmod(images_seen, self.grow + self.fade)
        if settled >= self.levels - 1:
            return Stage(self.levels - 1)
        if into < self.grow:
            return Stage(settled)
        return Stage(settled + 1, (into - self.grow) / self.fade)

    def reached(self, stage: Stage) -> int:
        """Return the real images after which the networks come to `stage`."""
        if stage.alpha == 1:
            return stage.level * (self.grow + self.fade)
        return stage.level * (self.grow + self.fade) - round((1 - stage.alpha) * self.fade)

    def shrunk(self, images: Tensor, images_seen: int) -> Tensor:
        """Return full-size real images (N, C, H, W) as the networks see them by then.

        While a resolution fades in they are blended with themselves at half of it, so that real
        images have no more detail than generated ones.
        """
        stage = self.stage(images_seen)
        factor = 2 ** (self.levels - 1 - stage.level)
        if factor > 1:
            images = functional.avg_pool2d(images, factor)
        if stage.alpha < 1:
            images = torch.lerp(enlarged(halved(images)), images, stage.alpha)
        return images


class Growing(nn.Module):
    """A part of a network that has blocks for every size of `sizes`; fresh, it is fully grown."""

    def __init__(self, sizes: tuple[Size, ...]) -> None:
        super().__init__()
        self.sizes = sizes
        self.stage = Stage(len(sizes) - 1)

    @property
    def size(self) -> Size:
        """Size of the images at the present stage, in pixels."""
        return self.sizes[self.stage.level]


def grow(network: nn.Module, stage: Stage) -> None:
    """Bring every growing part of `network` to `stage`."""
    for module in network.modules():
        if isinstance(module, Growing):
            module.stage = stage


def stage_of(network: nn.Module) -> Stage | None:
    """Return the stage of the growing parts of `network`; None where it has none."""
    return next((each.stage for each in network.modules() if isinstance(each, Growing)), None)


def enlarged(images: Tensor, factor: int = 2) -> Tensor:
    """Return `images` (N, C, H, W) at `factor` times the side, each pixel repeated."""
    return functional.interpolate(images, scale_factor=factor, mode="nearest")


def halved(images: Tensor) -> Tensor:
    """Return `images` (N, C, H, W) at half the side, by the means of 2x2 pixels."""
    return functional.avg_pool2d(images, 2)
