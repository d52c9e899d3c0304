"""Adversarial losses on logits, by name.

Every function takes logits (N,) as a discriminator gives them, before any sigmoid, and returns the
mean over the batch as a scalar. The logarithms of the papers, with D(x) = sigmoid(logit), are
written as softplus, which neither overflows nor loses its gradient: -log D = softplus(-logit),
-log(1 - D) = softplus(logit).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

Label = float | Tensor
"""A label or a scalar tensor of it, which a captured CUDA graph can read anew each step."""


def cross_entropy(logits: Tensor, label: Label) -> Tensor:
    """Return binary cross-entropy against one label in [0, 1] for the whole batch (N,)."""
    # not softplus(x) - label·x, whose terms cancel to nothing where a large logit is right
    return (label * functional.softplus(-logits) + (1 - label) * functional.softplus(logits)).mean()


def saturating(logits: Tensor) -> Tensor:
    """Return log(1 - D(G(z))), the generator's side of the minimax game."""
    return -functional.softplus(logits).mean()


def non_saturating(logits: Tensor) -> Tensor:
    """Return -log D(G(z)): cross-entropy of the fakes against the label 1."""
    return functional.softplus(-logits).mean()


def squared_error(logits: Tensor, label: Label) -> Tensor:
    """Return half the squared distance of the discriminator's output to a label."""
    return (logits - label).square().mean() / 2


def hinge_real(logits: Tensor, label: Label = 1.0) -> Tensor:
    """Return max(0, 1 - D(x)); the label has no part in it."""
    return functional.relu(1 - logits).mean()


def hinge_fake(logits: Tensor, label: Label = 0.0) -> Tensor:
    """Return max(0, 1 + D(G(z))); the label has no part in it."""
    return functional.relu(1 + logits).mean()


def critic_real(logits: Tensor, label: Label = 1.0) -> Tensor:
    """Return -D(x); the label has no part in it."""
    return -logits.mean()


def critic_fake(logits: Tensor, label: Label = 0.0) -> Tensor:
    """Return D(G(z)); the label has no part in it."""
    return logits.mean()


def pairing(winners: Tensor, losers: Tensor) -> Tensor:
    """Return -log sigmoid(winner - loser) over the pairs of two batches (N,) and (N,).

    Raises `ValueError` when the batches differ in size, where broadcasting would hide the mistake.
    """
    if winners.shape != losers.shape:
        raise ValueError(
            f"pairing needs batches of one size, not {tuple(winners.shape)} "
            f"and {tuple(losers.shape)}"
        )
    return functional.softplus(losers - winners).mean()


