"""What a worker sees in its networks now and then: how far images are from real ones, layers."""

from __future__ import annotations

import torch
from torch.nn.functional import avg_pool2d

from ganterm.components.networks.base import Generator
from ganterm.components.networks.weights import largest_singular_values
from ganterm.core.quantities import SINGULAR
from ganterm.engine.loop import Trainer
from ganterm.engine.seeding import fixed_latents, generator_for
from ganterm.inference.sample import generate, labels_in_turn

IMAGES = 64
"""Generated images that are looked at."""
_FEWEST = 16
_SIDE = 7
"""Pixels a side of a patch, as published."""
_PATCHES, _DIRECTIONS = 1024, 64
_LEAST = 1e-3
"""Distance of real images that are the same at least, for brightness in [0, 1]."""
_COARSEST = 16
"""Images are halved as long as they are larger."""


class PatchDistance:
    """Tells how far the patches of generated images are from those of real ones.

    The sliced Wasserstein distance of Karras et al. 2018 (arXiv:1710.10196): patches of the images
    and of their halvings, sorted along random directions, the mean over all. Their brightness and
    contrast count, and halvings stand in place of a Laplacian pyramid. It is told as a multiple of
    the distance that as many other real images have.
    """

    def __init__(self, real: torch.Tensor) -> None:
        """Compare with two samples of `real`, uint8 (N, C, H, W), of up to `IMAGES` each."""
        random = generator_for(0, "patches")
        self.count = min(IMAGES, len(real) // 2)
        chosen = torch.randperm(len(real), generator=random)[: 2 * self.count].to(real.device)
        both = real[chosen].cpu()
        self._places = torch.rand(3, _PATCHES, generator=random)
        side = min(_SIDE, *real.shape[2:])
        directions = torch.randn(real.shape[1] * side**2, _DIRECTIONS, generator=random)
        self._directions = directions / directions.norm(dim=0)
        self._real = self._sorted(both[: self.count])
        self._floor = self._from_real(both[self.count :])

    def of(self, images: torch.Tensor) -> float:
        """Return the distance of `count` images, uint8 (N, C, H, W); 1 is that of real ones."""
        return self._from_real(images) / max(self._floor, _LEAST)

    def _from_real(self, images: torch.Tensor) -> float:
        pairs = zip(self._sorted(images), self._real, strict=True)
        return float(torch.stack([(one - other).abs().mean() for one, other in pairs]).mean())

    def _sorted(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Return the patches of each halving along each direction, in order: (P, directions)."""
        levels, found = images.float() / 255, []
        while True:
            shorter = min(levels.shape[2:])
            side = min(_SIDE, shorter)
            patches = levels.unfold(2, side, 1).unfold(3, side, 1)
            sizes = torch.tensor([len(patches), *patches.shape[2:4]])
            image, y, x = (self._places * sizes[:, None]).long()
            flat = patches[image, :, y, x].flatten(1)
            found.append((flat @ self._directions).sort(dim=0).values)
            if shorter <= _COARSEST or shorter < 2 * _SIDE:
                return found
            levels = avg_pool2d(levels, 2)


class Look:
    """Measures what the steps do not; networks and random numbers are left as they are."""

    def __init__(self, trainer: Trainer, shown: Generator, images: torch.Tensor) -> None:
        """Look at what `shown` makes beside `images` (N, C, H, W), and at D's layers."""
        self._trainer = trainer
        self._shown = shown
        self._patches = None
        if not shown.data.is_points and len(images) >= 2 * _FEWEST:
            self._patches = PatchDistance(images)

    @property
    def step(self) -> int:
        """The step at hand."""
        return self._trainer.step

    def __call__(self) -> dict[str, float]:
        """Return what is measured, by quantity."""
        found = {}
        config = self._trainer.config
        if self._patches is not None:
            count = self._patches.count
            z = fixed_latents(config.seed, count, config.z_dim)
            labels = labels_in_turn(count, self._shown.classes)
            distance = self._patches.of(generate(self._shown, z, labels))
            found["patch_distance"] = round(distance, 4)
        if config.spectral_norm:
            values = largest_singular_values(self._trainer.networks.discriminator)
            found |= {SINGULAR + name: round(value, 6) for name, value in values.items()}
        return found
