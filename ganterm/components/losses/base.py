"""What a loss is: facts that say how to read it, and functions of logits.

Every function takes logits (N,) as a discriminator gives them, before any sigmoid, in float32 or
beyond, and returns the mean over the batch as a scalar. The logarithms of the papers, with
D(x) = sigmoid(logit), are written as softplus, which neither overflows nor loses its gradient:
-log D = softplus(-logit), -log(1 - D) = softplus(logit).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import Tensor

    Label: TypeAlias = float | Tensor
    """A label or a scalar tensor of it, which a captured CUDA graph can read anew each step."""


@dataclass(frozen=True, kw_only=True)
class LossFacts(Facts):
    """How the figures of a loss are to be read.

    Attributes:
        labels: what real_label and fake_label are to it: no part of it, probabilities in [0, 1],
            or any numbers.
        output: what the discriminator's output is: a probability of being real, an estimate of
            the label, or a score whose middle is 0.
        pairs_real: whether each fake is compared with one real image: batches of one size, in one
            step.
        measures_distance: whether the difference of the mean scores of real and generated images
            estimates the Wasserstein distance.
        d_chance: the mean of the real and the fake term of a discriminator that cannot tell them
            apart, under hard labels; None where the loss has no origin or no unit.
        g_chance: the generator's loss against such a discriminator; None as for `d_chance`.
        unsaturated: name of the loss of the same game that does not starve the generator of a
            discriminator that is too strong; empty where it does not do so itself.
    """

    labels: Literal["none", "probability", "number"] = "none"
    output: Literal["probability", "label", "score"] = "score"
    pairs_real: bool = False
    measures_distance: bool = False
    d_chance: float | None = None
    g_chance: float | None = None
    unsaturated: str = ""

    @property
    def threshold(self) -> float:
        """The output at which an image counts as real as fake; real lies above."""
        return 0.0 if self.output == "score" else 0.5

    @property
    def has_zero(self) -> bool:
        """Whether the threshold tells real from generated images, and is no convention."""
        return not (self.pairs_real or self.measures_distance)


@dataclass(frozen=True, kw_only=True)
class Loss(LossFacts, Component):
    """What both networks minimise; the terms of real and fake do not know of each other.

    Attributes:
        real: the discriminator's term for real logits (N,) and their label.
        fake: its term for the logits (N,) of generated images and their label.
        generator: what the generator minimises for the logits (N,) of its images.
    """

    real: Callable[[Tensor, Label], Tensor]
    fake: Callable[[Tensor, Label], Tensor]
    generator: Callable[[Tensor], Tensor]

    def d_terms(
        self,
        real_logits: Tensor,
        fake_logits: Tensor,
        real_label: Label = 1.0,
        fake_label: Label = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return the discriminator's terms for real and for fake logits (N,); it minimises both."""
        return self.real_term(real_logits, real_label), self.fake_term(fake_logits, fake_label)

    def real_term(self, logits: Tensor, label: Label = 1.0) -> Tensor:
        """Return the discriminator's term for real logits (N,) alone.

        Raises `ValueError` where the loss pairs real with fake.
        """
        return self.real(precise(logits), label)

    def fake_term(self, logits: Tensor, label: Label = 0.0) -> Tensor:
        """Return the discriminator's term for fake logits (N,) alone.

        Raises `ValueError` where the loss pairs real with fake.
        """
        return self.fake(precise(logits), label)

    def g_loss(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Return what the generator minimises for fake logits (N,).

        `real_logits` (N,) are needed where the loss pairs real with fake, and unused elsewhere.
        """
        return self.generator(precise(fake_logits))

    def discriminator_score(self, logits: Tensor) -> Tensor:
        """Return the discriminator's output (N,) as the loss's paper defines it, to be reported."""
        logits = precise(logits)
        return logits.sigmoid() if self.output == "probability" else logits


def unpaired(*_: object) -> Tensor:
    """Raise `ValueError`: the term of a loss that has none for one kind of images alone."""
    raise ValueError("a loss of pairs has no term for real or generated images alone")


@dataclass(frozen=True, kw_only=True)
class PairedLoss(Loss):
    """A loss of pairs of one real and one generated image; only differences of logits matter.

    Attributes:
        pair: the term for the logits (N,) of those that should rank higher, and as many others.
    """

    pair: Callable[[Tensor, Tensor], Tensor]
    pairs_real: bool = True
    real: Callable[[Tensor, Label], Tensor] = unpaired
    fake: Callable[[Tensor, Label], Tensor] = unpaired
    generator: Callable[[Tensor], Tensor] = unpaired

    def d_terms(
        self,
        real_logits: Tensor,
        fake_logits: Tensor,
        real_label: Label = 1.0,
        fake_label: Label = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return two equal halves of the one term there is, so that their sum is the loss."""
        half = self._paired(real_logits, fake_logits) / 2
        return half, half

    def g_loss(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Return the generator's loss against as many real logits."""
        return unpaired() if real_logits is None else self._paired(fake_logits, real_logits)

    def _paired(self, winners: Tensor, losers: Tensor) -> Tensor:
        # Broadcasting would hide the mistake.
        if winners.shape != losers.shape:
            raise ValueError(
                f"pairing needs batches of one size, not {tuple(winners.shape)} "
                f"and {tuple(losers.shape)}"
            )
        return self.pair(precise(winners), precise(losers))


def precise(logits: Tensor) -> Tensor:
    """Return logits in float32, or in what they have beyond it."""
    return logits.float() if logits.dtype.itemsize < 4 else logits


def softplus(logits: Tensor) -> Tensor:
    """Return log(1 + exp(logit)) of logits of any shape."""
    from torch.nn import functional  # noqa: PLC0415 - faces read losses without PyTorch

    return functional.softplus(logits)


def cross_entropy(logits: Tensor, label: Label) -> Tensor:
    """Return binary cross-entropy of logits (N,) against one label in [0, 1]."""
    # not softplus(x) - label·x, whose terms cancel to nothing where a large logit is right
    return (label * softplus(-logits) + (1 - label) * softplus(logits)).mean()


def score_of_fakes(logits: Tensor, label: Label = 0.0) -> Tensor:
    """Return D(G(z)) of logits (N,); the label has no part in it."""
    return logits.mean()


def lowered_score(logits: Tensor, label: Label = 1.0) -> Tensor:
    """Return -D of logits (N,), which falls as the score rises; the label has no part in it."""
    return -logits.mean()
