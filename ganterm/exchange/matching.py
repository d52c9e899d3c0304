"""Foreign tensors matched to a generator's layers, by what they are, their shapes and their order.

Names say little: `main.0.weight`, `l1.0.weight` and `fc.weight` may be the same layer. So layers
of one kind and one shape are paired in the order in which they come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

_STATISTICS: Final = ("running_mean", "running_var")
_COUNTER: Final = "num_batches_tracked"


class Row(NamedTuple):
    """One line about a layer; `theirs` is foreign text."""

    ours: str
    shape: str
    theirs: str
    words: str
    """What was done with it, or what is wrong."""
    fits: bool


@dataclass
class Match:
    """How a file fits a generator.

    Attributes:
        state: the generator's state_dict, float32; empty where something does not fit.
        rows: every layer of the generator in order, and then what was left of the file.
    """

    state: dict[str, Tensor] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def misfits(self) -> list[Row]:
        """The lines that keep the generator from being whole."""
        return [row for row in self.rows if not row.fits]


@dataclass
class Layer:
    """The tensors of one layer by the last part of their names."""

    name: str
    tensors: dict[str, Tensor]

    @property
    def is_norm(self) -> bool:
        """Whether it is a batch normalisation, learned scale and shift or not."""
        weight = self.tensors.get("weight")
        return any(name in self.tensors for name in (*_STATISTICS, _COUNTER)) or (
            weight is not None and weight.dim() == 1 and set(self.tensors) <= {"weight", "bias"}
        )

    @property
    def signature(self) -> tuple[object, ...]:
        """What it is, and how large; layers are matched where this is the same."""
        if self.is_norm:
            return "normalisation", max(value.numel() for value in self.tensors.values())
        weight = self.tensors.get("weight")
        if weight is not None and set(self.tensors) <= {"weight", "bias"}:
            return "weight", weight.shape
        return "other", *sorted((name, value.shape) for name, value in self.tensors.items())

    @property
    def shape(self) -> str:
        """Its size in words."""
        main = max(self.tensors.values(), key=torch.numel)
        size = "x".join(map(str, main.shape)) or "1"
        return f"norm {size}" if self.is_norm else size


def layers_of(tensors: Mapping[str, Tensor]) -> list[Layer]:
    """Group a state_dict by layer, in the order of their first tensors."""
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, value in tensors.items():
        layer, _, leaf = name.rpartition(".")
        groups[layer][leaf] = value
    # A counter alone says nothing of a layer.
    return [Layer(name, leaves) for name, leaves in groups.items() if set(leaves) != {_COUNTER}]


def match(foreign: Mapping[str, Tensor], generator: nn.Module, *, partial: bool = False) -> Match:
    """Fit foreign tensors to `generator`, whose own values do not matter.

    With `partial` the state has the layers that fit, whatever becomes of the others. Nothing is
    guessed at: what is made up for, a bias of zero say, gives the very same images.
    """
    ours, theirs = layers_of(generator.state_dict()), layers_of(foreign)
    waiting: dict[tuple[object, ...], list[Layer]] = defaultdict(list)
    for layer in theirs:
        waiting[layer.signature].append(layer)
    if {layer.name: layer.signature for layer in ours} == {
        layer.name: layer.signature for layer in theirs
    }:
        by_name = {layer.name: layer for layer in theirs}
        pairs = [(layer, by_name.get(layer.name)) for layer in ours]
    else:
        pairs = [
            (layer, queue.pop(0) if (queue := waiting[layer.signature]) else None) for layer in ours
        ]
    made = Match()
    for index, (layer, found) in enumerate(pairs):
        follower = pairs[index + 1] if index + 1 < len(pairs) else None
        made.rows.append(_completed(layer, found, follower))
    used = {id(found) for _, found in pairs}
    for layer in theirs:
        if id(layer) not in used:
            words = "nothing in the recipe's generator is of this kind and size"
            made.rows.append(Row("-", layer.shape, layer.name, words, fits=False))
    if partial or not made.misfits:
        made.state = {
            name: value
            for (layer, found), row in zip(pairs, made.rows, strict=False)
            if found is not None and row.fits
            for name, value in _taken_over(layer, found)
        }
    return made


def _taken_over(layer: Layer, found: Layer) -> Iterator[tuple[str, Tensor]]:
    """Yield copies of the tensors of `found` by their names in the generator."""
    for leaf in layer.tensors:
        # A counter counts in whole numbers; all else is float32 here.
        dtype = torch.int64 if leaf == _COUNTER else torch.float32
        value = found.tensors[leaf].detach().to(dtype, copy=True).contiguous()
        yield (f"{layer.name}.{leaf}" if layer.name else leaf), value


def _completed(
    layer: Layer, found: Layer | None, follower: tuple[Layer, Layer | None] | None
) -> Row:
    """Give `found` whatever `layer` has besides and that can be made up for, and tell of it."""
    if found is None:
        words = "nothing in the file is of this kind and size"
        return Row(layer.name, layer.shape, "-", words, fits=False)
    try:
        words = _normed(found.tensors) if layer.is_norm else _biased(layer, found, follower)
    except _MisfitError as misfit:
        return Row(layer.name, layer.shape, found.name, str(misfit), fits=False)
    return Row(layer.name, layer.shape, found.name, words or "fits", fits=True)


class _MisfitError(Exception):
    """Why a layer cannot be taken over, in words."""


def _normed(values: dict[str, Tensor]) -> str:
    """Add to a normalisation's tensors what does not change it; return words about that."""
    missing = [name for name in _STATISTICS if name not in values]
    if missing:
        raise _MisfitError(
            f"the file has no {' and '.join(missing)}, without which no single image can be made"
        )
    size = values["running_mean"].shape
    learned = "weight" in values and "bias" in values
    values.setdefault("weight", torch.ones(size))
    values.setdefault("bias", torch.zeros(size))
    counter = values.pop(_COUNTER, torch.tensor(0))
    if {value.shape for value in values.values()} != {size} or counter.numel() != 1:
        raise _MisfitError("its parts are not of one size")
    if bool((values["running_var"] < 0).any()):
        raise _MisfitError("its running_var is negative, which no variance is")
    values[_COUNTER] = counter.reshape(())
    return "" if learned else "it learned no scale and shift: 1 and 0, which is the same"


def _biased(layer: Layer, found: Layer, follower: tuple[Layer, Layer | None] | None) -> str:
    """Make `found` have a bias where `layer` has one, and none where not; return words about it."""
    has, wanted = found.tensors.get("bias"), layer.tensors.get("bias")
    if has is None and wanted is not None:
        found.tensors["bias"] = torch.zeros(wanted.shape)
        return "no bias in the file: 0, which is the same"
    if has is not None and wanted is not None and has.shape != wanted.shape:
        raise _MisfitError("its bias is of another size")
    if has is None or wanted is not None or not bool(has.any()):
        return ""
    norm = follower[1] if follower and follower[0].is_norm else None
    mean = norm.tensors.get("running_mean") if norm else None
    if norm is None or mean is None or mean.shape != has.shape:
        raise _MisfitError("it has a bias, and the recipe's layer has none")
    # A normalisation subtracts its mean, so that a bias before it is the same as a lower mean.
    norm.tensors["running_mean"] = mean.float() - has.float()
    return "its bias went into the mean of the normalisation after it, which is the same"
