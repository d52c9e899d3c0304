"""Networks of the user's own that know nothing of ganterm: any `nn.Module`, or what returns one.

They are called with what they name of the run's sizes, tried on a few samples as soon as they are
built, and what cannot be trained is refused there, in words.
"""

from __future__ import annotations

import copy
import inspect
import math
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganterm.components.networks.base import Discriminator, Generator
from ganterm.components.networks.conditioning import LabelJoin, joined
from ganterm.components.networks.facts import (
    DiscriminatorFamily,
    DiscriminatorParts,
    DiscriminatorSpec,
    GeneratorFamily,
    GeneratorSpec,
    NetworkSpec,
)
from ganterm.core.parts import Part, why

_TRIED: Final = 4
"""Samples that a network is tried on; one alone has no batch statistics."""
_HIDDEN: Final = 64
"""Hidden width that the usual tutorials begin with."""
_SLACK: Final = 1e-3
_EPSILON: Final = 1e-6


def generator(part: Part) -> GeneratorFamily:
    """Return the family of a generator that is called as the tutorials' are."""
    return GeneratorFamily(
        title=part.name,
        help=part.help,
        takes_points=True,
        takes_labels=True,
        options=part.options(_OF_GENERATORS),
        build=lambda spec: _on_cpu(_generator, part, spec),
    )


def discriminator(part: Part) -> DiscriminatorFamily:
    """Return the family of a discriminator that is called as the tutorials' are."""
    return DiscriminatorFamily(
        title=part.name,
        help=part.help,
        takes_points=True,
        options=part.options(_OF_BOTH),
        build=lambda spec: _on_cpu(_discriminator, part, spec),
    )


def _on_cpu(build: Callable[[Part, Any], Any], part: Part, spec: NetworkSpec) -> Any:
    """Build where the user's code can do what it likes, whatever the device of the rest."""
    with torch.device("cpu"):
        return build(part, spec)


class _AsWritten(nn.Module):
    """Stays in the layout that its code counts on: `view` takes no channels_last."""

    def to(self, *args: Any, memory_format: Any = None, **kwargs: Any) -> Any:
        return super().to(*args, **kwargs)


