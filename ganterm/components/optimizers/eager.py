"""PyTorch's optimisers without the compiler that their classes would load.

Most methods of PyTorch's optimisers ask `torch._dynamo` to leave them alone, which imports it: two
seconds at every start of a worker, for training that compiles nothing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

_GUARDED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
_ANSWER = "__dynamo_disable"
"""Where `torch._disable_dynamo` keeps what it made of a function, so as to ask only once."""


class Eager(Optimizer):
    """An optimiser of PyTorch's, to the bit, for steps that nothing compiles."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        _answer_for_dynamo()
        super().__init__(*arguments, **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Make one step on the parameters' gradients, as PyTorch's class does."""
        # Around it stand PyTorch's call of the compiler, and once one was made a hook's.
        plain: Callable[..., float | None] = inspect.unwrap(super(Eager, type(self)).step)
        return plain(self, closure)


class EagerWithBetas(Eager):
    """One whose second decay may be a tensor, for captured graphs to read as it changes."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Make one step on the parameters' gradients, as PyTorch's class does."""
        if isinstance(self.param_groups[0]["betas"][1], torch.Tensor):
            for group in self.param_groups:
                self._step_by_tensor(group)
            return None
        return super().step(closure)

    def _step_by_tensor(self, group: dict[str, Any]) -> None:
        """Make the step of one group whose second decay is a tensor, which no fused kernel reads.

        Adam of Kingma & Ba 2015, arXiv:1412.6980, but for the order of its operations.
        """
        beta1, beta2 = group["betas"]
        for parameter in (each for each in group["params"] if each.grad is not None):
            state, gradient = self.state[parameter], parameter.grad
            if not state:
                state["step"] = torch.zeros((), device=parameter.device)
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
            step, mean, square = (state[each] for each in ("step", "exp_avg", "exp_avg_sq"))
            step += 1
            mean.lerp_(gradient, 1 - beta1)
            square.mul_(beta2).add_(gradient.square() * (1 - beta2))
            if group["weight_decay"]:  # AdamW's, of Loshchilov & Hutter 2019, arXiv:1711.05101
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
            spread = (square / (1 - beta2**step)).sqrt().add_(group["eps"])
            parameter.sub_(mean / spread * (group["lr"] / (1 - beta1**step)))


class EagerAdam(EagerWithBetas, Adam):
    """Adam."""


class EagerAdamW(EagerWithBetas, AdamW):
    """AdamW."""


class EagerRMSprop(Eager, RMSprop):
    """RMSprop."""


class EagerSGD(Eager, SGD):
    """Plain gradient descent."""


def _answer_for_dynamo() -> None:
    """Have the methods that would import the compiler run as they are.

    Where a PyTorch keeps its answers elsewhere this changes nothing but the time it takes.
    """
    if "torch._dynamo" in sys.modules:
        return
    for name in _GUARDED:
        method = getattr(getattr(Optimizer, name), "__wrapped__", None)
        if method is not None and not hasattr(method, _ANSWER):
            setattr(method, _ANSWER, method)
