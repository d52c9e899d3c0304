"""The checkpoints of a run: what they say, whether they are whole, which is the newest.

A checkpoint is a safetensors file whose metadata holds `step`, the `digest` of everything else in
it, and the configuration and counters as JSON. The newest is found by looking and checking, never
by a pointer, so a crash at any moment leaves nothing that could point wrong.
"""

import contextlib
import hashlib
import itertools
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ganterm.core import jsontext
from ganterm.core.directory import Directory, names_in
from ganterm.runs.layout import step_of
from ganterm.runs.tensorfile import CheckpointDamaged, TensorFile, TensorInfo

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = [
    "DAMAGED_SUFFIX",
    "HEALTHY_SUFFIX",
    "CheckpointDamaged",
    "CheckpointHeader",
    "healthy_aside",
    "list_checkpoints",
    "newest_valid",
    "prune",
    "read_bytes",
    "read_header",
    "set_aside",
    "tensor_digest",
    "verify",
    "void",
    "whole",
]

SUFFIX: Final = ".safetensors"
DAMAGED_SUFFIX: Final = ".damaged"
HEALTHY_SUFFIX: Final = ".healthy"
"""Of a sound checkpoint in a part of the history that was given up."""


@dataclass(frozen=True)
class CheckpointHeader:
    """What a checkpoint says of itself; its tensors' bytes are not checked (see `verify`).

    Attributes:
        step: optimiser steps of the generator done.
        metadata: `step`, `digest`, and the configuration and counters as JSON.
        tensors: dtype, shape and place of every tensor by name, in the order of their bytes.
    """

    step: int
    metadata: dict[str, str]
    tensors: dict[str, TensorInfo]

    def told(self, name: str) -> Any:
        """Return the JSON that the metadata has under `name`; raises KeyError or ValueError."""
        return jsontext.parse(self.metadata[name].encode())


def read_header(path: Path) -> CheckpointHeader:
    """Read and check the header of a checkpoint; no tensor is read.

    Raises:
        CheckpointDamaged: it cannot be read, its header is not sound, or it names no step.
    """
    with TensorFile(path) as file:
        return _checkpoint_header(file)


def read_bytes(path: Path, tensor_name: str, *, limit: int = 1 << 28) -> bytes:
    """Return a tensor's bytes, little-endian and row-major, at most `limit` of them.

    Raises:
        CheckpointDamaged: there is no such tensor, it is longer, or the file is not sound.
    """
    with TensorFile(path) as file:
        info = file.header.tensors.get(tensor_name)
        if info is not None and info.end - info.begin > limit:
            raise CheckpointDamaged(path, f"{tensor_name[:100]!r} has more than {limit} bytes")
        return b"".join(file.chunks(tensor_name))


def tensor_digest(
    tensors: Iterable[tuple[str, str, Iterable[int], bytes | bytearray | memoryview]],
    metadata: Mapping[str, str],
) -> str:
    """Return the digest of a checkpoint: SHA-256 in hexadecimal, whatever the tensors' order.

    Args:
        tensors: (name, dtype as safetensors names it, shape, bytes) of each tensor; the bytes
            little-endian, row-major, and as a one-dimensional buffer.
        metadata: what will stand in the file's metadata; `digest` itself is left out.

    Raises:
        ValueError: two tensors have one name.
    """
    hasher = _begin_digest(metadata)
    ordered = sorted(tensors, key=lambda item: item[0])
    for before, after in itertools.pairwise(ordered):
        if before[0] == after[0]:
            raise ValueError(f"two tensors are named {before[0]!r}")
    for name, dtype, shape, data in ordered:
        _digest_line(hasher, [name, dtype, list(shape), memoryview(data).nbytes])
        hasher.update(data)
    return hasher.hexdigest()


def verify(path: Path) -> None:
    """Read a checkpoint whole and hold it against its digest.

    Raises:
        CheckpointDamaged: and says why.
    """
    with TensorFile(path) as file:
        header = _checkpoint_header(file)
        named = step_of(path)
        if named is not None and named != header.step:
            raise CheckpointDamaged(path, f"it is of step {header.step}")
        claimed = header.metadata.get("digest")
        if claimed is None:
            raise CheckpointDamaged(path, "it carries no digest")
        hasher = _begin_digest(header.metadata)
        for name in sorted(header.tensors):
            info = header.tensors[name]
            _digest_line(hasher, [name, info.dtype, list(info.shape), info.end - info.begin])
            for chunk in file.chunks(name):
                hasher.update(chunk)
    if hasher.hexdigest() != claimed:
        raise CheckpointDamaged(path, "its content does not match its digest")


