"""The exact state of a training run as named tensors and plain counters, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from ganterm.config import RunConfig
from ganterm.config.schedule import Schedule
from ganterm.config.schema import batches_per_epoch, steps_of
from ganterm.core.errors import ConfigError
from ganterm.engine import optimizers
from ganterm.engine.loop import DivergenceError, Trainer
from ganterm.engine.statistics import RunningSums

_AUGMENT_P = "augmentation.p"


def export_state(trainer: Trainer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors (on the CPU) and counters that `restore_state` needs.

    Both are snapshots that training on leaves alone. Names are `generator.… discriminator.… ema.…
    optimizer_g.… optimizer_d.… rng.… statistics.…`, and `augmentation.…` where that is adapted.
    What was measured must have been flushed. Raises `DivergenceError` when a weight is not finite.
    """
    tensors = dict(_modules(trainer))
    _refuse_non_finite(tensors, trainer.step)
    rests: dict[str, Any] = {}
    for name, optimizer, network in _optimizers(trainer):
        moments, rests[name] = optimizers.exported(name, optimizer, network)
        tensors |= moments
    tensors["rng.cpu"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["rng.cuda"] = torch.cuda.get_rng_state(trainer.device)
    counters: dict[str, Any] = {
        "step": trainer.step,
        "batches": trainer.batches_seen,
        "images": trainer.images_seen,
        **{name: rest for name, rest in rests.items() if rest},
    }
    if trainer.grown:
        counters["grown"] = trainer.grown
    if trainer.adaptive.watches:
        tensors |= dict(_adaptive(trainer))
    for name, running in _sums(trainer):
        sums, counts = running.state()
        tensors |= {f"statistics.{name}.{key}": value for key, value in sums.items()}
        counters[f"{name}_counts"] = counts
    return {name: _snapshot(value) for name, value in tensors.items()}, counters


def restore_state(
    trainer: Trainer, tensors: Mapping[str, torch.Tensor], counters: Mapping[str, Any]
) -> None:
    """Bring a fresh trainer of the same configuration to the exported state.

    Raises `ConfigError` naming the tensor when the state belongs to other networks.
    """
    with torch.no_grad():
        for name, target in _modules(trainer):
            target.copy_(_tensor(tensors, name, target.shape))
    for name, optimizer, network in _optimizers(trainer):
        optimizers.restore(name, optimizer, network, tensors, counters.get(name, {}))
    torch.set_rng_state(tensors["rng.cpu"])
    if trainer.device.type == "cuda" and "rng.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["rng.cuda"], trainer.device)
    trainer.step = counters["step"]
    trainer.batches_seen = counters["batches"]
    trainer.images_seen = counters["images"]
    trainer.grown = counters.get("grown", 0)
    trainer.grow()
    for name, value in _adaptive(trainer):
        if name in tensors:
            value.copy_(tensors[name])
    for name, running in _sums(trainer):
        prefix = f"statistics.{name}."
        sums = {
            key.removeprefix(prefix): value
            for key, value in tensors.items()
            if key.startswith(prefix)
        }
        running.load_state(sums, counters[f"{name}_counts"])


def begin_with(trainer: Trainer, tensors: Mapping[str, torch.Tensor], grown: int = 0) -> None:
    """Give the networks of a fresh trainer the weights of others, as far as they fit.

    Names are those of an exported state. The average begins with the one that is given, or with
    the generator. Networks that grow stand where `grown` images put them.
    """
    trainer.grown = grown
    trainer.grow()
    averaged = any(name.startswith("ema.") for name in tensors)
    with torch.no_grad():
        for name, target in _modules(trainer):
            given = name if averaged else name.replace("ema.", "generator.", 1)
            value = tensors.get(given)
            if value is not None and value.shape == target.shape:
                target.copy_(value)


def adapted(
    tensors: Mapping[str, torch.Tensor],
    counters: Mapping[str, Any],
    before: RunConfig,
    now: RunConfig,
    images: int,
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return an exported state as `restore_state` needs it under `now`.

    `before` is the configuration it was reached under, with the same networks, on so many
    `images`. Where nothing that matters differs, the state comes back as it is.

    Another optimiser begins afresh. Weight averaging that was off begins with the generator's
    present weights. A probability of augmentation that was not adapted begins with what it was, by
    its schedule if it has one; where nothing was augmented, as in a fresh run. With batches of
    another size the run stands at the same share of its epoch.
    """
    tensors, counters = dict(tensors), dict(counters)
    if now.optimizer != before.optimizer:
        tensors = {
            name: each for name, each in tensors.items() if not name.startswith("optimizer_")
        }
        counters = {
            name: each for name, each in counters.items() if not name.startswith("optimizer_")
        }
    if now.ema_kimg and not before.ema_kimg:
        tensors |= {
            f"ema.{name.removeprefix('generator.')}": value
            for name, value in tensors.items()
            if name.startswith("generator.")
        }
    if now.augment_target and not before.augment_target and before.augment != "none":
        present = before.augment_p
        if isinstance(present, Schedule):
            place = counters["step"], counters["images"], steps_of(before, images)
            present = present.at(*place)
        tensors[_AUGMENT_P] = torch.tensor(float(present))
    old, new = (
        batches_per_epoch(images, config.batch_size, drop_last=config.drop_last)
        for config in (before, now)
    )
    if old != new and old:
        epoch, position = divmod(counters["batches"], old)
        counters["batches"] = epoch * new + position * new // old
    return tensors, counters


def check_classes(before: Sequence[str], now: Sequence[str], dataset: str) -> None:
    """Raise `ConfigError` if labels of `dataset` no longer stand for what the networks learned.

    `before` are the classes that a state is conditioned on, by name, `now` those of the images.
    """
    if tuple(before) != tuple(now):
        raise ConfigError(
            f"The classes of {dataset} are no longer those that the run was trained on, which are "
            f"{', '.join(before)}; bring these back, or begin a new run with `ganterm train`."
        )


def _sums(trainer: Trainer) -> tuple[tuple[str, RunningSums], ...]:
    return ("window", trainer.statistics.window), ("epoch", trainer.statistics.epoch)


def _adaptive(trainer: Trainer) -> Iterator[tuple[str, torch.Tensor]]:
    yield "augmentation.sums", trainer.adaptive.sums
    if trainer.config.augment_target:
        yield _AUGMENT_P, trainer.adaptive.p


def _snapshot(value: torch.Tensor) -> torch.Tensor:
    # Always a copy: on the CPU the tensor itself would change as training goes on.
    return torch.empty(value.shape, dtype=value.dtype).copy_(value.detach())


def _modules(trainer: Trainer) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield every parameter and buffer by its name in a checkpoint."""
    modules: dict[str, nn.Module] = {
        "generator": trainer.networks.generator,
        "discriminator": trainer.networks.discriminator,
    }
    if trainer.ema:
        modules["ema"] = trainer.ema.model
    for prefix, module in modules.items():
        for name, value in module.state_dict(keep_vars=False).items():
            yield f"{prefix}.{name}", value


def _optimizers(
    trainer: Trainer,
) -> Iterator[tuple[str, torch.optim.Optimizer, nn.Module]]:
    """Yield what the tensors of each optimiser are called, itself, and the network it trains."""
    networks = trainer.networks
    yield "optimizer_g", networks.optimizer_g, networks.generator
    yield "optimizer_d", networks.optimizer_d, networks.discriminator


def _tensor(tensors: Mapping[str, torch.Tensor], name: str, shape: torch.Size) -> torch.Tensor:
    value = tensors.get(name)
    if value is None or value.shape != shape:
        found = "absent" if value is None else f"of shape {tuple(value.shape)}"
        raise ConfigError(
            f"The checkpoint does not fit the configuration: {name} is {found}, and the network "
            f"needs {tuple(shape)}."
        )
    return value


def _refuse_non_finite(tensors: Mapping[str, torch.Tensor], step: int) -> None:
    floats = {name: value for name, value in tensors.items() if value.is_floating_point()}
    finite = torch.stack([value.isfinite().all() for value in floats.values()]).tolist()
    for name, good in zip(floats, finite, strict=True):
        if not good:
            raise DivergenceError(step, f"the weight {name}")
