"""Adam without the compiler that its class would load.

Most methods of PyTorch's optimisers ask `torch._dynamo` to leave them alone, which imports it: two
seconds at every start of a worker, for training that compiles nothing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Adam, Optimizer

_GUARDED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
_ANSWER = "__dynamo_disable"
"""Where `torch._disable_dynamo` keeps what it made of a function, so as to ask only once."""


class EagerAdam(Adam):
    """`torch.optim.Adam`, to the bit, for steps that nothing compiles."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        _answer_for_dynamo()
        super().__init__(*arguments, **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Make one step on the parameters' gradients, as `Adam.step` does."""
        # Around it stand PyTorch's call of the compiler, and once an Adam was made a hook's.
        plain: Callable[..., float | None] = inspect.unwrap(Adam.step)
        return plain(self, closure)


def set_learning_rate(group: dict[str, Any], rate: float) -> None:
    """Train a group of parameters at `rate` from now on.

    Where captured graphs read the rate from a tensor it is written there, without waiting for the
    device.
    """
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def make_capturable(optimizer: Adam, device: torch.device) -> None:
    """Have `optimizer` keep on `device` what changes from step to step, for graphs to read."""
    for group in optimizer.param_groups:
        group["capturable"] = True
        group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)


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
