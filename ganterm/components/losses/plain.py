"""A loss of the user's own that knows nothing of ganterm: a class, or a file of two functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ganterm.components.losses.base import Loss, precise, unpaired
from ganterm.core.parts import Part
from ganterm.core.settings import Problem

if TYPE_CHECKING:
    from torch import Tensor

    from ganterm.components.losses.base import Label

_TRIED: Final = 4


@dataclass(frozen=True, kw_only=True)
class PlainLoss(Loss):
    """What `discriminator_loss(real, fake)` and `generator_loss(fake[, real])` return.

    The first knows no terms of its own, so that half of it stands for each.
    """

    both: Callable[..., Tensor]
    of_generator: Callable[..., Tensor]

    def d_terms(
        self,
        real_logits: Tensor,
        fake_logits: Tensor,
        real_label: Label = 1.0,
        fake_label: Label = 0.0,
    ) -> tuple[Tensor, Tensor]:
        """Return two equal halves of the discriminator's loss for logits (N,) and (N,)."""
        half = self.both(precise(real_logits), precise(fake_logits)) / 2
        return half, half

    def g_loss(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Return what the generator minimises, beside real logits where it takes some."""
        if real_logits is None:
            return self.of_generator(precise(fake_logits))
        return self.of_generator(precise(fake_logits), precise(real_logits))


def loss(part: Part) -> Loss | None:
    """Return the loss of a class, what a function returns, or a file; None for what is none."""
    value: Any = part.value
    if inspect.isclass(value) or inspect.isfunction(value):
        value = part.call()
    if isinstance(value, Loss):
        return value
    both: Any = getattr(value, "discriminator_loss", None)
    of_generator: Any = getattr(value, "generator_loss", None)
    if not (callable(both) and callable(of_generator)):
        raise part.refusal(
            f"{part.name} has no discriminator_loss(real, fake) and generator_loss(fake), which a "
            "loss of your own has, in a class or in the file itself."
        )
    pairs = _takes_real(of_generator)
    made = PlainLoss(
        title=part.name.removesuffix(".py"),
        help=part.help,
        options=part.options() if callable(part.value) else {},
        pairs_real=pairs,
        real=unpaired,
        fake=unpaired,
        generator=unpaired,
        both=both,
        of_generator=of_generator,
        rules=(_of_one_step,),
    )
    _try(part, made)
    return made


def _of_one_step(config: Any) -> Iterator[Problem]:
    if config.d_update == "separate":
        yield Problem(
            "d_update", "a loss of your own takes real and fake together; set d_update = joint."
        )


def _takes_real(function: Any) -> bool:
    kinds = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    # What has a default, such as `reduction="mean"`, may be anything.
    needed = [each for each in found if each.kind in kinds and each.default is each.empty]
    return len(needed) > 1 or any(each.name.startswith("real") for each in found)


def _try(part: Part, made: PlainLoss) -> None:
    """Refuse what is no loss of logits (N,), with which it is tried."""
    import torch  # noqa: PLC0415 - faces read losses without PyTorch

    real = torch.linspace(-3, 3, _TRIED).requires_grad_()
    fake = torch.linspace(2, -2, _TRIED).requires_grad_()
    with part.guarded(), torch.enable_grad():
        terms = {
            "discriminator_loss": sum(made.d_terms(real, fake)),
            "generator_loss": made.g_loss(fake, real if made.pairs_real else None),
        }
    for name, value in terms.items():
        if not isinstance(value, torch.Tensor) or value.dim():
            shape = f"a tensor {tuple(value.shape)}" if isinstance(value, torch.Tensor) else "none"
            raise part.refusal(f"{name} returns {shape}, and one number is wanted; take its mean.")
        if not bool(value.isfinite()):
            raise part.refusal(
                f"{name} returns {float(value)} for logits from -3 to 3; it is given logits, not "
                "probabilities."
            )
        if not value.requires_grad:
            raise part.refusal(f"{name} returns what does not depend on the logits it is given.")
