"""How many steps a configuration trains on so many images."""

from __future__ import annotations

from ganterm.config.schema import RunConfig


def steps_of(config: RunConfig, images: int) -> int:
    """Return the generator's steps of a whole run on `images` images; 0 if no batch is full."""
    if config.steps:
        return config.steps
    whole, rest = divmod(images, config.batch_size)
    # A last batch of a single image is dropped in any case.
    batches = whole + (rest > 1 and not config.drop_last)
    return -(-batches * config.epochs // config.d_steps)
