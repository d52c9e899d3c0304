"""What a run is made by besides its settings: libraries, the machine, the user's own code."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ganterm import __version__, recipes
from ganterm.config import RunConfig
from ganterm.config.fields import packaged
from ganterm.core.errors import ConfigError
from ganterm.core.published import package_of

_GIT_SECONDS: Final = 5.0
_DRIVER: Final = Path("/proc/driver/nvidia/version")
_PROCESSORS: Final = Path("/proc/cpuinfo")


def versions() -> dict[str, str]:
    """Return the versions of what computes, by name."""
    found = {
        "ganterm": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    if torch.cuda.is_available():
        cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        found |= {"cuda": torch.version.cuda or "", "cudnn": "" if cudnn is None else str(cudnn)}
    return {name: text for name, text in found.items() if text}


def packages(config: RunConfig) -> dict[str, str]:
    """Return the installed packages and their versions, by the parts and the recipe of theirs."""
    found = {name: package_of(name.partition(":")[0]) for name in packaged(config)}
    with contextlib.suppress(ConfigError):
        found[config.recipe] = recipes.load(config.recipe).package
    return {name: text for name, text in found.items() if text}


def machine(device: torch.device) -> dict[str, str]:
    """Return the kind of processor, and of the GPU and its driver where it is trained on one."""
    found = {"cpu": _line(_PROCESSORS, "model name") or platform.processor() or platform.machine()}
    if device.type == "cuda":
        found |= {
            "gpu": torch.cuda.get_device_name(device),
            "driver": _line(_DRIVER, "NVRM version"),
        }
    return {name: text for name, text in found.items() if text}


def code(directory: Path) -> dict[str, str]:
    """Return the `commit` of git that a directory stands at, and whether it is `dirty`: yes or no.

    Empty where that cannot be told: no repository, no git, or one of somebody else's.
    """
    commit = _git(directory, "rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git(directory, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit} | ({} if changed is None else {"dirty": "yes" if changed else "no"})


def _git(directory: Path, *arguments: str) -> str | None:
    """Return what git prints; None where it fails. A repository's settings start no programs."""
    # Never one that lies in the current directory.
    places = [each for each in os.get_exec_path() if Path(each).is_absolute()]
    git = shutil.which("git", path=os.pathsep.join(places))
    if git is None:
        return None
    command = [git, "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and no word of anybody's
            command,
            cwd=directory,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def _line(path: Path, key: str) -> str:
    """Return what a file of the kernel says after `key` and a colon; empty where it does not."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(key))
    return next(found, "")
