"""Holds the store: a whole file or none, plain safetensors, damage noticed."""

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from ganterm.core.errors import DataError
from ganterm.data import store
from ganterm.data.store import StoredImages, stage
from tests.data.files import some_images
from tests.quick import slow_unless
from tests.runs.helpers import struck

IMAGES = some_images(7, side=5)[:, None]
LABELS = np.arange(7, dtype=np.int64)


def write(path: Path) -> None:
    with stage(
        path,
        shape=(7, 1, 5, 5),
        images=[IMAGES[:4], IMAGES[4:]],
        labels=LABELS,
        metadata={"a": "b"},
    ) as staged:
        assert not path.exists()
        staged.commit()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "train.safetensors"
    write(path)
    stored = StoredImages(path)
    assert torch.equal(stored.images(), torch.from_numpy(IMAGES))
    assert torch.equal(stored.labels, torch.from_numpy(LABELS))
    assert stored.metadata["a"] == "b"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_file_is_plain_safetensors(tmp_path: Path) -> None:
    write(tmp_path / "x.safetensors")
    tensors = load_file(tmp_path / "x.safetensors")
    assert torch.equal(tensors["images"], torch.from_numpy(IMAGES))


def test_pieces_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PIECE", 3)
    write(tmp_path / "x.safetensors")
    pieces = list(StoredImages(tmp_path / "x.safetensors").pieces())
    assert [len(piece) for piece in pieces] == [3, 3, 1]
    assert torch.equal(torch.cat(pieces), torch.from_numpy(IMAGES))


def test_without_commit_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with stage(path, shape=(7, 1, 5, 5), images=[IMAGES], labels=LABELS, metadata={}):
        assert len(everything(tmp_path)) == 1
    assert everything(tmp_path) == []


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write(path)
    before = path.read_bytes()

    def broken() -> Iterator[NDArray[np.uint8]]:
        yield IMAGES[:2]
        raise DataError("cut short")

    with (
        pytest.raises(DataError, match="cut short"),
        stage(path, shape=(7, 1, 5, 5), images=broken(), labels=LABELS, metadata={}),
    ):
        pass
    assert path.read_bytes() == before
    assert everything(tmp_path) == [path.name]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"No space left on device.*GANTERM_DATA_DIR"):
        write(tmp_path / "x.safetensors")
    assert everything(tmp_path) == []


@pytest.mark.parametrize("every", slow_unless((5).__eq__, (5, 1)))
def test_an_import_that_is_killed_or_refused_at_any_durable_step_leaves_nothing_for_good(
    every: int, tmp_path: Path
) -> None:
    """It is there whole or not at all, and the next one takes away what is left."""
    path = tmp_path / "stored" / "x.safetensors"

    def write_once(_: object = None) -> None:
        if not path.exists():
            write(path)

    steps = struck(write_once, "none", -1).seen
    struck_at = 0
    for how in ("killed", "half", "full", "EIO"):
        for at in range(0, steps, every):
            shutil.rmtree(path.parent, ignore_errors=True)
            found = struck(write_once, how, at)
            struck_at += found.seen < 0 or bool(found.error)
            if found.error:
                assert "cannot be stored in" in found.error
                assert not path.parent.exists() or everything(path.parent) in ([], [path.name])
            for left in path.parent.iterdir() if path.parent.exists() else ():
                os.utime(left, (0, 0))
            write_once()
            write(path.with_name("next.safetensors"))
            assert torch.equal(StoredImages(path).images(), torch.from_numpy(IMAGES))
            assert everything(path.parent) == ["next.safetensors", path.name]
    sys.stdout.write(f"\ndata import: {steps} durable steps, {struck_at} times struck\n")
    assert struck_at > 2 * steps // every


def test_a_set_larger_than_the_disk_is_refused_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100))
    with pytest.raises(DataError, match="make room"):
        write(tmp_path / "x.safetensors")


def test_a_place_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be stored"):
        write(tmp_path / "file" / "x.safetensors")


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def header(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "labels": {"dtype": "I64", "shape": [7], "data_offsets": [0, 56]},
        "images": {"dtype": "U8", "shape": [7, 1, 5, 5], "data_offsets": [56, 231]},
    }
    text = json.dumps({**fields, **changes}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(231)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage of some length",
        (2**62).to_bytes(8, "little") + b"{}",
        header()[:-1],
        header(images={"dtype": "F32", "shape": [7, 1, 5, 1], "data_offsets": [56, 196]}),
        header(labels={"dtype": "I64", "shape": [7, 1], "data_offsets": [0, 56]}),
        header(images={"dtype": "U8", "shape": [175], "data_offsets": [56, 231]}),
        header(extra={"dtype": "U8", "shape": [0], "data_offsets": [231, 231]}),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"damaged .*import or fetch it again"):
        StoredImages(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        StoredImages(tmp_path / "x.safetensors")
