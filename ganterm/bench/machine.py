"""The machine the figures hold for, described without naming it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from ganterm import __version__

_PACKAGES = ("torch", "torchvision", "numpy", "pillow", "safetensors")


def describe_machine() -> dict[str, str | int | float | None]:
    """Return what the speed depends on; `load` is the one-minute load average right now.

    Says nothing that identifies the machine or its user. Imports PyTorch.
    """
    import torch  # noqa: PLC0415 - the command's help must not wait for it

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": _cores(),
        "memory_gib": round(_memory() / 2**30, 1),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "torch_threads": torch.get_num_threads(),
        "gpu": gpu,
        "load": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Return the versions of ganterm, Python and the packages whose speed counts."""
    found = {"ganterm": __version__, "python": platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in _PACKAGES}


def _cores() -> int:
    """Return the cores this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name" and value.strip():
            return value.strip()
    return platform.processor() or "unknown"
