"""What an optimiser is, and those of PyTorch that are known by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ganterm.core.registry import Component, Facts

if TYPE_CHECKING:
    import torch

    Groups: TypeAlias = list[dict[str, Any]]
    """Parameters in groups, each with the `factor` on its learning rate."""
    Make: TypeAlias = Callable[
        [Groups, float, tuple[float, float], torch.device], torch.optim.Optimizer
    ]


@dataclass(frozen=True, kw_only=True)
class OptimizerFacts(Facts):
    """What is known of an optimiser without its code.

    Attributes:
        has_betas: whether it takes beta1 and beta2, the decays of Adam's two moments.
        moments: numbers that it keeps for each weight.
    """

    has_betas: bool = True
    moments: int = 2


@dataclass(frozen=True, kw_only=True)
class Optimizer(OptimizerFacts, Component):
    """An optimiser.

    Attributes:
        make: returns one of parameters in groups, for a learning rate, both betas and the device
            that the parameters are on.
    """

    make: Make


def _of_torch(name: str, *, betas: bool = False, fused: bool = True) -> Make:
    """Return what makes PyTorch's optimiser called `name`, by its fused kernel where it has one."""

    def make(
        groups: Groups, lr: float, pair: tuple[float, float], device: torch.device
    ) -> torch.optim.Optimizer:
        from ganterm.components.optimizers import eager  # noqa: PLC0415 - imports PyTorch

        options: dict[str, Any] = {"betas": pair} if betas else {}
        if fused:
            options["fused"] = device.type in {"cpu", "cuda"}
        made: torch.optim.Optimizer = getattr(eager, name)(groups, lr=lr, **options)
        return made

    return make


ADAM: Final = Optimizer(
    title="Adam",
    help="Steps scaled by both moments of the gradient (Kingma & Ba 2015).",
    make=_of_torch("EagerAdam", betas=True),
)
ADAMW: Final = Optimizer(
    title="AdamW",
    help="Adam with a weight decay of 0.01 apart from the gradient (Loshchilov & Hutter 2019).",
    make=_of_torch("EagerAdamW", betas=True),
)
RMSPROP: Final = Optimizer(
    title="RMSprop",
    help="Steps scaled by the root mean square of the gradient, as WGAN's; no momentum, no betas.",
    has_betas=False,
    moments=1,
    make=_of_torch("EagerRMSprop", fused=False),
)
SGD: Final = Optimizer(
    title="SGD",
    help="Plain gradient descent; no momentum, no betas.",
    has_betas=False,
    moments=0,
    make=_of_torch("EagerSGD"),
)