class Loss(ABC):
    """What both networks minimise, and how to read the discriminator's logits under it."""

    name: str
    uses_labels: bool
    """Whether real_label and fake_label have a part in it, so that they can be smoothed."""
    pairs_real: bool
    """Whether each fake is compared with one real image: batches of one size, in one step."""
    threshold: float
    """The opinion at which an image counts as real as fake; real lies above."""

    @abstractmethod
    def d_terms(
        self,
        real_logits: Tensor,
        fake_logits: Tensor,
        real_label: Label = 1.0,
        fake_label: Label = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return the discriminator's terms for real and for fake logits (N,); it minimises both."""

    @abstractmethod
    def real_term(self, logits: Tensor, label: Label = 1.0) -> Tensor:
        """Return the discriminator's term for real logits (N,) alone.

        Raises `ValueError` where the loss pairs real with fake.
        """

    @abstractmethod
    def fake_term(self, logits: Tensor, label: Label = 0.0) -> Tensor:
        """Return the discriminator's term for fake logits (N,) alone.

        Raises `ValueError` where the loss pairs real with fake.
        """

    @abstractmethod
    def g_loss(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Return what the generator minimises for fake logits (N,).

        `real_logits` (N,) are needed where the loss pairs real with fake, and unused elsewhere.
        """

    @abstractmethod
    def opinion(self, logits: Tensor) -> Tensor:
        """Return the discriminator's output (N,) as the loss's paper defines it, to be reported."""


@dataclass(frozen=True)
class SeparateLoss(Loss):
    """A loss whose real and fake terms do not know of each other."""

    name: str
    real: Callable[[Tensor, Label], Tensor]
    fake: Callable[[Tensor, Label], Tensor]
    generator: Callable[[Tensor], Tensor]
    output: Callable[[Tensor], Tensor]
    threshold: float
    uses_labels: bool
    pairs_real: bool = False

    def d_terms(
        self,
        real_logits: Tensor,
        fake_logits: Tensor,
        real_label: Label = 1.0,
        fake_label: Label = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return the terms of real and of fake logits."""
        return self.real_term(real_logits, real_label), self.fake_term(fake_logits, fake_label)

    def real_term(self, logits: Tensor, label: Label = 1.0) -> Tensor:
        """Return the term of real logits."""
        return self.real(_precise(logits), label)

    def fake_term(self, logits: Tensor, label: Label = 0.0) -> Tensor:
        """Return the term of fake logits."""
        return self.fake(_precise(logits), label)

    def g_loss(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Return the generator's loss; real logits have no part in it."""
        return self.generator(_precise(fake_logits))

    def opinion(self, logits: Tensor) -> Tensor:
        """Return a probability where the loss has one, else the output itself."""
        return self.output(_precise(logits))


@dataclass(frozen=True)
class RelativisticLoss(Loss):
    """Relativistic pairing (Jolicoeur-Martineau 2018, arXiv:1807.00734).

    Huang et al. 2024 (arXiv:2501.05441) train it with R1 and R2 together.

    The discriminator says how much more real one image is than another, so only differences of
    logits mean anything: the threshold 0 is a convention.
    """

    name: str = "relativistic"
    uses_labels: bool = False
    pairs_real: bool = True
    threshold: float = 0.0

    def d_terms(
        self,
        real_logits: Tensor,
        fake_logits: Tensor,
        real_label: Label = 1.0,
        fake_label: Label = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return two equal halves of the one term there is, so that their sum is the loss."""
        half = pairing(_precise(real_logits), _precise(fake_logits)) / 2
        return half, half

    def real_term(self, logits: Tensor, label: Label = 1.0) -> Tensor:
        """Raise `ValueError`: there is no term of real logits alone."""
        raise ValueError("loss relativistic has no term for real images alone")

    def fake_term(self, logits: Tensor, label: Label = 0.0) -> Tensor:
        """Raise `ValueError`: there is no term of fake logits alone."""
        raise ValueError("loss relativistic has no term for fake images alone")

    def g_loss(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Return the generator's loss against as many real logits."""
        if real_logits is None:
            raise ValueError("loss relativistic needs real logits for the generator's loss as well")
        return pairing(_precise(fake_logits), _precise(real_logits))

    def opinion(self, logits: Tensor) -> Tensor:
        """Return the logits themselves."""
        return _precise(logits)


def _precise(logits: Tensor) -> Tensor:
    """Return logits in float32, or in what they have beyond it."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _itself(logits: Tensor) -> Tensor:
    return logits


_ALL: tuple[Loss, ...] = (
    # Goodfellow et al. 2014 (arXiv:1406.2661): the game, and what its authors trained with
    SeparateLoss(
        "minimax", cross_entropy, cross_entropy, saturating, torch.sigmoid, 0.5, uses_labels=True
    ),
    SeparateLoss(
        "non-saturating",
        cross_entropy,
        cross_entropy,
        non_saturating,
        torch.sigmoid,
        0.5,
        uses_labels=True,
    ),
    # Mao et al. 2016 (arXiv:1611.04076) with a = 0, b = c = 1: the output is the label's estimate
    SeparateLoss(
        "least-squares",
        squared_error,
        squared_error,
        lambda logits: squared_error(logits, 1.0),
        _itself,
        0.5,
        uses_labels=True,
    ),
    # Lim & Ye 2017 (arXiv:1705.02894)
    SeparateLoss("hinge", hinge_real, hinge_fake, critic_real, _itself, 0.0, uses_labels=False),
    # Arjovsky et al. 2017 (arXiv:1701.07875): a score without an origin, 0 is a convention
    SeparateLoss(
        "wasserstein", critic_real, critic_fake, critic_real, _itself, 0.0, uses_labels=False
    ),
    RelativisticLoss(),
)

LOSSES: Final[Mapping[str, Loss]] = MappingProxyType({loss.name: loss for loss in _ALL})
"""Every loss by the name that configurations use."""