def list_checkpoints(directory: Path) -> list[Path]:
    """Return the checkpoints in `directory` by step, the oldest first; none if it is missing."""
    paths = (directory / name for name in names_in(directory, follow=True))
    found = [
        (step, path)
        for path in paths
        if path.suffix == SUFFIX and (step := step_of(path)) is not None
    ]
    return [path for _, path in sorted(found)]


def whole(directory: Path) -> list[Path]:
    """Return the checkpoints in `directory` that are whole, the oldest first."""
    found = []
    for path in list_checkpoints(directory):
        with contextlib.suppress(CheckpointDamaged):
            verify(path)
            found.append(path)
    return found


def newest_valid(
    directory: Path, until: int | None = None
) -> tuple[Path | None, list[tuple[Path, str]]]:
    """Return the newest checkpoint that is whole, and the newer ones that are not, with reasons.

    Those of a greater step than `until` are left out of account.
    """
    damaged: list[tuple[Path, str]] = []
    for path in reversed(list_checkpoints(directory)):
        if until is not None and (step_of(path) or 0) > until:
            continue
        try:
            verify(path)
        except CheckpointDamaged as error:
            damaged.append((path, error.reason))
        else:
            return path, damaged
    return None, damaged


def set_aside(path: Path, suffix: str = DAMAGED_SUFFIX) -> Path:
    """Rename a checkpoint so that nothing counts it as one; return its new path.

    A worker that resumes from an older checkpoint does this to the damaged newer ones: otherwise
    they would count as the newest when old ones are pruned.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = path.with_name(path.name + suffix)
    with Directory(path.parent) as directory:
        directory.rename(path.name, aside.name)
    return aside


def void(directory: Path, to: int, keeps: int) -> None:
    """Remove the checkpoints that a run rewound to step `to` has no use for.

    That of step `keeps` is set aside as a sound one. Step 0 is begun anew, without its checkpoint.

    Raises:
        OSError: one cannot be removed.
    """
    with Directory(directory) as held:
        for path in list_checkpoints(directory):
            step = step_of(path) or 0
            if step == keeps:
                set_aside(path, HEALTHY_SUFFIX)
            elif step > to or not to:
                held.remove(path.name)
        held.sync()


def healthy_aside(directory: Path) -> dict[int, Path]:
    """Return the sound checkpoints in `directory` that were set aside, by step."""
    found = {}
    for name in names_in(directory, follow=True):
        path = directory / name.removesuffix(HEALTHY_SUFFIX)
        if path.name != name and path.suffix == SUFFIX and (step := step_of(path)) is not None:
            found[step] = directory / name
    return found


def prune(
    directory: Path, keep: int, *, newest: Path | None = None, spared: Collection[Path] = ()
) -> list[Path]:
    """Remove all but the `keep` newest checkpoints and return what was removed; 0 keeps all.

    Args:
        directory: where the checkpoints are.
        keep: how many to keep.
        newest: the one just written and verified, if it is known. Those of a greater step then
            neither count nor go: they are damaged, or of a history that was given up.
        spared: those that stay however old they are; they do not count either.

    Raises:
        OSError: one cannot be removed.
        ValueError: `keep` is negative.
    """
    if keep < 0:
        raise ValueError(f"cannot keep {keep} checkpoints")
    found = list_checkpoints(directory)
    if newest is not None:
        found = found[: found.index(newest) + 1] if newest in found else []
    found = [path for path in found if path not in spared]
    removed = found[:-keep] if keep else []
    if removed:
        with Directory(directory) as held:
            for path in removed:
                held.remove(path.name)
            held.sync()
    return removed


def _checkpoint_header(file: TensorFile) -> CheckpointHeader:
    metadata = file.header.metadata
    text = metadata.get("step", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise CheckpointDamaged(file.path, "it names no step, so it is no checkpoint of a run")
    return CheckpointHeader(int(text), metadata, file.header.tensors)


def _begin_digest(metadata: Mapping[str, str]) -> "_Hash":
    hasher = hashlib.sha256()
    words = {name: value for name, value in metadata.items() if name != "digest"}
    _digest_line(hasher, sorted(words.items()))
    return hasher


def _digest_line(hasher: "_Hash", value: list[object] | list[tuple[str, str]]) -> None:
    """Add one line of JSON, so that no two lists of tensors share one stream of bytes."""
    hasher.update(json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n")
