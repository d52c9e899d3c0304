"""How many images of a batch go through the networks at once, found out where `auto` asks."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final

import torch

from ganterm.components.networks import fewest_at_once
from ganterm.config import RunConfig
from ganterm.engine.batches import Batches
from ganterm.engine.build import Networks
from ganterm.engine.modes import Say, Trial
from ganterm.engine.step import GanStep

_SHARE: Final = 0.5
"""Of the memory that is left, what a step may take: the rest is for judging and checkpoints."""
_MEASURED: Final = 4
"""Images that are enough to know what one takes."""


def choose_micro_batch(
    networks: Networks, batches: Batches, config: RunConfig, free: Callable[[], int], say: Say
) -> tuple[int, list[str]]:
    """Return how many images to take at once, 0 for whole batches, and what to tell the user.

    `free` returns the bytes of memory that are left, 0 where nobody knows, for a device that does
    not say when it runs out. The training's state is as before when this returns.
    """
    if config.micro_batch is not None:
        return config.micro_batch, []
    say("measuring the memory of a step")
    trial = Trial(networks, batches, config)
    with trial.at_full_size():
        if batches.device.type == "cuda":
            found = _largest_that_runs(networks, batches, config)
        else:
            each = _bytes_of_one(networks, batches, config)
            left = free()
            fits = (
                max(int(left * _SHARE / each), fewest_at_once(config))
                if left and each
                else batches.largest
            )
            found = fits if fits < batches.largest else 0
    if not found:
        return 0, []
    return found, [
        f"Each batch of {batches.largest} goes through the networks {found} images at a time, "
        "which is what the memory holds."
    ]


def _trial_step(networks: Networks, batches: Batches, config: RunConfig, images: int) -> None:
    step = GanStep(networks, config, lambda names, values: None)
    step.micro_batch = images
    step.run([batches[0]], [batches.labels(0)], first_batch=0, measure=False)


def _largest_that_runs(networks: Networks, batches: Batches, config: RunConfig) -> int:
    """Return the most images at once, by halves of a batch, with which a step does run."""
    at_once = batches.largest
    while True:
        try:
            _trial_step(networks, batches, config, at_once)
        except torch.OutOfMemoryError:
            if at_once <= fewest_at_once(config):
                raise
        else:
            return at_once if at_once < batches.largest else 0
        # Outside of the handler, whose traceback would hold what has to be given back.
        for optimizer in (networks.optimizer_g, networks.optimizer_d):
            optimizer.zero_grad(set_to_none=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        at_once = max(-(-at_once // 2), fewest_at_once(config))


def _bytes_of_one(networks: Networks, batches: Batches, config: RunConfig) -> int:
    """Return the bytes that a step keeps of an image for its gradients, at most."""
    # Held until the end, so that none takes the place of one that was counted.
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage
        return tensor

    weights = {
        parameter.untyped_storage().data_ptr()
        for network in (networks.generator, networks.discriminator)
        for parameter in network.parameters()
    }
    few = min(_MEASURED, batches.largest)
    labels = batches.labels(0)
    step = GanStep(networks, config, lambda names, values: None)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        step.run(
            [batches[0][:few]],
            [None if labels is None else labels[:few]],
            first_batch=0,
            measure=False,
        )
    return sum(each.nbytes() for place, each in kept.items() if place not in weights) // few
