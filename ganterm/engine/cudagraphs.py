"""Capturing work as CUDA graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


class CudaRecorder:
    """Captures work on one CUDA device, on a stream of its own.

    All graphs share one pool of memory, for they never run at the same time, and nothing that one
    of them leaves behind is read after another has run.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Put work on the stream on which graphs are captured and replayed.

        It comes after what is under way on the stream outside, and before what follows there.
        """
        outside = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(outside)
        try:
            with torch.cuda.stream(self._stream):
                yield
        finally:
            outside.wait_stream(self._stream)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return the replay of `work`, none of which is done yet."""
        graph = torch.cuda.CUDAGraph()
        random = torch.cuda.get_rng_state(self._device)
        try:
            with torch.cuda.graph(
                graph,
                pool=self._pool,
                stream=self._stream,
                # A thread of the worker may talk to the device in the meantime.
                capture_error_mode="thread_local",
            ):
                work()
        finally:
            torch.cuda.set_rng_state(random, self._device)
        return graph.replay
