"""A trained generator from a checkpoint, on any device, and its classes by name or number."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from ganterm.components.datasets import DATASETS
from ganterm.components.networks.base import Discriminator, Generator
from ganterm.components.networks.facts import GeneratorSpec
from ganterm.components.networks.from_config import discriminator_from, generator_from, growth_of
from ganterm.components.networks.growth import Stage, grow
from ganterm.components.networks.outline import built, reached
from ganterm.components.networks.plain import PlainGenerator
from ganterm.components.networks.weights import largest_singular_values
from ganterm.config import RunConfig
from ganterm.config.ownloop import LOOP, OwnNetworks
from ganterm.config.recorded import classes_in, config_in, drawn_config, own_networks
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError
from ganterm.core.files import regular_path
from ganterm.core.parts import Part, PartError, module_at
from ganterm.runs import checkpoints
from ganterm.runs.checkpoints import CheckpointDamaged, CheckpointHeader

ALL = "all"
"""Stands for every class."""
_LISTED = 12
"""Classes that an error lists; of more it tells how many there are."""


@dataclass(frozen=True)
class Trained:
    """A generator in evaluation mode, and where it comes from."""

    generator: Generator
    config: RunConfig
    step: int
    weights: str
    """`ema` or `generator`: which of the checkpoint's weights these are."""
    data: DataSpec
    """What it makes, with the classes it is conditioned on; none where it is not."""
    script: str = ""
    """Whose own loop trained it; empty where ganterm did."""


def load_generator(
    path: Path, *, ema: bool | None = None, device: torch.device | str = "cpu"
) -> Trained:
    """Load the generator of the checkpoint at `path`, whatever device it was trained on.

    `ema` picks the averaged weights or the plain ones; `None` takes the average where there is
    one.

    Raises:
        CheckpointDamaged: the file is not whole, or no checkpoint of a run.
        ConfigError: it has no average, or its configuration or weights are not this ganterm's.
    """
    checkpoints.verify(path)
    header = checkpoints.read_header(path)
    networks = own_networks(path, header)
    if networks is not None:
        return _of_own_loop(path, header, networks, ema, torch.device(device))
    config = config_in(path, header)
    # Only a dataset in a file of the user's can say that it has points.
    with contextlib.suppress(ConfigError):
        DATASETS.resolve(config.dataset)
    data = config.data_spec.with_classes(classes_in(path, header))
    weights = _choose(path, header.tensors, ema)
    with torch.device("meta"):
        generator = generator_from(config, data)
    _fill(generator, path, header.tensors, weights)
    if (stage := stage_in(path, header)) is not None:
        grow(generator, stage)
    # Twice as quick on a processor, where the images of transposed convolutions are small.
    generator.to(device).to(memory_format=torch.channels_last)
    generator.eval().requires_grad_(False)
    return Trained(generator, config, header.step, weights, data)


def _of_own_loop(
    path: Path,
    header: CheckpointHeader,
    networks: OwnNetworks,
    ema: bool | None,
    device: torch.device,
) -> Trained:
    """Build the generator that somebody's own loop saved; raises `ConfigError`."""
    config = drawn_config(path, header)
    if ema and networks.ema is None:
        raise ConfigError(f"{path} has no averaged weights; use --no-ema.")
    weights = "generator" if networks.ema is None or ema is False else "ema"
    told = networks.ema if weights == "ema" else networks.generator
    if told is None:
        raise ConfigError(f"{path} has averaged weights alone; leave --no-ema out.")
    tensors = _read(path, header.tensors, prefix="")
    sizes = told.sizes
    data = config.data_spec.with_classes(classes_in(path, header))
    spec = GeneratorSpec(z_dim=sizes.z_dim, data=data, classes=sizes.classes)
    code = Path(networks.code)
    part = Part(f"generator {told.kind}", code, told.kind, None)
    names = vars(module_at(part.what, code)) if networks.code else {}
    try:
        with part.guarded():
            net = built(told.net, tensors.__getitem__, lambda name: reached(names, name), device)
            generator = PlainGenerator(
                net.float(),
                spec,
                spatial=sizes.spatial,
                labels=bool(sizes.classes),
                signed=sizes.signed,
            )
            generator.to(device).eval().requires_grad_(False)
            label = torch.zeros(1, dtype=torch.int64, device=device)
            generator(torch.zeros(1, sizes.z_dim, device=device), label)
    except PartError:
        if networks.code:
            raise
        raise ConfigError(
            f"{path} cannot be sampled from: its generator is not what it is said to be."
        ) from None
    script = str(header.told("config")[LOOP])
    return Trained(generator, config, header.step, weights, data, script)


