"""Files of tensors in the user's data directory, each with a checksum of all that it says."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from ganterm.core.files import regular_path, write_atomically

if TYPE_CHECKING:
    from torch import Tensor

_CHECKSUM: Final = "checksum"
_DIGEST_LENGTH: Final = 16


def keep(
    path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str], *, sync: bool = False
) -> None:
    """Write tensors and facts to `path`, in place of what is there, with a checksum of both.

    Raises OSError where that cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = {**facts, _CHECKSUM: _checksum(tensors, facts)}
    write_atomically(path, save(_plain(tensors), stated), sync=sync)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """Return the tensors and facts kept at `path`; None if they are not there or are damaged."""
    with contextlib.suppress(OSError, SafetensorError, ValueError, KeyError):
        with regular_path(path) as named, safe_open(named, framework="pt") as file:
            facts = dict(file.metadata() or {})
        tensors = load(path.read_bytes())
        if facts.pop(_CHECKSUM) == _checksum(tensors, facts):
            return tensors, facts
    return None


def digest_of(tensors: Mapping[str, Tensor]) -> str:
    """Return a digest of tensors and their names, in 16 hexadecimal digits."""
    return hashlib.sha256(save(_plain(tensors))).hexdigest()[:_DIGEST_LENGTH]


def _checksum(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> str:
    # Names of facts have no order in a file.
    told = json.dumps(facts, sort_keys=True).encode()
    return hashlib.sha256(save(_plain(tensors)) + told).hexdigest()


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors as a file has them: in rows, whatever layout they are computed in."""
    return {name: value.detach().contiguous() for name, value in sorted(tensors.items())}
