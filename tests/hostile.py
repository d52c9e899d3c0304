"""Files of weights that would do harm to whoever trusts them."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def evil_zip(path: Path, marker: Path) -> None:
    """Write code as torch.save would."""
    torch.save({"a": Evil(marker)}, path)


def evil_pickle(path: Path, marker: Path) -> None:
    """Write code as a plain pickle."""
    path.write_bytes(pickle.dumps(Evil(marker)))


def evil_legacy(path: Path, marker: Path) -> None:
    """Write code as torch.save did before version 1.6."""
    torch.save({"a": Evil(marker)}, path, _use_new_zipfile_serialization=False)


EVIL = (evil_zip, evil_pickle, evil_legacy)


def script(path: Path) -> None:
    """Write an archive that looks like TorchScript."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"archive/{name}", b"\x80\x02}.")


def bomb(path: Path) -> None:
    """Write an archive that unpacks to a thousand times its size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 20))
