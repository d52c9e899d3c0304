"""What is done with any optimiser while it trains: its numbers, and its state as names and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import nn
from torch.optim import Optimizer

from ganterm.components.optimizers.eager import Eager, EagerWithBetas

_SET: Final = ("params", "lr", "betas", "factor")
"""What a group has from us."""
_PLAIN: Final = (bool, int, float, str)


def set_rate(group: dict[str, Any], rate: float, beta2: float | None) -> None:
    """Train a group of parameters at `rate` from now on, with the second decay `beta2` if any.

    Where captured graphs read these from tensors they are written there, without waiting for the
    device.
    """
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate
    if beta2 is None:
        return
    if isinstance(group["betas"][1], torch.Tensor):
        group["betas"][1].fill_(beta2)
    else:
        group["betas"] = (group["betas"][0], beta2)


def uncapturable(optimizer: Optimizer, *, beta2_changes: bool) -> str:
    """Return why the steps of `optimizer` cannot be captured in graphs, empty where they can."""
    name, defaults = type(optimizer).__name__, optimizer.defaults
    if not ("capturable" in defaults or defaults.get("fused")):
        return f"optimizer {name} knows no capturable"
    if beta2_changes and not isinstance(optimizer, EagerWithBetas):
        return f"optimizer {name} reads a beta2 that changes as a number"
    return ""


def make_capturable(optimizer: Optimizer, device: torch.device) -> None:
    """Have `optimizer` keep on `device` what changes from step to step, for graphs to read."""
    for group in optimizer.param_groups:
        if "capturable" in group:
            group["capturable"] = True
        group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)


def keep_beta2(optimizer: Optimizer, beta2: float, device: torch.device | None) -> None:
    """Have `optimizer` keep its second decay on `device`, for graphs to read as it changes.

    Without a device it is a number, which a fused kernel reads.
    """
    for group in optimizer.param_groups:
        kept = beta2 if device is None else torch.tensor(beta2, dtype=torch.float64, device=device)
        group["betas"] = group["betas"][0], kept


def exported(
    prefix: str, optimizer: Optimizer, module: nn.Module
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the state of an optimiser: tensors as `PREFIX.PARAMETER.KEY`, the rest as plain data.

    There is such a rest only of the user's own: numbers beside the tensors, and what it changed of
    its groups. Else it is empty.
    """
    tensors: dict[str, torch.Tensor] = {}
    state: dict[str, dict[str, Any]] = {}
    for name, parameter in module.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            if isinstance(value, torch.Tensor):
                tensors[f"{prefix}.{name}.{key}"] = value
            else:
                state.setdefault(name, {})[key] = value
    if isinstance(optimizer, Eager):
        return tensors, {}
    groups = [
        {
            key: value
            for key, value in group.items()
            if key not in _SET
            and isinstance(value, _PLAIN)
            and value != optimizer.defaults.get(key)
        }
        for group in optimizer.param_groups
    ]
    rest = {"state": state, "groups": groups}
    return tensors, rest if state or any(groups) else {}


def restore(
    prefix: str,
    optimizer: Optimizer,
    module: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    rest: Mapping[str, Any],
) -> None:
    """Bring a fresh optimiser to an exported state."""
    kept: dict[str, dict[str, Any]] = {}
    for name, value in tensors.items():
        if name.startswith(f"{prefix}."):
            place, _, key = name.removeprefix(f"{prefix}.").rpartition(".")
            kept.setdefault(place, {})[key] = value
    for place, values in rest.get("state", {}).items():
        kept.setdefault(place, {}).update(values)
    for group, values in zip(optimizer.param_groups, rest.get("groups", []), strict=False):
        group.update(values)
    groups = {id(each): group for group in optimizer.param_groups for each in group["params"]}
    for name, parameter in module.named_parameters():
        # An optimiser makes a parameter's state at its first step.
        if name in kept and parameter.requires_grad:
            group = groups[id(parameter)]
            optimizer.state[parameter] = {
                key: _placed(key, value, parameter, group) for key, value in kept[name].items()
            }


def _placed(key: str, value: Any, parameter: nn.Parameter, group: Mapping[str, Any]) -> Any:
    """Return a value of a parameter's state where, and as, its optimiser counts on it."""
    if not isinstance(value, torch.Tensor):
        return value
    if key == "step" and not value.dim():
        # Only the fused kernels, and what is captured, count on the device.
        on_device = group.get("fused") or group.get("capturable")
        return value.to(parameter.device if on_device else "cpu")
    if value.shape == parameter.shape:
        # Laid out as the parameter is: the fused kernel walks memory, not indices.
        like = torch.empty_like(parameter, dtype=value.dtype)
        return like.copy_(value).detach()
    return value.to(parameter.device)
