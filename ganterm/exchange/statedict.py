"""Foreign weights read from a file, without anything in the file being run.

This is the one place where `torch.load` is called, because what tutorials hand out are its files.
With `weights_only=True` it builds tensors and plain containers, and refuses everything else that a
pickle could ask for. What it then still trusts, sizes above all, is looked at before and after.
"""

from __future__ import annotations

import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ganterm.errors import DataError
from ganterm.exchange.names import generators_key, in_natural_order, unprefixed
from ganterm.runs.files import open_regular, read_range
from ganterm.runs.tensorfile import MAX_HEADER

MAX_BYTES: Final = 2 << 30
"""Files above this are refused: a generator of small images has some megabytes."""
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
_MAX_DEPTH = 4
_NAMED = 6
"""Keys named in a sentence."""

_ONLY_WEIGHTS = (
    "holds more than tensors, which could run code when it is opened, so it was not; ask for the "
    "file that torch.save(generator.state_dict(), ...) writes"
)


@dataclass(frozen=True)
class Foreign:
    """The tensors of a generator by name, in the order of its layers as far as the file says."""

    tensors: dict[str, Tensor]
    notes: tuple[str, ...] = ()
    """What was taken from where, a sentence each; they hold foreign text."""


def read_state(path: Path, *, part: str | None = None) -> Foreign:
    """Read the state_dict in the file at `path`: what torch.save wrote, or safetensors.

    A wrapper such as `{"generator": …}` and prefixes such as `module.` are taken off; `part` is the
    key of the generator's weights in a file of several networks whose keys do not say.

    Raises:
        DataError: it cannot be read, is not whole, holds other things than weights, or tensors
            that cannot be: one sentence says which.
    """
    head, size = _look(path)
    notes: list[str] = []
    if head.startswith(b"PK\x03\x04"):
        _check_archive(path, size)
        found = _loaded(path)
    elif head[8:9] == b"{" and int.from_bytes(head[:8], "little") < MAX_HEADER:
        found = in_natural_order(_safetensors(path))
    elif head.startswith(b"\x80"):
        found = _loaded(path)
    else:
        raise DataError(
            f"{path} is no file of weights; give what torch.save wrote (.pth, .pt) or safetensors."
        )
    state = _unwrapped(path, _chosen(path, found, part, notes), notes)
    tensors = {str(name): value for name, value in state.items() if isinstance(value, Tensor)}
    others = len(state) - len(tensors)
    if others:
        notes.append(f"{others} entries of the file are no tensors and were left aside.")
    tensors, taken = unprefixed(tensors)
    if taken:
        notes.append(f"The names of the tensors are read without {taken!r}.")
    _check_tensors(path, tensors)
    return Foreign(tensors, tuple(notes))


def _look(path: Path) -> tuple[bytes, int]:
    try:
        descriptor = open_regular(path)
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
        raise DataError(f"{path} has over {MAX_BYTES >> 30} GiB, which no generator here has.")
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
        raise DataError(f"{path} is a program (TorchScript or torch.export), and {_ASK}.")
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or len(entries) > _MAX_ENTRIES or sum(each.file_size for each in entries) > size:
        raise DataError(f"{path} is packed as torch.save never does, so it was not opened.")
    if "data.pkl" not in names:
        raise DataError(f"{path} is an archive without weights; give what torch.save wrote.")


_ASK = "weights are wanted: torch.save(generator.state_dict(), ...) writes them"


def _loaded(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's words to those who work on it
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise DataError(f"{path} {_ONLY_WEIGHTS}.") from None
    except Exception:  # noqa: BLE001 - damaged files raise nearly anything inside
        raise _damaged(path) from None


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError):
        raise _damaged(path) from None


def _chosen(path: Path, found: Any, part: str | None, notes: list[str]) -> Any:
    """Return what the file keeps under `part`, or all of it where none is named."""
    if part is None:
        return found
    held = found.get(part) if isinstance(found, Mapping) else None
    if not isinstance(held, Mapping):
        raise DataError(f"{path} keeps no weights under {part!r}; it has {_keys(found)}.")
    notes.append(f"The weights are those that the file keeps under {part!r}.")
    return held


def _unwrapped(path: Path, found: Any, notes: list[str]) -> Mapping[Any, Any]:
    """Return the mapping that holds the generator's tensors, a few wrappers deep at most.

    Whole checkpoints keep single tensors beside the networks: fixed noise, the last loss.
    """
    for _ in range(_MAX_DEPTH):
        if not isinstance(found, Mapping):
            break
        inner = [str(key) for key, value in found.items() if _holds_tensors(value)]
        if not inner and any(isinstance(value, Tensor) for value in found.values()):
            return found
        key = generators_key(inner)
        if key is None and len(inner) > 1:
            raise DataError(
                f"{path} keeps several networks, and no key says which is the generator's; choose "
                f"one with --part: {_keys(found)}."
            )
        if not inner:
            break
        key = key or inner[0]
        notes.append(f"The weights are those that the file keeps under {key!r}.")
        found = next(value for name, value in found.items() if str(name) == key)
    raise DataError(f"{path} holds no state_dict of a generator; {_ASK}.")


def _holds_tensors(value: Any, depth: int = _MAX_DEPTH) -> bool:
    """Tell whether it is a mapping with tensors inside, and no optimiser's."""
    if not isinstance(value, Mapping) or not depth or {"state", "param_groups"} <= set(value):
        return False
    return any(
        isinstance(inner, Tensor) or _holds_tensors(inner, depth - 1) for inner in value.values()
    )


def _keys(found: Any) -> str:
    """Return the keys of a file under which tensors are, shortened, for a sentence."""
    held = found.items() if isinstance(found, Mapping) else ()
    named = [repr(str(key)[:40]) for key, value in held if _holds_tensors(value)]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return (", ".join(named[:_NAMED]) or "no such parts") + more


def _check_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    if len(tensors) > MAX_TENSORS:
        raise DataError(f"{path} holds {len(tensors):,} tensors, which no generator here does.")
    for name, value in tensors.items():
        plain = value.layout is torch.strided and value.device.type == "cpu"
        # A view may claim any shape over few bytes; nothing of that kind is ever saved.
        if not plain or value.dtype not in _DTYPES:
            raise DataError(f"{path} holds {name[:100]!r}, which is no plain tensor of numbers.")
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise DataError(f"{path} holds {name[:100]!r}, which claims more than the file has.")
        if not bool(value.isfinite().all()):
            raise DataError(
                f"{path} holds NaN or infinity in {name[:100]!r}: its training diverged; give an "
                "earlier file."
            )


def _damaged(path: Path) -> DataError:
    return DataError(f"{path} is damaged or not whole; copy or download it anew.")
