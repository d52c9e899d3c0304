"""The tensors of a generator found in a file of foreign weights, whatever they are wrapped in."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor

from ganterm.core.errors import DataError
from ganterm.exchange.names import completed, first_parts, generators_key, raw_beside, unprefixed
from ganterm.inference.foreign import WHAT_TO_GIVE, check_tensors, load_foreign

_Seen = set[tuple[int | str, ...]]
_MAX_DEPTH = 4
_NAMED = 6
"""Keys named in a sentence."""
_COUNTS = frozenset({"total_ops", "total_params", "n_averaged"})
"""What those who count operations, and torch's own averages, leave among the tensors."""


@dataclass(frozen=True)
class Foreign:
    """The tensors of a generator by name, in the order of its layers as far as the file says."""

    tensors: dict[str, Tensor]
    notes: tuple[str, ...] = ()
    """What was taken from where, a sentence each; they hold foreign text."""


def read_state(path: Path, *, part: str | None = None) -> Foreign:
    """Read the state_dict in the file at `path`: what torch.save wrote, or safetensors.

    A wrapper such as `{"generator": …}` and prefixes such as `module.` are taken off, an average is
    preferred to raw weights, weight and spectral normalisation are folded into plain weights, and
    what is no layer's is left aside; `notes` say all of it. `part` is the key of the generator's
    weights, or what their names begin with, in a file of several networks.

    Raises:
        DataError: it cannot be read, is not whole, holds other things than weights, or tensors
            that cannot be: one sentence says which.
    """
    notes: list[str] = []
    found = load_foreign(path)
    state = _unwrapped(path, _chosen(path, found, part, notes), notes)
    tensors = {str(name): value for name, value in state.items() if isinstance(value, Tensor)}
    others = [name for name in state if not isinstance(state[name], Tensor)]
    if others:
        notes.append(f"Left aside, because they are no tensors: {_listed(others)}.")
    own = unprefixed(tensors)
    if own.prefix:
        notes.append(f"The names of the tensors are read without {own.prefix!r}.")
    if own.aside:
        notes.append(
            f"Left aside, because they are not the generator's: {_listed(own.aside)}; --part takes "
            "another."
        )
    if own.raw:
        notes.append(_averaged(own.prefix.rstrip("."), own.raw))
        if own.is_completed:
            notes.append(_completed_from(own.raw))
    layers = {name: value for name, value in own.tensors.items() if _is_a_layers(name, value)}
    if odd := [name for name in own.tensors if name not in layers]:
        notes.append(f"Left aside, because they are no layer's weights: {_listed(odd)}.")
    check_tensors(path, layers)
    plain = _folded(layers, notes)
    check_tensors(path, plain)
    return Foreign(plain, tuple(notes))


def _is_a_layers(name: str, value: Tensor) -> bool:
    """Tell whether it is a weight or a statistic; counts of operations and masks are neither."""
    leaf = name.rpartition(".")[2]
    return leaf not in _COUNTS and (value.is_floating_point() or leaf == "num_batches_tracked")


