"""Which generator a file of weights is: the recipe's, or the recipe's with a few settings changed.

Tutorials differ in the length of z, the side and channels of images, the width of the layers and
whether they are normalised. These can be read off the shapes, so they need not be told.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import torch
from torch import Tensor, nn

from ganterm import recipes
from ganterm.config import RunConfig, check, resolve
from ganterm.errors import ConfigError
from ganterm.exchange.matching import Match, layers_of, match
from ganterm.networks.configured import generator_of

_SIDES: Final = (28, 32, 64, 16, 128, 8)
_CHANNELS: Final = (1, 3)
_NORMS: Final = ("auto", "batch", "none")
_ALIKE = 1e-6


@dataclass(frozen=True)
class Fit:
    """The configuration whose generator the weights fit best, and how."""

    config: RunConfig
    match: Match
    changed: dict[str, Any]
    """Settings that the file says otherwise than the recipe, with its values."""


def fit(
    tensors: Mapping[str, Tensor],
    config: RunConfig,
    *,
    classes: int = 0,
    fixed: Collection[str] = (),
) -> Fit:
    """Fit a file's tensors to the generator of `config`, or to the nearest that they make whole.

    `classes` is how many a conditional generator is conditioned on; `fixed` are settings that are
    not to be changed. Where nothing fits, what `config` itself, with
    the file's length of z, lacks is in the `match`.
    """
    best: Fit | None = None
    for changed in _variations(tensors, config, classes, fixed):
        varied = msgspec.structs.replace(config, **changed)
        generator = _built(varied, classes)
        if generator is None:
            continue
        found = Fit(varied, match(tensors, generator), changed)
        if not found.match.misfits:
            return found
        if best is None or (not _only_z(best) and _only_z(found)):
            best = found
    if best is None:
        check(config)
        return Fit(config, match(tensors, generator_of(config, classes)), {})
    return best


def recipes_that_fit(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the recipes of ganterm whose generator these are, sorted."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for name in recipes.built_in():
        config = resolve({"recipe": name}).config
        if config.conditional != "none":
            continue  # It differs from another recipe by its labels, of which nothing is known.
        kinds["points" if config.trains_on_points else config.generator].append(name)
    fitting: list[str] = []
    for names in kinds.values():
        if not fit(tensors, resolve({"recipe": names[0]}).config).match.misfits:
            fitting += names
    return sorted(fitting)


def _only_z(fit: Fit) -> bool:
    return set(fit.changed) == {"z_dim"}


def _variations(
    tensors: Mapping[str, Tensor], config: RunConfig, classes: int, fixed: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Yield changes of settings that could make the generator fit, the fewest first."""
    tried: dict[str, list[Any]] = {
        "z_dim": _lengths_of_z(tensors),
        "channels": list(_CHANNELS),
        "image_size": list(_SIDES),
        "g_norm": list(_NORMS),
        "width": _widths(tensors, config, classes),
    }
    choices = [
        [(name, getattr(config, name))]
        + [
            (name, value)
            for value in values
            if name not in fixed and value != getattr(config, name)
        ]
        for name, values in tried.items()
    ]
    every = [
        {name: value for name, value in chosen if value != getattr(config, name)}
        for chosen in itertools.product(*choices)
    ]
    yield from sorted(every, key=len)


def _lengths_of_z(tensors: Mapping[str, Tensor]) -> list[int]:
    """Return what the first layer says it takes: a linear one, or a transposed convolution."""
    for layer in layers_of(tensors):
        weight = layer.tensors.get("weight")
        if weight is not None and weight.dim() in {2, 4}:
            length = weight.shape[1] if weight.dim() == 2 else weight.shape[0]
            return [length] if 1 <= length <= 4096 else []
    return []


def _widths(tensors: Mapping[str, Tensor], config: RunConfig, classes: int) -> list[float]:
    """Return by how much the layers are wider than the recipe's, by their first normalisation."""
    generator = _built(msgspec.structs.replace(config, width=1.0), classes)
    if generator is None:
        return []
    sizes = []
    for layers in (layers_of(tensors), layers_of(generator.state_dict())):
        inner = [layer for layer in layers if layer.is_norm] or layers
        biases = (layer.tensors.get("bias", layer.tensors.get("weight")) for layer in inner)
        sizes.append(next((value.shape[0] for value in biases if value is not None), 0))
    theirs, ours = sizes
    width = theirs / ours if ours else 0.0
    return [width] if 1 / 16 <= width <= 8 and abs(width - 1) > _ALIKE else []


def _built(config: RunConfig, classes: int) -> nn.Module | None:
    try:
        check(config)
        with torch.device("meta"):
            return generator_of(config, classes)
    except ConfigError:
        return None
