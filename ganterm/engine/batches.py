"""Batches of real images in an order given by (seed, epoch).

They come straight from the device's memory, or from the host's where the device has no room.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import torch

from ganterm.config.schema import batches_per_epoch, too_few_images
from ganterm.core.errors import DataError
from ganterm.engine.seeding import generator_for

_AT_ONCE: Final = 4096
"""Images whose order goes to the device in one copy, which waits for it: many epochs of a few."""
_SHARE: Final = 0.4
"""Share of a device's free memory that images may take; networks and their steps take the rest."""
_BUFFERS: Final = 3
"""One that is filled, one that is copied from, and one that the device may still read."""


def room_on(device: torch.device) -> int | None:
    """Return how many bytes of images may lie on a device; None where they lie anyway."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return int(_SHARE * free)


class Batches:
    """The endless sequence of batches: batch `i` is the same whenever it is asked for.

    `images` is uint8 (N, C, H, W) and stays on `device`; a batch is float32 (B, C, H, W) in
    [-1, 1]. Points, which are float32 (N, 2, 1, 1), are taken as they are. `labels`, int64 (N,),
    stay on the device too. With `flip` half of the images are mirrored, others in every epoch.

    Images of more bytes than `room`, by default `room_on` the device, stay where they are, such as
    mapped from a file, and each batch is gathered while the one before it is trained on.

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
        room: int | None = None,
    ) -> None:
        self.device = device
        room = room_on(device) if room is None else room
        self.streamed = room is not None and images.dtype == torch.uint8 and images.numel() > room
        self.images = images if self.streamed else images.to(device)
        self._labels = None if labels is None else labels.to(device)
        self.batch_size = batch_size
        self.seed = seed
        self.flip = flip
        count = images.shape[0]
        self.per_epoch = batches_per_epoch(count, batch_size, drop_last=drop_last)
        if self.per_epoch == 0:
            raise DataError(too_few_images(count, batch_size))
        self._epochs = range(0)
        self._orders = self._on_host = torch.empty(0, 0, dtype=torch.long)
        self._mirrored = torch.empty(0, 0, dtype=torch.bool)
        self._stream = _Stream(self.images, self.largest, device) if self.streamed else None

    def __getitem__(self, index: int) -> torch.Tensor:
        """Return batch `index` of the run, counted from 0 across epochs."""
        if self._stream is not None:
            batch = self._stream.take(index, self._chosen_on_host)
        else:
            batch = self.images.index_select(0, self._chosen(index))
        if batch.is_floating_point():
            return batch
        if self.flip:
            places = self._places(index)
            batch = torch.where(self._mirrored[places].view(-1, 1, 1, 1), batch.flip(3), batch)
        batch = batch.to(torch.float32)
        return batch.div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)

    def labels(self, index: int) -> torch.Tensor | None:
        """Return the labels (B,) of batch `index`; None where the images have none."""
        if self._labels is None:
            return None
        return self._labels.index_select(0, self._chosen(index))

    @property
    def about(self) -> list[str]:
        """What is to be said of where the images are; nothing where they are on the device."""
        if not self.streamed:
            return []
        held = f"{self.images.numel() / (1 << 30):.1f} GiB of images stay in the host's memory"
        return [f"The {held}, since {self.device.type} has too little free: batches are streamed."]

    @property
    def largest(self) -> int:
        """Images in a full batch."""
        return self.size(0)

    @property
    def smallest(self) -> int:
        """Images in the last batch of an epoch."""
        return self.size(self.per_epoch - 1)

    def size(self, index: int) -> int:
        """Return how many images batch `index` holds, without fetching it."""
        start = (index % self.per_epoch) * self.batch_size
        return min(self.batch_size, self.images.shape[0] - start)

    def _chosen(self, index: int) -> torch.Tensor:
        places = self._places(index)  # which has the order at hand
        return self._orders[places]

    def _chosen_on_host(self, index: int) -> torch.Tensor:
        places = self._places(index)
        return self._on_host[places]

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
        count = self.images.shape[0]
        at_once = max(_AT_ONCE // count, 1)
        self._epochs = range(epoch, epoch + at_once)
        # On the CPU, so that every kind of device sees the same order.
        orders = [
            torch.randperm(count, generator=generator_for(self.seed, "batch order", each))
            for each in self._epochs
        ]
        self._on_host = torch.stack(orders)
        self._orders = self._on_host.to(self.device)
        if self.flip:
            chances = [
                torch.rand(count, generator=generator_for(self.seed, "mirrored", each))
                for each in self._epochs
            ]
            self._mirrored = (torch.stack(chances) < 0.5).to(self.device)


class _Stream:
    """Batches from images that stay on the host: the next one is gathered in a thread.

    That thread calls nothing of CUDA, which would break the capture of a graph. Copies to the
    device have a stream of their own, so that they do not wait for the steps before them.
    """

    def __init__(self, images: torch.Tensor, largest: int, device: torch.device) -> None:
        self._images = images
        self._device = device
        cuda = device.type == "cuda"
        shape = (largest, *images.shape[1:])
        self._buffers = [
            torch.empty(shape, dtype=images.dtype, pin_memory=cuda) for _ in range(_BUFFERS)
        ]
        self._copies = torch.cuda.Stream(device) if cuda else None  # type: ignore[no-untyped-call]
        self._copied: list[torch.cuda.Event | None] = [None] * _BUFFERS
        self._turn = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._ahead: tuple[int, Future[torch.Tensor] | None] = -1, None

    def take(self, index: int, chosen: Callable[[int], torch.Tensor]) -> torch.Tensor:
        """Return batch `index` (B, C, H, W) on the device, and begin to gather the one after it.

        `chosen` tells which images a batch has.
        """
        known, ahead = self._ahead
        if known != index or ahead is None:
            ahead = self._gather(index, chosen)
        turn, rows = self._turn, ahead.result()
        if self._copies is None:
            batch = rows.to(self._device, copy=True)
        else:
            now = torch.cuda.current_stream(self._device)
            with torch.cuda.stream(self._copies):
                batch = rows.to(self._device, non_blocking=True)
                self._copied[turn] = self._copies.record_event()
            now.wait_stream(self._copies)
            batch.record_stream(now)
        self._ahead = index + 1, self._gather(index + 1, chosen)
        return batch

    def _gather(self, index: int, chosen: Callable[[int], torch.Tensor]) -> Future[torch.Tensor]:
        self._turn = (self._turn + 1) % _BUFFERS
        if (event := self._copied[self._turn]) is not None:
            event.synchronize()
        places = chosen(index)
        into = self._buffers[self._turn][: len(places)]
        return self._thread.submit(torch.index_select, self._images, 0, places, out=into)
