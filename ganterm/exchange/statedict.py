"""The tensors of a generator found in a file of foreign weights, whatever they are wrapped in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ganterm.errors import DataError
from ganterm.exchange.names import generators_key, unprefixed
from ganterm.foreign import WHAT_TO_GIVE, check_tensors, load_foreign

_MAX_DEPTH = 4
_NAMED = 6
"""Keys named in a sentence."""


@dataclass(frozen=True)
class Foreign:
    """The tensors of a generator by name, in the order of its layers as far as the file says."""

    tensors: dict[str, Tensor]
    notes: tuple[str, ...] = ()
    """What was taken from where, a sentence each; they hold foreign text."""


def read_state(path: Path, *, part: str | None = None) -> Foreign:
    """Read the state_dict in the file at `path`: what torch.save wrote, or safetensors.

    A wrapper such as `{"generator": …}` and prefixes such as `module.` are taken off; `part` is the
    key of the generator's weights in a file of several networks whose keys do not say.

    Raises:
        DataError: it cannot be read, is not whole, holds other things than weights, or tensors
            that cannot be: one sentence says which.
    """
    notes: list[str] = []
    found = load_foreign(path)
    state = _unwrapped(path, _chosen(path, found, part, notes), notes)
    tensors = {str(name): value for name, value in state.items() if isinstance(value, Tensor)}
    others = len(state) - len(tensors)
    if others:
        notes.append(f"{others} entries of the file are no tensors and were left aside.")
    tensors, taken = unprefixed(tensors)
    if taken:
        notes.append(f"The names of the tensors are read without {taken!r}.")
    check_tensors(path, tensors)
    return Foreign(tensors, tuple(notes))


def _chosen(path: Path, found: Any, part: str | None, notes: list[str]) -> Any:
    """Return what the file keeps under `part`, or all of it where none is named."""
    if part is None:
        return found
    held = found.get(part) if isinstance(found, Mapping) else None
    if not isinstance(held, Mapping):
        raise DataError(f"{path} keeps no weights under {part!r}; it has {_keys(found)}.")
    notes.append(f"The weights are those that the file keeps under {part!r}.")
    return held


def _unwrapped(path: Path, found: Any, notes: list[str]) -> Mapping[Any, Any]:
    """Return the mapping that holds the generator's tensors, a few wrappers deep at most.

    Whole checkpoints keep single tensors beside the networks: fixed noise, the last loss.
    """
    for _ in range(_MAX_DEPTH):
        if not isinstance(found, Mapping):
            break
        inner = [str(key) for key, value in found.items() if _holds_tensors(value)]
        if not inner and any(isinstance(value, Tensor) for value in found.values()):
            return found
        key = generators_key(inner)
        if key is None and len(inner) > 1:
            raise DataError(
                f"{path} keeps several networks, and no key says which is the generator's; choose "
                f"one with --part: {_keys(found)}."
            )
        if not inner:
            break
        key = key or inner[0]
        notes.append(f"The weights are those that the file keeps under {key!r}.")
        found = next(value for name, value in found.items() if str(name) == key)
    raise DataError(
        f"{path} holds no state_dict of a generator; weights are wanted: {WHAT_TO_GIVE}."
    )


def _holds_tensors(value: Any, depth: int = _MAX_DEPTH) -> bool:
    """Tell whether it is a mapping with tensors inside, and no optimiser's."""
    if not isinstance(value, Mapping) or not depth or {"state", "param_groups"} <= set(value):
        return False
    return any(
        isinstance(inner, Tensor) or _holds_tensors(inner, depth - 1) for inner in value.values()
    )


def _keys(found: Any) -> str:
    """Return the keys of a file under which tensors are, shortened, for a sentence."""
    held = found.items() if isinstance(found, Mapping) else ()
    named = [repr(str(key)[:40]) for key, value in held if _holds_tensors(value)]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return (", ".join(named[:_NAMED]) or "no such parts") + more
