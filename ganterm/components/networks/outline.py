"""A module told as JSON: classes by name, plain attributes, and what its tensors are called.

It is built again without its constructor, whose arguments nobody has to know, and nothing of it is
pickled: what has no word here is left out, and whoever tells a module tries what was told.
"""

from __future__ import annotations

import inspect
import math
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, SimpleNamespace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from ganterm.core.errors import ConfigError

_PLAIN: Final = (bool, int, str)
_HOLDERS: Final[dict[str, Callable[[Iterable[Any]], Any]]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
}
_INSIDE: Final = frozenset(vars(nn.Module()))
"""Attributes that every module has of PyTorch's own."""


class _UntoldError(Exception):
    """There is no word for a value."""


class Outline:
    """Tells a module in evaluation mode, and gathers what the JSON refers to.

    Attributes:
        extra: its tensors that are not in its state, by names that begin with `name~`.
        own: its classes and functions that are not PyTorch's, by what the JSON calls them.
    """

    def __init__(self, name: str, net: nn.Module, prefix: str) -> None:
        """Tell of `net`, whose tensors are called by `prefix` and their names in its state.

        Raises `ConfigError` where one of its classes can be reached from nowhere.
        """
        self.extra: dict[str, Tensor] = {}
        self.own: dict[str, Any] = {}
        self._name = name
        state = net.state_dict(keep_vars=True)
        self._names = {id(t): f"{prefix}{k}" for k, t in state.items() if isinstance(t, Tensor)}
        self._numbers: dict[int, int] = {}
        self.net = self._told(net)

    def _told(self, value: Any) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or type(value) in _PLAIN:
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, nn.Module):
            return self._module(value)
        if isinstance(value, Tensor):
            return {"parameter" if isinstance(value, nn.Parameter) else "tensor": self._kept(value)}
        if isinstance(value, (torch.dtype, torch.device)):
            return {"dtype": str(value)[6:]} if isinstance(value, torch.dtype) else {"device": ""}
        if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
            return {"name": self._called(value)}
        if isinstance(value, (list, tuple, set)):
            kind = next(each for each in (list, tuple, set) if isinstance(value, each))
            return {kind.__name__: [self._told(each) for each in value]}
        if isinstance(value, Mapping):
            return {"dict": [[self._told(k), self._told(each)] for k, each in value.items()]}
        if isinstance(value, (Namespace, SimpleNamespace)):
            return {"space": self._all(vars(value))}
        raise _UntoldError

    def _all(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for key, value in values.items():
            try:
                found[key] = self._told(value)
            except _UntoldError:
                continue
        return found

    def _module(self, module: nn.Module) -> Any:
        if (number := self._numbers.get(id(module))) is not None:
            return {"same": number}
        self._numbers[id(module)] = len(self._numbers)
        kind, computed = _computed(module)
        try:
            called = self._called(kind)
        except _UntoldError:
            where, _, name = kind.__qualname__.rpartition(".<locals>.")
            raise ConfigError(
                f"{name} is defined inside of {where}; define it at the top of its file"
            ) from None
        attributes = {k: v for k, v in vars(module).items() if k not in _INSIDE | computed.keys()}
        tensors = {**module._parameters, **computed}
        return {
            "module": {
                "class": called,
                "parameters": self._all(tensors),
                "buffers": self._all(module._buffers),
                "modules": self._all(
                    {k: v for k, v in module._modules.items() if k != "parametrizations"}
                ),
                "other": self._all(attributes),
            }
        }

    def _kept(self, tensor: Tensor) -> str:
        found = self._names.get(id(tensor))
        if found is None:
            found = self._names[id(tensor)] = f"{self._name}~{len(self.extra)}"
            self.extra[found] = tensor
        return found

    def _called(self, value: Any) -> str:
        module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", "")
        for told in (f"{module}.{name}", f"torch.nn.functional.{name}", f"torch.{name}"):
            if _of_torch(told) is value:
                return told
        if "<" in name or not module:
            raise _UntoldError
        told = name if module == "__main__" else f"{module}.{name}"
        self.own[told] = value
        return told


def _computed(module: nn.Module) -> tuple[type, dict[str, Tensor]]:
    """Return the class of a module, and weights that something computes for it."""
    computed = {}
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, SpectralNorm):
            computed[hook.name] = hook.compute_weight(module, do_power_iteration=False)
        elif isinstance(hook, WeightNorm):
            computed[hook.name] = hook.compute_weight(module)
    if not parametrize.is_parametrized(module):
        return type(module), computed
    names = list(module.parametrizations)  # type: ignore[arg-type]
    return type(module).__mro__[1], computed | {name: getattr(module, name) for name in names}