class PlainGenerator(_AsWritten, Generator):
    """A generator of the user's.

    `spatial` ones are given z as (N, z_dim, 1, 1); of those that are not `signed` the images lie in
    [0, 1], and are brought to [-1, 1].
    """

    def __init__(
        self,
        net: nn.Module,
        spec: GeneratorSpec,
        *,
        spatial: bool,
        labels: bool,
        signed: bool = True,
    ) -> None:
        super().__init__(spec)
        self.net = net
        self.notes: tuple[str, ...] = ()
        self.spatial = spatial
        self.labelled = labels
        self.signed = signed
        self.join = LabelJoin(spec.classes, spec.z_dim) if spec.classes and not labels else None

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latent vectors (N, z_dim) into samples (N, C, H, W)."""
        labels = self.labels_for(z, labels)
        if self.join is not None:
            z = self.join(z, labels)
        z = z[:, :, None, None] if self.spatial else z
        made: Tensor = self.net(z, labels) if self.labelled else self.net(z)
        made = made.reshape(-1, *self.data.tensor_shape)
        return made if self.signed else made * 2 - 1


class PlainDiscriminator(_AsWritten, Discriminator):
    """A discriminator of the user's; of a probability p it gives the logit log p / (1 - p)."""

    def __init__(
        self, net: nn.Module, spec: DiscriminatorSpec, *, labels: bool, probability: bool
    ) -> None:
        super().__init__(DiscriminatorParts(net, None, 1), spec)
        self.projection = None
        self.notes: tuple[str, ...] = ()
        self.labelled = labels
        self.probability = probability

    @property
    def batch_independent(self) -> bool:
        """Never, as far as anybody can know."""
        return False

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn images (N, C, H, W) in [-1, 1] into logits (N,): above 0 means 'real'."""
        seen = images if self.planes is None else self.planes(images, labels)
        seen = seen.contiguous()
        given: Tensor = self.body(seen, labels) if self.labelled else self.body(seen)
        given = given.reshape(images.shape[0])
        if self.probability:
            given = torch.logit(given.float().clamp(_EPSILON, 1 - _EPSILON))
        return given


def _generator(part: Part, spec: GeneratorSpec) -> nn.Module:
    net = _module(part, spec)
    if isinstance(net, GeneratorFamily):
        return net.build(spec)
    takes_labels = bool(spec.classes) and takes_two(net)
    inner = spec
    if spec.classes and not takes_labels:
        inner = joined(spec)
        net = _module(part, inner)
    _check(part, net)
    spatial, unused = _tries_shapes(part, net, inner, labels=takes_labels)
    made = PlainGenerator(net, spec, spatial=spatial, labels=takes_labels)
    notes = list(_oddities(part, net, unused))
    if spatial:
        notes.append(f"{part.what} takes z as (N, {inner.z_dim}, 1, 1), and is given it so.")
    made.notes = tuple(notes)
    return made


def _tries_shapes(
    part: Part, net: nn.Module, spec: GeneratorSpec, *, labels: bool
) -> tuple[bool, list[str]]:
    """Return whether z is taken as (N, z_dim, 1, 1) and not as (N, z_dim), and what is unused."""
    flat = torch.randn(_TRIED, spec.z_dim, generator=torch.Generator().manual_seed(0))
    classes = [torch.arange(_TRIED) % spec.classes] if labels else []
    wanted = (_TRIED, *spec.data.tensor_shape)
    errors: list[Exception] = []
    shapes: list[tuple[int, ...]] = []
    for z in (flat, flat[:, :, None, None].clone()):
        try:
            trial = _tried(net, z, *classes)
        except _InPlaceError as error:
            raise part.refusal(f"{error}.") from error
        except Exception as error:  # noqa: BLE001 - whatever a user's network may raise
            errors.append(error)
            continue
        shapes.append(tuple(trial.output.shape))
        fits = shapes[-1] == wanted or trial.output.dim() == 2
        if fits and trial.output.numel() == math.prod(wanted):
            _check_range(part, trial.output, spec)
            return z.dim() == 4, trial.unused
    if shapes:
        raise part.refusal(
            f"gives {shapes[0]} for z of ({_TRIED}, {spec.z_dim}), and {wanted} is wanted; make it "
            "for the image_size and channels of the run, or set these to what it makes."
        )
    # The attempt that came further says more.
    told = max(errors, key=lambda each: len(traceback.extract_tb(each.__traceback__)))
    raise part.refusal(
        f"takes z neither as ({_TRIED}, {spec.z_dim}) nor as ({_TRIED}, {spec.z_dim}, 1, 1); was "
        f"it made for this z_dim? {part.path} {why(told, part.path)}."
    ) from told


def _check_range(part: Part, made: Tensor, spec: GeneratorSpec) -> None:
    low, high = float(made.min()), float(made.max())
    if not bool(made.isfinite().all()):
        raise part.refusal("gives values that are not finite, with its first weights already.")
    if not spec.data.is_points and max(-low, high) > 1 + _SLACK:
        raise part.refusal(
            f"gives values from {low:.3g} to {high:.3g}, and images lie in [-1, 1]; end it with "
            "nn.Tanh()."
        )


def _discriminator(part: Part, spec: DiscriminatorSpec) -> nn.Module | DiscriminatorParts:
    net = _module(part, spec)
    if isinstance(net, DiscriminatorFamily):
        return net.build(spec)
    _check(part, net)
    if spec.minibatch_discrimination:
        raise part.refusal(
            "has no features for minibatch discrimination; set minibatch_discrimination = false."
        )
    concat = spec.conditioning == "concat"
    takes_labels = bool(spec.classes) and not concat and takes_two(net)
    if spec.classes and not (concat or takes_labels):
        raise part.refusal(
            "takes no labels; give its forward a second argument for them, or set conditional = "
            "concat, which joins them to the channels of the images."
        )
    random = torch.Generator().manual_seed(0)
    images = torch.rand(_TRIED, *spec.data.tensor_shape, generator=random) * 2 - 1
    classes = [torch.arange(_TRIED) % spec.classes] if takes_labels else []
    with part.guarded():
        trial = _tried(net, images, *classes)
    shape, low, high = tuple(trial.output.shape), *map(float, trial.output.aminmax())
    if trial.output.numel() != _TRIED:
        raise part.refusal(
            f"gives {shape} for {_TRIED} images, and one logit each is wanted, ({_TRIED},); is it "
            f"made for {spec.data.size_words} and {spec.channels} channels?"
        )
    probability = spec.output == "probability"
    if probability and not 0 <= low <= high <= 1:
        raise part.refusal(
            f"gives {low:.3g} to {high:.3g}, which are no probabilities; leave "
            "discriminator_output at logit."
        )
    if trial.sigmoid and not probability:
        raise part.refusal(
            "ends in a sigmoid, so what it gives are probabilities; set discriminator_output = "
            "probability."
        )
    notes = list(_oddities(part, net, trial.unused))
    if trial.sigmoid:
        # Its input is the very logit, which the probability rounds away.
        owner, _, name = trial.sigmoid.rpartition(".")
        setattr(net.get_submodule(owner), name, nn.Identity())
        notes.append(f"{part.what} is trained on what its last sigmoid is given, its logits.")
    if len(shape) > 2:
        ones = ", 1" * (len(shape) - 1)
        notes.append(f"{part.what} gives (N{ones}), which is read as (N,).")
    made = PlainDiscriminator(
        net, spec, labels=takes_labels, probability=probability and not trial.sigmoid
    )
    made.notes = tuple(notes)
    return made


_LATENTS: Final = ("z_dim", "latent_dim", "nz")
_SIZES: Final = ("image_size", "img_size")
_CHANNELS: Final = ("channels", "img_channels", "nc")
_CLASSES: Final = ("classes", "n_classes")
_WIDTHS: Final = ("width", "ngf", "ndf")
_OF_BOTH: Final = dict.fromkeys((*_SIZES, *_CHANNELS, *_CLASSES, *_WIDTHS, "img_shape", "ngpu"))
_OF_GENERATORS: Final = dict.fromkeys(_LATENTS) | _OF_BOTH


def _given(spec: NetworkSpec) -> dict[str, Any]:
    """Return what a network may name of what it is made for."""
    data = spec.data
    side = data.size.height if data.size.is_square else tuple(data.size)
    known = {
        **dict.fromkeys(_SIZES, side),
        **dict.fromkeys(_CHANNELS, data.channels),
        **dict.fromkeys(_CLASSES, spec.classes),
        **dict.fromkeys(_WIDTHS, max(1, round(_HIDDEN * spec.width))),
        "img_shape": data.tensor_shape,
        "ngpu": 1,
    }
    if isinstance(spec, GeneratorSpec):
        known |= dict.fromkeys(_LATENTS, spec.z_dim)
    return known


def _module(part: Part, spec: NetworkSpec) -> Any:
    """Build the network, or what declares one, and return it."""
    given = _given(spec)
    for name in (*_WIDTHS, *_CLASSES):
        usual = getattr(part.parameters.get(name), "default", inspect.Parameter.empty)
        if usual is inspect.Parameter.empty:
            continue
        # Its own width is what it was written for.
        if name in _WIDTHS and isinstance(usual, int) and spec.width != 1:
            given[name] = max(1, round(usual * spec.width))
        elif name in _WIDTHS or not spec.classes:
            del given[name]
    if isinstance(part.value, nn.Module):
        with part.guarded():
            return copy.deepcopy(part.value)
    net = part.call(given)
    if isinstance(net, (nn.Module, GeneratorFamily, DiscriminatorFamily)):
        return net
    raise part.refusal(f"returns {type(net).__name__}, and must be or return an nn.Module.")


def _check(part: Part, net: nn.Module) -> None:
    if not any(parameter.requires_grad for parameter in net.parameters()):
        raise part.refusal("has no parameters that learn, so there is nothing to train.")
    for name, value in net.state_dict().items():
        if not isinstance(value, Tensor):
            raise part.refusal(
                f"keeps {name} of type {type(value).__name__} in its state, which a checkpoint "
                "cannot hold; make it a tensor with register_buffer."
            )


class _InPlaceError(Exception):
    """What a network was given is changed when it returns."""


class _Trial(NamedTuple):
    output: Tensor
    sigmoid: str
    """The path of the `nn.Sigmoid` that makes the output; empty where none does."""
    unused: list[str]
    """Parameters that the output does not depend on."""


def _tried(net: nn.Module, given: Tensor, *labels: Tensor) -> _Trial:
    """Run a copy of `net` forward and backward once, as training will."""
    tried, before = copy.deepcopy(net).train(), given.clone()
    made: list[tuple[str, Tensor]] = []
    for name, module in tried.named_modules():
        if isinstance(module, nn.Sigmoid) and name:
            module.register_forward_hook(lambda _, __, out, name=name: made.append((name, out)))
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        output = tried(given, *labels)
        if not isinstance(output, Tensor):
            raise TypeError(f"forward returns {type(output).__name__}, and must return a tensor")
        if not torch.equal(given, before):
            raise _InPlaceError(
                "it changes what it is given in place, which others need as it was (inplace=True "
                "in its first layer, or an operation such as x.mul_)"
            )
        output.float().sum().backward()  # type: ignore[no-untyped-call]
    unused = [n for n, p in tried.named_parameters() if p.requires_grad and p.grad is None]
    ends = len(made) == 1 and _same(made[0][1], output)
    return _Trial(output.detach(), made[0][0] if ends else "", unused)


def _same(one: Tensor, other: Tensor) -> bool:
    return one.data_ptr() == other.data_ptr() and one.numel() == other.numel()


def takes_two(net: nn.Module) -> bool:
    """Tell whether the forward of a network takes labels as its second argument."""
    try:
        parameters = list(inspect.signature(net.forward).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return len([each for each in parameters if each.kind in positional]) > 1


def _oddities(part: Part, net: nn.Module, unused: list[str]) -> Iterator[str]:
    """Say what of a network trains on, but not as its author may think."""
    if unused:
        named = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
        yield f"{part.what} has parameters that its output does not depend on: {named}."
    loose = [
        f"{name}.{key}".removeprefix(".")
        for name, module in net.named_modules()
        for key, value in vars(module).items()
        if isinstance(value, Tensor)
    ]
    if loose:
        yield (
            f"{part.what} keeps {', '.join(loose[:3])} as a plain attribute, which no checkpoint "
            "has and no device is told of; use register_buffer."
        )


def told_of(generator: nn.Module, discriminator: nn.Module, *, penalised: bool) -> list[str]:
    """Return what the user should know of networks of theirs, in sentences."""
    notes = [*getattr(generator, "notes", ()), *getattr(discriminator, "notes", ())]
    if penalised and isinstance(discriminator, PlainDiscriminator):
        layers = [name for name, each in discriminator.named_modules() if _normalises(each)]
        if layers:
            notes.append(
                f"The discriminator has batch normalisation ({layers[0].removeprefix('body.')}), "
                "which mixes images, and the penalty is of each image by itself; take InstanceNorm "
                "or none."
            )
    return notes


def _normalises(module: nn.Module) -> bool:
    return isinstance(module, _BatchNorm)
