"""Checkpoints: the exact state of a run in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganterm import __version__
from ganterm.config import RunConfig
from ganterm.config.recorded import classes_in
from ganterm.config.runfile import from_mapping, to_mapping
from ganterm.core.errors import ConfigError
from ganterm.core.files import regular_path, write_atomically
from ganterm.core.records import CheckpointRecord
from ganterm.runs import checkpoints
from ganterm.runs.layout import RunDir

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Meta:
    """What a checkpoint says besides its tensors.

    Attributes:
        config: the configuration in force, live changes included.
        counters: where the run stands, as `training.state` exports it.
        controls: how many live changes of the run the state has seen.
        classes: names of the classes that a conditional run is conditioned on; others have none.
    """

    config: RunConfig
    counters: dict[str, Any]
    controls: int
    classes: tuple[str, ...] = ()


def save_checkpoint(path: Path, meta: Meta, tensors: Mapping[str, torch.Tensor]) -> str:
    """Write a checkpoint of our own training to `path`; see `write_tensors`."""
    told: dict[str, object] = {
        "config": to_mapping(meta.config),
        "counters": meta.counters,
        "controls": meta.controls,
    }
    if meta.classes:
        told["classes"] = meta.classes
    return write_tensors(path, meta.counters["step"], told, tensors)


def write_tensors(
    path: Path, step: int, told: Mapping[str, object], tensors: Mapping[str, torch.Tensor]
) -> str:
    """Write a checkpoint to `path`: beside it, synced, verified, renamed. Return its digest.

    The tensors are on the CPU, in any layout, and share no memory; `told` is what it says besides,
    as JSON.

    Raises:
        OSError: it cannot be written; what was at `path` is still there, and nothing else is.
        CheckpointDamaged: what was read back is not what was written.
    """
    from safetensors.torch import save  # noqa: PLC0415 - imports PyTorch

    metadata = {"format": "ganterm", "version": __version__, "step": str(step)}
    metadata |= {name: json.dumps(value) for name, value in told.items()}
    # A file holds rows; in memory a tensor may lie in any order.
    rows = {name: value.contiguous() for name, value in tensors.items()}
    digest = checkpoints.tensor_digest(map(_plain, rows.items()), metadata)
    data = save(rows, {**metadata, "digest": digest})
    write_atomically(path, data, check=checkpoints.verify)
    return digest


def checkpoint_record(
    run: RunDir, step: int, digest: str, seconds: float | None = None
) -> CheckpointRecord:
    """Return what the journal says of the checkpoint of `step`, written in so many seconds."""
    path = run.checkpoint_path(step)
    size = path.stat().st_size
    relative = run.relative(path)
    return CheckpointRecord(step=step, path=relative, digest=digest, bytes=size, seconds=seconds)


def read_meta(path: Path) -> Meta:
    """Read what a checkpoint says besides its tensors, without PyTorch.

    Raises:
        CheckpointDamaged: its header is not sound.
        ConfigError: its configuration is not one that this version of ganterm understands.
    """
    header = checkpoints.read_header(path)
    try:
        config = header.told("config")
        counters = header.told("counters")
        controls = int(header.metadata["controls"])
        if not isinstance(config, dict) or counters["step"] != header.step:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise ConfigError(f"{path} is not a checkpoint of a ganterm run.") from None
    return Meta(
        config=from_mapping(config),
        counters=counters,
        controls=controls,
        classes=classes_in(path, header),
    )


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read every tensor of a verified checkpoint, on the CPU."""
    from safetensors.torch import load_file  # noqa: PLC0415 - imports PyTorch

    with regular_path(path) as named:
        return load_file(named)


def _plain(item: tuple[str, torch.Tensor]) -> tuple[str, str, tuple[int, ...], memoryview]:
    """Describe a tensor as `tensor_digest` takes it: name, dtype, shape, bytes."""
    import torch  # noqa: PLC0415

    name, tensor = item
    dtype = {
        torch.float64: "F64",
        torch.float32: "F32",
        torch.bfloat16: "BF16",
        torch.float16: "F16",
        torch.int64: "I64",
        torch.int32: "I32",
        torch.int16: "I16",
        torch.int8: "I8",
        torch.uint8: "U8",
        torch.bool: "BOOL",
    }[tensor.dtype]
    # One dimension first, because a scalar has no view as bytes.
    flat = tensor.reshape(-1).view(torch.uint8).numpy()
    return name, dtype, tuple(tensor.shape), flat.data
