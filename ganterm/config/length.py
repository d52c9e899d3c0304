"""How many steps a configuration trains on so many images."""

from __future__ import annotations

from ganterm.config.schema import RunConfig


def steps_of(config: RunConfig, images: int) -> int:
    """Return the generator's steps of a whole run on `images` images; 0 if no batch is full."""
    if config.steps:
        return config.steps
    batches = batches_per_epoch(images, config.batch_size, drop_last=config.drop_last)
    return -(-batches * config.epochs // config.d_steps)


def too_few_images(images: int, batch_size: int) -> str:
    """Say that so many images do not fill a batch, and what to do."""
    remedy = "set a smaller batch_size, or drop_last = false" if images > 1 else "add more"
    return (
        f"The dataset has {images} image{'s' if images != 1 else ''}, fewer than one batch of "
        f"{batch_size}; {remedy}."
    )


def batches_per_epoch(images: int, batch_size: int, *, drop_last: bool) -> int:
    """Return how many batches so many images make; 0 if they do not fill one."""
    whole, rest = divmod(images, batch_size)
    # One image alone has no batch statistics, so a last batch of one is dropped in any case.
    return whole + (rest > 1 and not drop_last)
