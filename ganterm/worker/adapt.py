"""A state brought to settings other than those it was reached under, as a branch may have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ganterm.config import RunConfig
from ganterm.config.length import batches_per_epoch
from ganterm.errors import ConfigError


def adapted(
    tensors: Mapping[str, torch.Tensor],
    counters: Mapping[str, Any],
    before: RunConfig,
    now: RunConfig,
    images: int,
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return an exported state as `training.state.restore_state` needs it under `now`.

    `before` is the configuration it was reached under, with the same networks, on so many
    `images`. Where nothing that matters differs, the state comes back as it is.

    Weight averaging that was off begins with the generator's present weights. With batches of
    another size the run stands at the same share of its epoch.
    """
    tensors, counters = dict(tensors), dict(counters)
    if now.ema_kimg and not before.ema_kimg:
        tensors |= {
            f"ema.{name.removeprefix('generator.')}": value
            for name, value in tensors.items()
            if name.startswith("generator.")
        }
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
