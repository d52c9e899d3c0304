"""An optimiser of the user's own that knows nothing of ganterm: a class, or what returns one."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ganterm.components.optimizers.base import Optimizer
from ganterm.core.parts import Part

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ganterm.components.optimizers.base import Groups

_RATE: Final = 0.01
_BETAS: Final = (0.5, 0.999)
_TRIED: Final = 2
"""Steps, of which the first makes the state that the second goes on from."""


def optimizer(part: Part) -> Optimizer | None:
    """Return the optimiser that a class of `torch.optim.Optimizer`'s kind or a function makes.

    It is called with the parameters and `lr`, and with `betas` where it names them as a pair; what
    it asks for beside is its settings. None for what is neither.
    """
    if not (inspect.isclass(part.value) or inspect.isfunction(part.value)):
        return None
    names = list(part.parameters)
    if len(names) < 2 or "lr" not in names:
        raise part.refusal(
            f"{part.name} must take the parameters first, and lr among the rest, as "
            "torch.optim.SGD(params, lr=...) does."
        )
    has_betas = _takes_pair(part.parameters.get("betas"))
    given = [names[0], "lr", *(["betas"] if has_betas else [])]

    def make(
        groups: Groups, lr: float, betas: tuple[float, float], device: torch.device
    ) -> torch.optim.Optimizer:
        # Whoever goes through the parameters by hand expects no groups.
        params: Any = groups if len(groups) > 1 or groups[0]["factor"] != 1 else groups[0]["params"]
        values = dict(zip(given, (params, lr, betas), strict=False))
        return _made(part, values, [each for group in groups for each in group["params"]])

    made = Optimizer(
        title=part.name,
        help=part.help,
        options=part.options(dict.fromkeys(given)),
        has_betas=has_betas,
        make=make,
    )
    return replace(made, moments=_try(part, made))


def _takes_pair(parameter: inspect.Parameter | None) -> bool:
    """Tell whether betas are asked for, and are not three or a tensor of them."""
    if parameter is None:
        return False
    usual = parameter.default
    return usual is parameter.empty or (isinstance(usual, (tuple, list)) and len(usual) == 2)


def _made(
    part: Part, values: dict[str, Any], trained: Sequence[nn.Parameter]
) -> torch.optim.Optimizer:
    import torch  # noqa: PLC0415 - faces read optimisers without PyTorch

    made = part.call(values)
    if not isinstance(made, torch.optim.Optimizer):
        raise part.refusal(
            f"returns {type(made).__name__}, and must be or return a torch.optim.Optimizer."
        )
    held = {id(each) for group in made.param_groups for each in group["params"]}
    if missing := [each for each in trained if id(each) not in held]:
        raise part.refusal(
            f"leaves out {len(missing):,} of the {len(trained):,} parameters that it is given, "
            "which would never be trained."
        )
    rate = values["lr"]
    for group in made.param_groups:
        # What it gives some of them a rate of their own by stays, whatever the rate.
        group.setdefault("factor", float(group["lr"]) / rate if rate else 1.0)
    return made


def _try(part: Part, made: Optimizer) -> int:
    """Refuse what cannot train some weights; return how many numbers it keeps of each."""
    import torch  # noqa: PLC0415

    weights = [torch.nn.Parameter(torch.linspace(-1, 1, 6).view(2, 3)) for _ in range(2)]
    groups = [{"params": weights, "factor": 1.0}]
    with part.guarded(), torch.random.fork_rng(devices=[]), torch.enable_grad():
        tried = made.make(groups, _RATE, _BETAS, torch.device("cpu"))
        for _ in range(_TRIED):
            tried.zero_grad(set_to_none=True)
            torch.stack([each.square().sum() for each in weights]).sum().backward()  # type: ignore[no-untyped-call]
            tried.step()
    if not all(bool(each.isfinite().all()) for each in weights):
        raise part.refusal("makes weights that are not finite, in its first steps already.")
    if not all(isinstance(each, torch.nn.Parameter) for each in tried.state):
        raise part.refusal("keeps a state that is no parameter's, which a checkpoint cannot hold.")
    for state in tried.state.values():
        for key, value in state.items():
            if not isinstance(value, (torch.Tensor, bool, int, float, str, type(None))):
                raise part.refusal(
                    f"keeps {key} of type {type(value).__name__} in its state, which a checkpoint "
                    "cannot hold; make it a tensor or a number."
                )
    kept = tried.state.get(weights[0], {}).values()
    return sum(isinstance(each, torch.Tensor) and each.shape == (2, 3) for each in kept)
