"""What an augmentation is (Zhao et al. 2020, arXiv:2006.10738), for few training images.

Real and generated images pass it on their way to the discriminator, in its steps and in the
generator's, so that the generator learns the images as they were before. Digits have a handedness:
none of ours mirrors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Augmentation(Facts, Component):
    """Changes of images, made one after another.

    Attributes:
        changes: each takes images (N, C, H, W) in [-1, 1] and returns as many, each changed at
            random, differentiable in the images. Random numbers come from the default generator of
            the images' device, and nothing waits for that device.
    """

    changes: tuple[Callable[[Tensor], Tensor], ...]

    def __call__(self, images: Tensor, p: Tensor | None = None) -> Tensor:
        """Return images (N, C, H, W), changed; without changes, as they are.

        Each change is made to each image with the probability `p`, a scalar on their device (Karras
        et al. 2020, arXiv:2006.06676), or to all of them where there is none.
        """
        for change in self.changes:
            changed = change(images)
            if p is not None:
                changed = changed.where(_drawn(images, p), images)
            images = changed
        return images


def _drawn(images: Tensor, p: Tensor) -> Tensor:
    """Return which images are to be changed, (N, 1, 1, 1)."""
    import torch  # noqa: PLC0415 - faces read augmentations without PyTorch

    return torch.rand(len(images), 1, 1, 1, device=images.device) < p


NONE = Augmentation(title="None", help="Images as they are.", changes=())
