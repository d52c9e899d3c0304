"""How many steps a configuration trains on so many images."""

from __future__ import annotations

from ganterm.config.schema import RunConfig


def steps_of(config: RunConfig, images: int) -> int:
    """Return the generator's steps of a whole run on `images` images; 0 if no batch is full."""
    if config.steps:
        return config.steps
    batches = batches_per_epoch(images, config.batch_size, drop_last=config.drop_last)
    return -(-batches * config.epochs // config.d_steps)


def batches_per_epoch(images: int, batch_size: int, *, drop_last: bool) -> int:
    """Return how many batches so many images make; 0 if they do not fill one."""
    whole, rest = divmod(images, batch_size)
    # One image alone has no batch statistics, so a last batch of one is dropped in any case.
    return whole + (rest > 1 and not drop_last)
