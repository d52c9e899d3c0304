"""Files of weights that others made, read without anything in them being run.

This is the one place where `torch.load` is called, because what tutorials hand out, and torchvision
publishes, are its files. With `weights_only=True` it builds tensors and plain containers, and
refuses everything else that a pickle could ask for. What it then still trusts, sizes above all, is
looked at before (`load_foreign`) and after (`check_tensors`).
"""

from __future__ import annotations

import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ganterm.core.errors import DataError
from ganterm.core.files import open_regular, read_range, regular_path
from ganterm.runs.tensorfile import MAX_HEADER

MAX_BYTES: Final = 2 << 30
"""Files above this are refused: a network of small images has some megabytes."""
MAX_TENSORS: Final = 10_000
_DTYPES: Final = frozenset(
    {
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.uint8,
        torch.int32,
        torch.int64,
    }
)
_MAX_ENTRIES = 2 * MAX_TENSORS

WHAT_TO_GIVE: Final = "torch.save(model.state_dict(), ...) writes them"
"""How the weights that are wanted come about, for the end of a sentence."""


class _Inert:
    """Stands in for an object of NumPy's: takes whatever it is made of, and keeps nothing."""

    def __new__(cls, *_: object) -> _Inert:
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        pass


_NUMPY: Final = (
    *("numpy.dtype", "numpy.ndarray"),
    # NumPy 2 renamed its core.
    *(
        f"numpy.{core}.multiarray.{name}"
        for core in ("core", "_core")
        for name in ("scalar", "_reconstruct")
    ),
    *(
        f"numpy.random.{name}"
        for name in (
            *("_pickle.__generator_ctor", "_pickle.__bit_generator_ctor"),
            *("_pickle.__randomstate_ctor", "_mt19937.MT19937", "_pcg64.PCG64"),
            *("_pcg64.PCG64DXSM", "_philox.Philox", "_sfc64.SFC64"),
            *("bit_generator.SeedSequence", "bit_generator.__pyx_unpickle_SeedSequence"),
        )
    ),
)
"""What pickles of NumPy's scalars, arrays and states of random numbers ask for, by name.

Checkpoints have them beside the weights: a loss, a step, `numpy.random.get_state()`.
"""

_Value = TypeVar("_Value")


def load_foreign(path: Path) -> Any:
    """Return what the file at `path` holds: whatever torch.save wrote, or the dict of safetensors.

    Tensors are on the CPU and not yet looked at: see `check_tensors`. Those of safetensors, which
    keeps no order, come in the natural order of their names.

    Raises:
        DataError: it cannot be read, is not whole, or holds other things than tensors and plain
            containers: one sentence says which.
    """
    head, size = _look(path)
    if head.startswith(b"PK\x03\x04"):
        _check_archive(path, size)
        return _loaded(path)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < MAX_HEADER:
        return in_natural_order(_safetensors(path))
    if head.startswith(b"\x80"):
        return _loaded(path)
    raise DataError(
        f"{path} is no file of weights; give what torch.save wrote (.pth, .pt) or safetensors."
    )


def check_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors of the file at `path` that are not plain, not finite, or too many.

    Raises:
        DataError: one sentence says which and why.
    """
    if len(tensors) > MAX_TENSORS:
        raise DataError(f"{path} holds {len(tensors):,} tensors, which no network here does.")
    for name, value in tensors.items():
        plain = value.layout is torch.strided and value.device.type == "cpu"
        if not plain or value.dtype not in _DTYPES:
            raise DataError(f"{path} holds {name[:100]!r}, which is no plain tensor of numbers.")
        # A view may claim any shape over few bytes; nothing of that kind is ever saved.
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise DataError(f"{path} holds {name[:100]!r}, which claims more than the file has.")
        if not bool(value.isfinite().all()):
            raise DataError(
                f"{path} holds NaN or infinity in {name[:100]!r}: its training diverged; give an "
                "earlier file."
            )


def in_natural_order(tensors: Mapping[str, _Value]) -> dict[str, _Value]:
    """Order by name with numbers as numbers, as in an `nn.Sequential`: layer 2 before layer 10."""
    return {name: tensors[name] for name in sorted(tensors, key=_natural)}


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"([0-9]+)", name)
    # Every second part is a number; an endless one need not be read to its end.
    return [
        (index % 2, int(part[:18]) if index % 2 else 0, part) for index, part in enumerate(parts)
    ]


def _look(path: Path) -> tuple[bytes, int]:
    """Return the first bytes of a regular file, and its size."""
    try:
        descriptor = open_regular(path, follow=True)
        try:
            size = os.fstat(descriptor).st_size
            head = read_range(descriptor, 0, 16)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:  # a path with a null byte
        raise DataError(f"{str(path)!r} is a name that no file can have.") from None
    if size > MAX_BYTES:
        raise DataError(f"{path} has over {MAX_BYTES >> 30} GiB, which no network here has.")
    return head, size


def _check_archive(path: Path, size: int) -> None:
    """Refuse archives that would unpack to more than they are; torch packs nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        raise _damaged(path) from None
    names = [entry.filename.rpartition("/")[2] for entry in entries]
    if "constants.pkl" in names or any("/code/" in entry.filename for entry in entries):
        raise DataError(
            f"{path} is a program (TorchScript or torch.export), and weights are wanted: "
            f"{WHAT_TO_GIVE}."
        )
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or len(entries) > _MAX_ENTRIES or sum(each.file_size for each in entries) > size:
        raise DataError(f"{path} is packed as torch.save never does, so it was not opened.")
    if "data.pkl" not in names:
        raise DataError(f"{path} is an archive without weights; give what torch.save wrote.")


def _loaded(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's words to those who work on it
            with torch.serialization.safe_globals([(_Inert, name) for name in _NUMPY]):
                return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise DataError(
            f"{path} holds more than tensors{_such_as(path)}, which could run code when it is "
            f"opened, so it was not; weights are wanted: {WHAT_TO_GIVE}."
        ) from None
    except Exception:  # noqa: BLE001 - damaged files raise nearly anything inside
        raise _damaged(path) from None


def _such_as(path: Path) -> str:
    """Return the first of what a pickle asks for beside weights, for a sentence; it is not run."""
    try:
        asked = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # noqa: BLE001 - of a file before torch 1.6, or a damaged one
        return ""
    named = sorted(name for name in asked if name not in _NUMPY)
    return f" ({named[0][:60]})" if named else ""


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with regular_path(path) as named:
            return load_file(named)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError):
        raise _damaged(path) from None


def _damaged(path: Path) -> DataError:
    return DataError(f"{path} is damaged or not whole; copy or download it anew.")