def _folded(tensors: Mapping[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Replace what weight and spectral normalisation keep by the weights that they come to.

    Both ways that torch has to write each are known; what is like neither is left as it is.
    """
    plain: dict[str, Tensor] = {}
    done: set[str] = set()
    counts = Counter[str]()
    for name, value in tensors.items():
        if name in done:
            continue
        for kind, parts, fold in _REPARAMETRISED:
            stem = name.removesuffix(parts[0])
            kept = [f"{stem}{part}" for part in parts]
            of_a_layer = not stem or stem.endswith(".")
            if of_a_layer and all(each in tensors for each in kept):
                weight = fold(*(tensors[each].float() for each in kept))
                if weight is None:
                    continue
                plain[f"{stem}weight"] = weight
                done.update(kept)
                counts[kind] += 1
                break
        else:
            plain[name] = value
    plain = {name: value for name, value in plain.items() if name not in done}
    notes += [
        f"{kind} normalisation is folded into the weights of {many} layers, which is the same."
        for kind, many in counts.items()
    ]
    return plain


def _weight_normed(scale: Tensor, direction: Tensor) -> Tensor | None:
    """Return scale · direction / |direction|; the norm is over the axes that `scale` lacks."""
    if scale.numel() != 1 and scale.dim() != direction.dim():
        return None
    axes = [axis for axis in range(direction.dim()) if not scale.dim() or scale.shape[axis] == 1]
    kept = {axis: size for axis, size in enumerate(scale.shape) if axis not in axes}
    if any(direction.shape[axis] != size for axis, size in kept.items()):
        return None
    norm = torch.linalg.vector_norm(direction, dim=axes, keepdim=True) if axes else direction.abs()
    return direction * (scale / norm)


def _spectral_normed(weight: Tensor, left: Tensor, right: Tensor) -> Tensor | None:
    """Return weight / (left · W right), where W is the matrix with one axis before all others.

    That is the first axis, or of transposed convolutions the second. Where both are of one size,
    `left` tells: it was made as W right / |W right|.
    """
    sigmas = {}
    for axis in range(min(weight.dim(), 2)):
        matrix = weight.movedim(axis, 0).flatten(1) if weight.dim() > 1 else weight[:, None]
        if left.shape == matrix.shape[:1] and right.shape == matrix.shape[1:]:
            image = matrix @ right
            sigmas[float(left @ image / image.norm())] = left @ image
    return weight / sigmas[max(sigmas)] if sigmas else None


_REPARAMETRISED: Final[tuple[tuple[str, tuple[str, ...], Callable[..., Tensor | None]], ...]] = (
    ("Weight", ("weight_g", "weight_v"), _weight_normed),
    (
        "Weight",
        ("parametrizations.weight.original0", "parametrizations.weight.original1"),
        _weight_normed,
    ),
    ("Spectral", ("weight_orig", "weight_u", "weight_v"), _spectral_normed),
    (
        "Spectral",
        (
            "parametrizations.weight.original",
            "parametrizations.weight.0._u",
            "parametrizations.weight.0._v",
        ),
        _spectral_normed,
    ),
)
"""Kinds of normalised weights, the ends of what they keep, and what that comes to."""


def _chosen(path: Path, found: Any, part: str | None, notes: list[str]) -> Any:
    """Return what the file keeps under `part`, or all of it where none is named."""
    if part is None:
        return found
    held = _held(found, part)
    if held is None:
        raise DataError(f"{path} keeps no weights under {part!r}; it has {_keys(found)}.")
    notes.append(f"The weights are those that the file keeps under {part!r}.")
    return held


def _held(
    found: Any, part: str, depth: int = _MAX_DEPTH, seen: _Seen | None = None
) -> Mapping[Any, Any] | None:
    """Return what is under the key `part`, or has names that begin with it, at any depth."""
    seen = set() if seen is None else seen
    if not isinstance(found, Mapping) or not depth or (id(found), depth, part) in seen:
        return None
    seen.add((id(found), depth, part))
    if isinstance(found.get(part), Mapping):
        return cast("Mapping[Any, Any]", found[part])
    prefix = f"{part.rstrip('.')}."
    named = {
        str(name).removeprefix(prefix): value
        for name, value in found.items()
        if isinstance(value, Tensor) and str(name).startswith(prefix)
    }
    if named:
        return named
    for key, value in found.items():
        rest = part.removeprefix(f"{key}.")
        if (inner := _held(value, rest, depth - 1, seen)) is not None:
            return inner
    return None


def _unwrapped(path: Path, found: Any, notes: list[str]) -> Mapping[Any, Any]:
    """Return the mapping that holds the generator's tensors, a few wrappers deep at most.

    Whole checkpoints keep single tensors beside the networks: fixed noise, the last loss.
    """
    for _ in range(_MAX_DEPTH):
        if not isinstance(found, Mapping):
            break
        seen: _Seen = set()
        inner = {str(key): value for key, value in found.items() if _holds_tensors(value, seen)}
        if not inner and any(isinstance(value, Tensor) for value in found.values()):
            return found
        key = generators_key(list(inner))
        if key is None and len(inner) > 1:
            raise DataError(
                f"{path} keeps several networks, and no key says which is the generator's; choose "
                f"one with --part: {_keys(found)}."
            )
        if not inner:
            break
        key = key or next(iter(inner))
        raw = raw_beside(key, list(inner))
        if raw is None:
            notes.append(f"The weights are those that the file keeps under {key!r}.")
        else:
            notes.append(_averaged(key, raw))
        found = inner[key]
        if raw is not None and (whole := completed(found, inner[raw])):
            found = whole
            notes.append(_completed_from(raw))
    raise DataError(
        f"{path} holds no state_dict of a generator; weights are wanted: {WHAT_TO_GIVE}."
    )


def _averaged(key: str, raw: str) -> str:
    return (
        f"The weights are the average that the file keeps under {key!r}; --part {raw} takes those "
        "that were trained."
    )


def _completed_from(raw: str) -> str:
    return f"The average lacks what is not trained, such as statistics: that of {raw!r} is taken."


def _holds_tensors(value: Any, seen: _Seen, depth: int = _MAX_DEPTH) -> bool:
    """Tell whether it is a mapping with tensors inside, and no optimiser's.

    A file may have one mapping in many places; `seen` are those in which there were none.
    """
    if not isinstance(value, Mapping) or not depth or (id(value), depth) in seen:
        return False
    held = not {"state", "param_groups"} <= value.keys() and any(
        isinstance(inner, Tensor) or _holds_tensors(inner, seen, depth - 1)
        for inner in value.values()
    )
    if not held:
        seen.add((id(value), depth))
    return held


def _keys(found: Any) -> str:
    """Return the keys of a file under which tensors are, shortened, for a sentence."""
    held = found if isinstance(found, Mapping) else {}
    seen: _Seen = set()
    named = [key for key, value in held.items() if _holds_tensors(value, seen)]
    named += [
        key
        for key, inside in first_parts(str(name) for name in held).items()
        if any("." in name and isinstance(held.get(name), Tensor) for name in inside)
    ]
    return _listed(named) or "no such parts"


def _listed(names: Collection[object]) -> str:
    """Return names, shortened and the first of them, for a sentence."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(repr(str(name)[:40]) for name in itertools.islice(names, _NAMED)) + more
