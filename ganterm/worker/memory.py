"""How much memory this process holds where it trains."""

from __future__ import annotations

import os
from pathlib import Path

import torch

_STATM = Path("/proc/self/statm")


def memory_in_use(device: torch.device) -> int | None:
    """Return the bytes that this process holds on a device; None where that cannot be told.

    On a GPU that is what PyTorch has reserved, on the CPU what of the process is in memory.
    """
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
