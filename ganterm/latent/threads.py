"""How many cores to take for images that are drawn a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one core within.

    A few small images hardly gain by a second core, while threads that wait for one another at
    every layer wait for whatever else runs on their cores: beside a training run a frame of 28x28
    took 160 ms with two threads and 2 ms with one. It also makes results the same on machines with
    other numbers of cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