def built(
    told: Any, tensors: Callable[[str], Tensor], own: Callable[[str], Any], device: torch.device
) -> nn.Module:
    """Build the module that an `Outline` tells, on its tensors by their names.

    `own` looks up what is not PyTorch's. Raises whatever code of the user's raises, and `KeyError`,
    `TypeError` or `ValueError` for what is no outline.
    """
    net = _Builder(tensors, own, device).made(told)
    if not isinstance(net, nn.Module):
        raise TypeError("no module is told")
    return net


def reached(names: Mapping[str, Any], dotted: str) -> Any:
    """Return what `dotted` is called among `names`; raises KeyError or AttributeError."""
    first, *others = dotted.split(".")
    found = names[first]
    for each in others:
        found = getattr(found, each)
    return found


class _Builder:
    def __init__(
        self, tensors: Callable[[str], Tensor], own: Callable[[str], Any], device: torch.device
    ) -> None:
        self._tensors, self._own = tensors, own
        self._parameters: dict[str, nn.Parameter] = {}
        self._modules: list[nn.Module] = []
        self._makers: dict[str, Callable[[Any], Any]] = {
            "module": self._module,
            "same": lambda number: self._modules[number],
            "parameter": self._parameter,
            "tensor": lambda name: tensors(name).to(device),
            "dict": lambda pairs: {self.made(key): self.made(each) for key, each in pairs},
            "space": lambda of: SimpleNamespace(**{key: self.made(of[key]) for key in of}),
            "name": self._named,
            "dtype": self._dtype,
            "device": lambda _: device,
            "float": float,
        }

    def made(self, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        ((kind, of),) = told.items()
        if kind in _HOLDERS:
            return _HOLDERS[kind](map(self.made, of))
        if kind not in self._makers:
            raise ValueError(f"{kind} is no kind of value")
        return self._makers[kind](of)

    def _parameter(self, name: str) -> nn.Parameter:
        if name not in self._parameters:
            tensor = self._tensors(name)
            self._parameters[name] = nn.Parameter(tensor, tensor.is_floating_point())
        return self._parameters[name]

    def _dtype(self, name: str) -> torch.dtype:
        found = getattr(torch, name)
        if not isinstance(found, torch.dtype):
            raise TypeError(f"{name} is no dtype")
        return found

    def _module(self, told: Mapping[str, Any]) -> nn.Module:
        kind = self._named(told["class"])
        if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
            raise TypeError(f"{told['class']} is no module")
        module = kind.__new__(kind)
        nn.Module.__init__(module)
        self._modules.append(module)
        module.training = False
        for name, value in told["parameters"].items():
            tensor = self.made(value)
            if not isinstance(tensor, nn.Parameter) and tensor is not None:
                tensor = nn.Parameter(tensor, requires_grad=False)
            module.register_parameter(name, tensor)
        for name, value in told["buffers"].items():
            module.register_buffer(name, self.made(value))
        for name, value in told["modules"].items():
            module.add_module(name, self.made(value))
        vars(module).update({name: self.made(value) for name, value in told["other"].items()})
        return module

    def _named(self, name: str) -> Any:
        found = _of_torch(name)
        return self._own(name) if found is None else found


def _of_torch(name: str) -> Any:
    """Return the module class or the function of tensors that PyTorch calls so; None for others."""
    if not name.startswith("torch."):
        return None
    found: Any = torch
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    if inspect.isclass(found):
        fits = issubclass(found, nn.Module) and found.__module__.startswith("torch.nn.")
        return found if fits else None
    home = name.rpartition(".")[0]
    builtin = isinstance(found, BuiltinFunctionType)
    function = builtin or isinstance(found, FunctionType)
    usual = (home == "torch.nn.functional" and function) or (home == "torch" and builtin)
    return found if usual else None