def stage_in(path: Path, header: CheckpointHeader) -> Stage | None:
    """Return where the networks of the checkpoint at `path` stand; None where they do not grow.

    Raises `ConfigError` where `header`, which is its own, does not say it.
    """
    config = config_in(path, header)
    growth = growth_of(config, config.data_spec)
    if growth is None:
        return None
    try:
        counters = header.told("counters")
        return growth.stage(int(counters["images"]) + int(counters.get("grown", 0)))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ConfigError(
            f"{path} cannot be sampled from: it does not say how far its network had grown."
        ) from None


def load_discriminator(path: Path) -> Discriminator:
    """Load the discriminator of the checkpoint at `path` onto the CPU, in evaluation mode.

    Raises as `load_generator`; ConfigError too where it has none, as what was imported.
    """
    checkpoints.verify(path)
    header = checkpoints.read_header(path)
    config = config_in(path, header)
    if not any(name.startswith("discriminator.") for name in header.tensors):
        raise ConfigError(f"{path} has no discriminator.")
    with torch.device("meta"):
        discriminator = discriminator_from(
            config, config.data_spec.with_classes(classes_in(path, header))
        )
    _fill(discriminator, path, header.tensors, "discriminator")
    return discriminator.eval().requires_grad_(False)


def largest_values(path: Path) -> dict[str, dict[str, float]]:
    """Return each layer's largest singular value, by network, of the checkpoint at `path`.

    Of the generator as it draws, and of the discriminator where there is one. Raises as
    `load_generator`.
    """
    found = {"generator": largest_singular_values(load_generator(path).generator)}
    with contextlib.suppress(ConfigError):
        found["discriminator"] = largest_singular_values(load_discriminator(path))
    return found


def _fill(network: nn.Module, path: Path, names: Iterable[str], part: str) -> None:
    """Give a network that was built without memory the weights of a part of a checkpoint."""
    state = _read(path, names, prefix=f"{part}.")
    dtypes = {name: value.dtype for name, value in network.state_dict().items()}
    try:
        if dtypes != {name: value.dtype for name, value in state.items()}:
            raise RuntimeError
        network.load_state_dict(state, assign=True)
    except RuntimeError:
        raise ConfigError(
            f"{path} cannot be sampled from: its weights do not fit its configuration."
        ) from None


def _choose(path: Path, names: Iterable[str], ema: bool | None) -> str:
    has_ema = any(name.startswith("ema.") for name in names)
    if ema and not has_ema:
        raise ConfigError(
            f"{path} has no averaged weights, because its run had ema_kimg = 0; use --no-ema."
        )
    return "ema" if has_ema and ema is not False else "generator"


def _read(path: Path, names: Iterable[str], *, prefix: str) -> dict[str, torch.Tensor]:
    try:
        with regular_path(path) as named, safe_open(named, framework="pt") as file:
            return {
                name.removeprefix(prefix): file.get_tensor(name)
                for name in names
                if name.startswith(prefix)
            }
    except (SafetensorError, OSError) as error:
        # A run that trains may have removed it a moment ago.
        raise CheckpointDamaged(path, f"it cannot be read ({error})") from None


def label_of(trained: Trained, wanted: str) -> int:
    """Return the label of the class called `wanted`, or of that number from 0.

    A name goes before a number; capitals do not matter where no other class is called so. Raises
    `ConfigError` for a class it does not have, and for a generator that has none.
    """
    names = trained.data.classes
    if not names:
        raise ConfigError(
            "This run was trained without labels, so there is no class to choose; leave --class "
            "out, or train with --conditional projection."
        )
    if wanted in names:
        return names.index(wanted)
    alike = [label for label, name in enumerate(names) if name.casefold() == wanted.casefold()]
    if len(alike) == 1:
        return alike[0]
    if wanted.isascii() and wanted.isdigit() and int(wanted[:9]) < len(names):
        return int(wanted[:9])
    raise ConfigError(f"There is no class {wanted!r}: {_known(names, wanted)}.")


def labels_of(trained: Trained, wanted: Sequence[str]) -> list[int]:
    """Return the labels of several classes in the order of `wanted`, where `all` is every one.

    Raises `ConfigError` as `label_of` does.
    """
    labels: list[int] = []
    for each in wanted:
        if each == ALL and ALL not in trained.data.classes and trained.data.classes:
            labels += range(len(trained.data.classes))
        else:
            labels.append(label_of(trained, each))
    return labels


def _known(names: Sequence[str], wanted: str) -> str:
    """Say which classes there are, or of many which are meant perhaps."""
    if len(names) <= _LISTED:
        return f"there are {', '.join(names)}"
    near = get_close_matches(wanted, names, n=3)
    if near:
        return f"there is {' and '.join(near)}, and a number from 0 to {len(names) - 1} will do"
    return f"there are {len(names)}, {names[0]} to {names[-1]}; name one, or 0 to {len(names) - 1}"
