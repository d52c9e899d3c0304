"""A checkpoint holds every bit it was given, or the file that was there before."""

import os
from pathlib import Path

import pytest
import torch

from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.runs import checkpoints
from ganterm.runs.checkpoints import CheckpointDamaged
from ganterm.worker.checkpoint import Meta, load_tensors, read_meta, save_checkpoint
from tests.runs.helpers import checkpoint_bytes, temps_in

META = Meta(config=RunConfig(lr_g=3e-4), counters={"step": 7, "images": 448}, controls=2)


def tensors() -> dict[str, torch.Tensor]:
    """Return one tensor of every kind a run has, with NaN and negative zero among the numbers."""
    return {
        "float32": torch.tensor([[1.5, -0.0], [float("nan"), float("inf")]]),
        "float64": torch.arange(5, dtype=torch.float64) / 3,
        "bfloat16": torch.arange(3, dtype=torch.bfloat16) / 7,
        "float16": torch.arange(3, dtype=torch.float16) / 7,
        "int64": torch.tensor(41),
        "int32": torch.arange(4, dtype=torch.int32),
        "uint8": torch.arange(256, dtype=torch.uint8).reshape(2, 8, 16),
        "bool": torch.tensor([True, False]),
        "empty": torch.empty(0, 3),
    }


def bits(value: torch.Tensor) -> bytes:
    return value.reshape(-1).view(torch.uint8).numpy().tobytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "step-00000007.safetensors"


def test_every_bit_comes_back(path: Path) -> None:
    """Of every dtype, scalars and empty tensors included."""
    digest = save_checkpoint(path, META, tensors())
    loaded = load_tensors(path)
    assert loaded.keys() == tensors().keys()
    for name, value in tensors().items():
        assert (loaded[name].dtype, loaded[name].shape) == (value.dtype, value.shape)
        assert bits(loaded[name]) == bits(value)
    header = checkpoints.read_header(path)
    assert (header.step, header.metadata["digest"]) == (7, digest)
    assert read_meta(path) == META
    checkpoints.verify(path)


def test_the_layout_in_memory_makes_no_difference(path: Path) -> None:
    """A tensor that lies in columns is written in rows, with the digest of its rows."""
    rows = {"image": torch.arange(24, dtype=torch.uint8).reshape(1, 2, 3, 4)}
    columns = {"image": rows["image"].contiguous(memory_format=torch.channels_last)}
    assert not columns["image"].is_contiguous()
    digest = save_checkpoint(path, META, columns)
    checkpoints.verify(path)
    assert bits(load_tensors(path)["image"]) == bits(rows["image"])
    assert save_checkpoint(path, META, rows) == digest


def test_the_digest_depends_on_tensors_and_words(path: Path) -> None:
    """The same state has the same digest; another bit, name or setting another one."""
    digest = save_checkpoint(path, META, tensors())
    assert save_checkpoint(path, META, dict(reversed(tensors().items()))) == digest
    changed = tensors()
    changed["int64"] += 1
    renamed = {f"x{name}": value for name, value in tensors().items()}
    other = Meta(config=RunConfig(), counters=META.counters, controls=2)
    found = [
        save_checkpoint(path, META, changed),
        save_checkpoint(path, META, renamed),
        save_checkpoint(path, other, tensors()),
    ]
    assert len({digest, *found}) == 4


def test_what_cannot_be_read_back_replaces_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that changes a bit on the way is found out before the rename."""
    save_checkpoint(path, META, tensors())
    before = path.read_bytes()

    def flip(descriptor: int) -> None:
        os.pwrite(descriptor, b"\x5a", os.fstat(descriptor).st_size - 1)

    monkeypatch.setattr(os, "fsync", flip)
    changed = tensors()
    changed["int64"] += 1
    with pytest.raises(CheckpointDamaged, match="does not match its digest"):
        save_checkpoint(path, META, changed)
    assert path.read_bytes() == before
    assert temps_in(path.parent) == []


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"config": "{}", "counters": "{}"},
        {"config": "?", "counters": "{}", "controls": "0"},
        {"config": "{}", "counters": "{}", "controls": "many"},
        {"config": "[]", "counters": "{}", "controls": "0"},
        {"config": "{}", "counters": "[]", "controls": "0"},
        {"config": "{}", "counters": "{}", "controls": "0"},
        {"config": '{"bogus": 1}', "counters": '{"step": 7}', "controls": "0"},
    ],
)
def test_the_checkpoint_of_something_else_is_refused(path: Path, words: dict[str, str]) -> None:
    """Sound by its digest, but its words are not those of a run."""
    path.write_bytes(checkpoint_bytes(7, {"preview": b"\0"}, **words))
    checkpoints.verify(path)
    with pytest.raises(ConfigError):
        read_meta(path)
