"""Which generator a file of weights is: the recipe's, or the recipe's with a few settings changed.

Tutorials differ in the length of z, the side and channels of images, the width of the layers and
whether they are normalised. These can be read off the shapes, so they need not be told.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ganterm import recipes
from ganterm.components.networks import GENERATORS
from ganterm.components.networks.from_config import generator_from
from ganterm.config import RunConfig, check, resolve
from ganterm.core.dataspec import CHANNELS
from ganterm.core.errors import ConfigError
from ganterm.exchange.matching import Match, layers_of, match

_SIDES: Final = (28, 32, 64, 16, 128, 8)
_STRANGE: Final = (2,)
"""Channels of images that others make: grey with transparency, above all."""
_ALIKE = 1e-6


@dataclass(frozen=True)
class FittedConfig:
    """The configuration whose generator the weights fit best, and how."""

    config: RunConfig
    match: Match
    changed: dict[str, Any]
    """Settings that the file says otherwise than the recipe, with its values."""


def fit(
    tensors: Mapping[str, Tensor],
    config: RunConfig,
    *,
    classes: Sequence[str] = (),
    fixed: Collection[str] = (),
) -> FittedConfig:
    """Fit a file's tensors to the generator of `config`, or to the nearest that they make whole.

    `classes` are those that a conditional generator is conditioned on; `fixed` are settings that
    are not to be changed. Where nothing fits, what `config` itself, with the file's length of z,
    lacks is in the `match`.
    """
    best: FittedConfig | None = None
    for changed in _variations(tensors, config, classes, fixed):
        varied = msgspec.structs.replace(config, **changed)
        generator = _built(varied, classes)
        if generator is None:
            continue
        found = FittedConfig(varied, match(tensors, generator), changed)
        if not found.match.misfits:
            return found
        if best is None or (not _only_z(best) and _only_z(found)):
            best = found
    if best is None:
        check(config)
        return FittedConfig(config, match(tensors, _made(config, classes)), {})
    return best


def recipes_that_fit(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the recipes of ganterm whose generator these are, sorted."""
    kinds: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in recipes.built_in():
        config = resolve({"recipe": name}).config
        if config.conditional != "none":
            continue  # It differs from another recipe by its labels, of which nothing is known.
        kinds[config.data_spec.kind, config.generator].append(name)
    fitting: list[str] = []
    for names in kinds.values():
        if not fit(tensors, resolve({"recipe": names[0]}).config).match.misfits:
            fitting += names
    return sorted(fitting)


def channels_too_many(
    tensors: Mapping[str, Tensor], config: RunConfig, classes: Sequence[str]
) -> tuple[int, Match] | None:
    """Return of how many channels the images are that no recipe makes, and how all else fits.

    None where the file does not fit for other reasons.
    """
    for layer in layers_of(tensors):
        weight, bias = layer.tensors.get("weight"), layer.tensors.get("bias")
        # A transposed convolution has its outputs second.
        for axis in (0, 1) if weight is not None and weight.dim() == 4 else ():
            if weight is None or weight.shape[axis] not in _STRANGE:
                continue
            prefix = f"{layer.name}." if layer.name else ""
            cut = {**tensors, f"{prefix}weight": weight.narrow(axis, 0, 1)}
            if bias is not None:
                cut[f"{prefix}bias"] = bias[:1]
            found = fit(cut, config, classes=classes).match
            if not found.misfits:
                return weight.shape[axis], found
    return None


def _only_z(fit: FittedConfig) -> bool:
    return set(fit.changed) == {"z_dim"}


def _variations(
    tensors: Mapping[str, Tensor], config: RunConfig, classes: Sequence[str], fixed: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Yield changes of settings that could make the generator fit, the fewest first."""
    widths = functools.cache(lambda side: _widths(tensors, config, classes, side))
    tried: dict[str, list[Any]] = {
        "z_dim": _lengths_of_z(tensors),
        "channels": list(CHANNELS),
        "image_size": list(_SIDES),
        "g_norm": _norms(tensors, config),
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
    every = []
    for chosen in itertools.product(*choices):
        changed = {name: value for name, value in chosen if value != getattr(config, name)}
        every.append(changed)
        # Some networks are wider the larger their images are.
        for width in widths(changed.get("image_size", config.image_size)):
            if "width" not in fixed and width != config.width:
                every.append({**changed, "width": width})
    yield from sorted(every, key=len)


def _norms(tensors: Mapping[str, Tensor], config: RunConfig) -> list[str]:
    """Return what else to set `g_norm` to where the file has normalisations and `config` not."""
    theirs = any(layer.is_norm for layer in layers_of(tensors))
    if theirs == GENERATORS.facts(config.generator).has_batch_norm(config.g_norm):
        return []
    return ["batch" if theirs else "none"]


def _lengths_of_z(tensors: Mapping[str, Tensor]) -> list[int]:
    """Return what the first layer says it takes: a linear one, or a transposed convolution."""
    for layer in layers_of(tensors):
        weight = layer.tensors.get("weight")
        if weight is not None and weight.dim() in {2, 4}:
            length = weight.shape[1] if weight.dim() == 2 else weight.shape[0]
            return [length] if 1 <= length <= 4096 else []
    return []


def _widths(
    tensors: Mapping[str, Tensor], config: RunConfig, classes: Sequence[str], side: int
) -> list[float]:
    """Return by how much the layers are wider than the recipe's, by their first normalisation.

    The recipe's are those of images of `side` pixels.
    """
    generator = _built(msgspec.structs.replace(config, width=1.0, image_size=side), classes)
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


def _made(config: RunConfig, classes: Sequence[str]) -> nn.Module:
    return generator_from(config, config.data_spec.with_classes(classes))


def _built(config: RunConfig, classes: Sequence[str]) -> nn.Module | None:
    try:
        check(config)
        with torch.device("meta"), _WithoutDrawing():
            return _made(config, classes)
    except ConfigError:
        return None


class _WithoutDrawing(TorchFunctionMode):
    """Leaves out drawing initial values, which on `meta` are none and take most of the time."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if function in {nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_}:
            return given["tensor"] if "tensor" in given else args[0]
        return function(*args, **given)


def with_epsilon(state: dict[str, Tensor], generator: nn.Module, eps: Sequence[float]) -> None:
    """Change the variances in `state` so that `generator` normalises as with `eps`.

    `eps` is one for all normalisations, or one for each in their order. A file of weights does not
    say it, and a few tutorials train with 0.8. Since only the sum of variance and epsilon counts,
    the difference can go into the variance; images are the same.

    Raises `ConfigError` where the generator has not as many normalisations.
    """
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d)
    norms = [(name, each) for name, each in generator.named_modules() if isinstance(each, kinds)]
    if len(eps) not in {1, len(norms)} or not norms:
        raise ConfigError(
            f"--norm-eps: the generator has {len(norms)} normalisations; give one number for all "
            "of them, or one for each."
        )
    every = list(eps) if len(eps) == len(norms) else list(eps) * len(norms)
    for (name, layer), wanted in zip(norms, every, strict=True):
        key = f"{name}.running_var"
        state[key] = state[key] + (wanted - layer.eps)
