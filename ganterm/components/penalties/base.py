"""What a penalty is: scalars of the discriminator's slope, to be weighed and added to its loss.

All are differentiable with respect to the discriminator's parameters and leave the graph of the
images alone. They run the discriminator in float32 even under autocast: a gradient's norm squared
and differentiated again has no digits left in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    from torch import Tensor

    Critic: TypeAlias = Callable[[Tensor], Tensor]
    """Images (N, C, H, W) to logits (N,)."""


@dataclass(frozen=True, kw_only=True)
class PenaltyFacts(Facts):
    """What settings, rules and the doctor need to know of a penalty.

    Attributes:
        weight: what it weighs where the configuration does not say; 0 is no penalty at all.
        needs_both: whether it takes real and generated images in one step.
    """

    weight: float = 1.0
    needs_both: bool = False


@dataclass(frozen=True, kw_only=True)
class Penalty(PenaltyFacts, Component):
    """The terms of a penalty, each a scalar before its weight; those that are None it has not.

    Attributes:
        on_real: of the discriminator and real images (N, C, H, W).
        on_fake: of the discriminator and generated images (N, C, H, W).
        on_both: of the discriminator, real images and as many generated ones; random numbers come
            from the default generator of the images' device.
    """

    on_real: Callable[[Critic, Tensor], Tensor] | None = None
    on_fake: Callable[[Critic, Tensor], Tensor] | None = None
    on_both: Callable[[Critic, Tensor, Tensor], Tensor] | None = None

    def terms(self, critic: Critic, real: Tensor | None, fake: Tensor | None) -> list[Tensor]:
        """Return the terms that the given images allow."""
        found = []
        if self.on_both is not None and real is not None and fake is not None:
            found.append(self.on_both(critic, real, fake))
        if self.on_real is not None and real is not None:
            found.append(self.on_real(critic, real))
        if self.on_fake is not None and fake is not None:
            found.append(self.on_fake(critic, fake))
        return found


NONE = Penalty(title="None", help="No penalty.", weight=0.0)


def gradients(critic: Critic, images: Tensor) -> Tensor:
    """Return each image's gradient of its own logit, flattened to (N, C·H·W), with its graph.

    Images (N, C, H, W) are raised to float32 first, or stay in what they have beyond it.
    """
    import torch  # noqa: PLC0415 - faces read penalties without PyTorch

    images = images.detach()
    images = (images.float() if images.dtype.itemsize < 4 else images).requires_grad_()
    with torch.autocast(images.device.type, enabled=False):
        # the sum's gradient is each image's own, where no layer ties the images of a batch
        (found,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return found.flatten(1)
