"""Networks, optimisers and all else that has a state, taken apart into tensors and JSON, and back.

Of each the state dict is kept: tensors under `NAME.key`, as in checkpoints of our own training, and
whatever else it holds as JSON. Nothing is pickled.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from ganterm.core.errors import ConfigError


def taken_apart(parts: Mapping[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors of all parts, on the CPU and sharing no memory, and the rest as JSON.

    A part is what has a `state_dict`, or a tensor. Raises `ConfigError` for what is neither, or
    holds what a checkpoint cannot.
    """
    tensors: dict[str, torch.Tensor] = {}
    return tensors, {
        name: _apart(name, _state(name, part), tensors) for name, part in parts.items()
    }


def put_back(
    parts: Mapping[str, Any], told: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]
) -> None:
    """Give each part the state that it had.

    Raises:
        ConfigError: the checkpoint has no such part.
        RuntimeError: a network is another one than that whose state it is, as PyTorch says it.
    """
    for name, part in parts.items():
        if name not in told:
            raise ConfigError(f"The checkpoint has no {name!r}; it has {', '.join(told)}.")
        state = _together(told[name], tensors)
        if isinstance(part, torch.Tensor):
            with torch.no_grad():
                part.copy_(state)
        else:
            part.load_state_dict(state)


class Chance:
    """The generators of random numbers of this process: of Python, of NumPy and of PyTorch."""

    def state_dict(self) -> dict[str, Any]:
        """Return where they are."""
        kind, keys, *rest = np.random.get_state(legacy=True)
        state = {
            "python": random.getstate(),
            "numpy": (kind, np.asarray(keys).tolist(), *rest),
            "torch": torch.get_rng_state(),
        }
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            state["cuda"] = torch.cuda.get_rng_state()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Have them go on from there."""
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])
        torch.set_rng_state(state["torch"])
        if "cuda" in state and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["cuda"])


def _state(name: str, part: Any) -> Any:
    if isinstance(part, torch.Tensor):
        return part
    state: Callable[[], Any] | None = getattr(part, "state_dict", None)
    if state is None or not hasattr(part, "load_state_dict"):
        raise ConfigError(
            f"{name} is a {type(part).__name__}, which has no state_dict; save networks, "
            "optimisers, schedulers and tensors."
        )
    return state()


def _apart(path: str, value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Return a value as JSON, its tensors among `tensors`."""
    if isinstance(value, torch.Tensor):
        while path in tensors:
            path += "'"
        kept = value.detach().to("cpu")
        # On the CPU that is the very memory, which goes on changing, and may be tied.
        tensors[path] = kept.clone() if kept.data_ptr() == value.data_ptr() else kept
        return {"tensor": path}
    if isinstance(value, Mapping):
        items = [[key, _apart(f"{path}.{key}", each, tensors)] for key, each in value.items()]
        return {"dict": items}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_apart(f"{path}.{at}", each, tensors) for at, each in enumerate(value)]}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ConfigError(f"{path} is a {type(value).__name__}, which a checkpoint cannot hold.")


def _together(told: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """Return what `_apart` made JSON of."""
    if not isinstance(told, dict):
        return told
    ((kind, value),) = told.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: _together(each, tensors) for key, each in value}
    if kind == "float":
        return float(value)
    found = [_together(each, tensors) for each in value]
    return found if kind == "list" else tuple(found)
