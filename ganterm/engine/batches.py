"""Batches of real images straight from the device's memory, in an order given by (seed, epoch)."""

from __future__ import annotations

from typing import Final

import torch

from ganterm.config.schema import batches_per_epoch, too_few_images
from ganterm.core.errors import DataError
from ganterm.engine.seeding import generator_for

_AT_ONCE: Final = 4096
"""Images whose order goes to the device in one copy, which waits for it: many epochs of a few."""


class Batches:
    """The endless sequence of batches: batch `i` is the same whenever it is asked for.

    `images` is uint8 (N, C, H, W) and stays on `device`; a batch is float32 (B, C, H, W) in
    [-1, 1]. Points, which are float32 (N, 2, 1, 1), are taken as they are. `labels`, int64 (N,),
    stay beside the images. With `flip` half of the images are mirrored, others in every epoch.

    Raises `DataError` when there are too few images for one batch.
    """

    def __init__(
        self,
        images: torch.Tensor,
        *,
        batch_size: int,
        drop_last: bool,
        seed: int,
        device: torch.device,
        labels: torch.Tensor | None = None,
        flip: bool = False,
    ) -> None:
        self.images = images.to(device)
        self._labels = None if labels is None else labels.to(device)
        self.batch_size = batch_size
        self.seed = seed
        self.flip = flip
        count = images.shape[0]
        self.per_epoch = batches_per_epoch(count, batch_size, drop_last=drop_last)
        if self.per_epoch == 0:
            raise DataError(too_few_images(count, batch_size))
        self._epochs = range(0)
        self._orders = torch.empty(0, 0, dtype=torch.long)
        self._mirrored = torch.empty(0, 0, dtype=torch.bool)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Return batch `index` of the run, counted from 0 across epochs."""
        batch = self.images.index_select(0, self._chosen(index))
        if batch.is_floating_point():
            return batch
        if self.flip:
            mirrored = self._mirrored[self._places(index)].view(-1, 1, 1, 1)
            batch = torch.where(mirrored, batch.flip(3), batch)
        batch = batch.to(torch.float32)
        return batch.div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)

    def labels(self, index: int) -> torch.Tensor | None:
        """Return the labels (B,) of batch `index`; None where the images have none."""
        if self._labels is None:
            return None
        return self._labels.index_select(0, self._chosen(index))

    @property
    def largest(self) -> int:
        """Images in a full batch."""
        return self.size(0)

    def size(self, index: int) -> int:
        """Return how many images batch `index` holds, without fetching it."""
        start = (index % self.per_epoch) * self.batch_size
        return min(self.batch_size, self.images.shape[0] - start)

    def _chosen(self, index: int) -> torch.Tensor:
        places = self._places(index)  # which has the order at hand
        return self._orders[places]

    def _places(self, index: int) -> tuple[int, slice]:
        """Return where the images of batch `index` stand in the orders that are at hand."""
        epoch, position = divmod(index, self.per_epoch)
        self._reach(epoch)
        start = position * self.batch_size
        return epoch - self._epochs.start, slice(start, start + self.batch_size)

    def _reach(self, epoch: int) -> None:
        """Have the order of `epoch` at hand, and of as many others as one copy is to take."""
        if epoch in self._epochs:
            return
        count, device = self.images.shape[0], self.images.device
        at_once = max(_AT_ONCE // count, 1)
        self._epochs = range(epoch, epoch + at_once)
        # On the CPU, so that every kind of device sees the same order.
        orders = [
            torch.randperm(count, generator=generator_for(self.seed, "batch order", each))
            for each in self._epochs
        ]
        self._orders = torch.stack(orders).to(device)
        if self.flip:
            chances = [
                torch.rand(count, generator=generator_for(self.seed, "mirrored", each))
                for each in self._epochs
            ]
            self._mirrored = (torch.stack(chances) < 0.5).to(device)
