"""The probability of augmentation, and how it follows D's overfitting.

Adaptive discriminator augmentation (ADA) of Karras et al. 2020, arXiv:2006.06676.
"""

from __future__ import annotations

from typing import Final

import torch

from ganterm.config import RunConfig

EVERY: Final = 4
"""Steps after which D's overfitting is measured, and the probability adjusted."""
SPEED: Final = 500_000
"""Images in which the probability goes from 0 to 1."""


class Adaptive:
    """A probability on the device, and what D says of images since it was last adjusted.

    Captured graphs read and write both, and nothing here waits for the device.

    Attributes:
        p: the probability with which images are augmented, a scalar.
        sums: of real images how many D has seen, how many it took for real, its logits of them and
            those of as many generated ones, (4,).
    """

    def __init__(self, config: RunConfig, device: torch.device, *, watches: bool = False) -> None:
        """Begin as `config` says; `watches` measures overfitting where it steers nothing too."""
        # Steering begins without augmentation, unless another probability is asked for.
        begin = 0.0 if config.augment_target and config.augment_p == 1 else float(config.augment_p)
        self.p = torch.tensor(begin, dtype=torch.float32, device=device)
        self.sums = torch.zeros(4, device=device)
        self._config = config
        self._always = watches

    @property
    def watches(self) -> bool:
        """Whether what D says is summed."""
        return self._always or self._config.augment_target > 0

    @property
    def chooses(self) -> bool:
        """Whether chance decides which images are augmented, where there is an augmentation."""
        return self._config.augment_p < 1 or self._config.augment_target > 0

    def use(self, config: RunConfig) -> None:
        """Go on under `config`; a probability that is adapted stays, unless it is set anew."""
        if not config.augment_target or config.augment_p != self._config.augment_p:
            self.p.fill_(float(config.augment_p))
        self._config = config

    def see(self, taken: torch.Tensor, real: torch.Tensor, fake: torch.Tensor) -> None:
        """Add logits (N,) of real and generated images, and whether D took each for real."""
        if self.watches:
            count = torch.full_like(self.sums[0], len(real))
            self.sums.add_(
                torch.stack([count, taken.sum(), real.float().sum(), fake.float().sum()])
            )

    def adjust(self, held_out: torch.Tensor | None) -> torch.Tensor:
        """Return the overfitting since the last call, in [-1, 1], and steer `p` by it if it is to.

        0 is none and 1 is full. By D's mean logit of `held_out` images it is how much nearer these
        are to generated ones than training images are (r_v of the paper); without, the mean sign of
        D's output on training images (r_t).
        """
        count, taken, real, fake = self.sums.unbind()
        if held_out is None:
            found = 2 * taken / count - 1
        else:
            real, fake = real / count, fake / count
            # Where D ranks generated images higher it has learned nothing by heart.
            found = torch.where(real > fake, (real - held_out) / (real - fake), 0.0).clamp(-1, 1)
        if target := self._config.augment_target:
            self.p.add_((found - target).sign() * count / SPEED).clamp_(0, 1)
        self.sums.zero_()
        return found
