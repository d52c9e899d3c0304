"""Small files that would take all memory, or for ever, end in a sentence soon."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import resource
import signal
import struct
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganterm.config.recorded import classes_in, config_in
from ganterm.core.errors import GantermError
from ganterm.data.formats import open_idx
from ganterm.data.given import load_given
from ganterm.exchange.statedict import read_state
from ganterm.runs.checkpoints import read_header
from ganterm.runs.layout import RunDir
from ganterm.worker import adopt
from ganterm.worker.checkpoint import read_meta
from tests.cli.invoke import invoke
from tests.quick import slow_unless

MEMORY, SECONDS = 1 << 30, 10.0
_SIDE = 7071
"""Of a square picture of as many pixels as are read at all."""


def archive(path: Path, data: bytes) -> None:
    """Write a pickle as torch.save does."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {"data.pkl": data, "version": b"3", "byteorder": b"little"}.items():
            file.writestr(f"a/{name}", content)


def shared(path: Path) -> None:
    """Write a dict that 200 keys have, which 200 keys have, ...; 1,600,000,000 on five floors."""
    floor: dict[str, Any] = {"x": 0}
    for _ in range(5):
        floor = {f"k{index}": floor for index in range(200)}
    torch.save(floor, path)


def key(path: Path) -> None:
    """Write a key that is a pair of one pair of one pair ..., which takes 2^60 steps to hash."""
    pairs = b"".join(b"q%ch%c\x86" % (index, index) for index in range(60))
    archive(path, b"\x80\x02})" + pairs + b"Ns.")


def reserved(path: Path) -> None:
    """Ask for 64 GiB of zeros."""
    archive(
        path,
        b"\x80\x02c__builtin__\nbytearray\n\x8a\x06" + (64 << 30).to_bytes(6, "little") + b"\x85R.",
    )


def reserved_before_1_6(path: Path) -> None:
    """Ask for the same in a file without an archive."""
    path.write_bytes(
        b"\x80\x02cbuiltins\nbytearray\n\x8a\x06" + (64 << 30).to_bytes(6, "little") + b"\x85R."
    )


def opcodes(path: Path) -> None:
    """Write as many lists as have room in 64 MiB."""
    archive(path, b"\x80\x02]" + b"]a" * (32 << 20) + b".")


def deep(path: Path) -> None:
    """Write a list in a list in a list, a million deep."""
    archive(path, b"\x80\x02" + b"]" * 1_000_000 + b"a" * 999_999 + b".")


def expanded(path: Path) -> None:
    """Write a number that claims to be a matrix of 10^12."""
    torch.save({"main.weight": torch.zeros(1).expand(1_000_000, 1_000_000)}, path)


def names(path: Path) -> None:
    """Write a safetensors header of 8 MiB that names empty tensors."""
    none = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    told = json.dumps({f"t{index}": none for index in range(100_000)}).encode()
    path.write_bytes(struct.pack("<Q", len(told)) + told)


def nested(path: Path) -> None:
    """Write a safetensors header that is a list in a list in a list."""
    told = b'{"a":' + b"[" * 4_000_000
    path.write_bytes(struct.pack("<Q", len(told)) + told)


WEIGHTS = (shared, key, reserved, reserved_before_1_6, opcodes, deep, expanded, names, nested)


def picture(mode: str, size: tuple[int, int], kind: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
        Image.new(mode, size).save(path, kind, **options)

    return write


def array(header: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        told = header.encode()
        path.write_bytes(b"\x93NUMPY\x02\0" + struct.pack("<I", len(told)) + told + bytes(64))

    return write


def idx(path: Path) -> None:
    """Write an IDX file of half a million black images, packed as its name says."""
    with bz2.open(path, "wb") if path.suffix == ".bz2" else gzip.open(path, "wb", 1) as file:
        file.write(b"\0\0\x08\x03" + struct.pack(">III", 500_000, 28, 28))
        block = bytes(16 << 20)
        for _ in range(500_000 * 784 // len(block) + 1):
            file.write(block)


def npz(path: Path) -> None:
    """Write an archive of 2 GiB of zeros in 2 MiB."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (1 << 17, 128, 128)}
    )
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("images.npy", "w", force_zip64=True) as entry,
    ):
        entry.write(head.getvalue())
        for _ in range(128):
            entry.write(bytes(16 << 20))


PICTURES = {
    "tall": picture("L", (1, 49_999_999), "PNG"),
    "wide": picture("L", (49_999_999, 1), "PNG"),
    "long": picture("L", (50, 999_999), "PNG"),
    "palette": picture("P", (_SIDE, _SIDE), "GIF"),
    "transparent": picture("LA", (_SIDE, _SIDE), "PNG"),
    "16 bits": picture("I;16", (_SIDE, _SIDE), "PNG"),
    "floats": picture("F", (_SIDE, _SIDE), "TIFF"),
    "structured": array(
        "{'descr': [('a', '<f4', (4, 4))] * 9, 'fortran_order': False, 'shape': (9,)}"
    ),
    "records": array(
        "{'descr': [('a', '<f4', (9, 9)), ('b', 'O')], 'fortran_order': False, 'shape': (2, 2)}"
    ),
    "objects": array("{'descr': '|O', 'fortran_order': False, 'shape': (8, 8)}"),
    "promises": array("{'descr': '<f8', 'fortran_order': False, 'shape': (99999, 99999, 99999)}"),
    "brackets": array("[" * 60_000),
}
GIVEN = {"idx.bz2": idx, "idx.gz": idx, "x.npz": npz}


def bounded(call: Callable[[], object], ends: tuple[int, ...] = ()) -> str:
    """Return what a call comes to in a copy of this process, with little memory and soon.

    `ends` are signals that it may end with, where that is told as a sentence.
    """
    readable, writable = os.pipe()
    pid = os.fork()
    if not pid:
        said = "nothing"
        signal.alarm(240)
        try:
            before = resource.getrusage(resource.RUSAGE_SELF)
            began = time.process_time()
            try:
                said = f"gave {str(call())[:4000]}"
            except GantermError as error:
                said = f"refused {error}"
            after = resource.getrusage(resource.RUSAGE_SELF)
            grown = 1024 * (after.ru_maxrss - before.ru_maxrss)
            took = time.process_time() - began
            if grown > MEMORY or took > SECONDS:
                said = f"took {grown >> 20} MiB and {took:.1f} s, and {said}"
        except BaseException:  # noqa: BLE001 - the copy has nobody to raise to
            said = traceback.format_exc()
        finally:
            os.write(writable, said.encode(errors="replace")[:60_000])
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as file:
        said = file.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return said if not code else f"refused by {-code}" if -code in ends else f"signal {-code}"


def adopted(path: Path) -> object:
    with adopt.bounded(path):
        return read_state(path)


@pytest.mark.parametrize(
    "write",
    slow_unless(lambda each: each in {shared, reserved, expanded}, WEIGHTS),
    ids=lambda each: each.__name__,
)
def test_weights_end_in_a_sentence(write: Callable[[Path], None], tmp_path: Path) -> None:
    """Whatever a pickle or a header is made of."""
    write(path := tmp_path / "x.pth")
    said = bounded(lambda: adopted(path), ends=(signal.SIGXCPU,))
    assert said.startswith("refused "), said


@pytest.mark.parametrize(
    "name", slow_unless(lambda each: each in {"objects", "promises", "records"}, PICTURES)
)
def test_pictures_are_drawn_or_refused(name: str, tmp_path: Path) -> None:
    """On a page, as in a pipe."""
    PICTURES[name](path := tmp_path / "x")
    said = bounded(lambda: invoke("show", path))
    assert said.startswith("gave Outcome(code="), said[:500]
    assert "Traceback" not in said


def unpacked(path: Path) -> object:
    if path.suffix == ".npz":
        return load_given(str(path))
    with open_idx(path, dims=3) as images:
        return sum(map(len, images.pieces()))


@pytest.mark.slow
@pytest.mark.parametrize("name", GIVEN)
def test_packed_images_end_in_a_sentence(name: str, tmp_path: Path) -> None:
    """Some kilobytes or megabytes become gigabytes."""
    GIVEN[name](path := tmp_path / name)
    said = bounded(lambda: unpacked(path))
    assert said.startswith("refused "), said
    assert "cannot hold" in said or "unpacks to more than" in said


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("config", config_in),
        ("classes", classes_in),
        ("config", lambda path, _header: read_meta(path)),
        ("counters", lambda path, _header: read_meta(path)),
    ],
)
def test_a_checkpoint_with_brackets_is_refused(
    word: str, read: Callable[..., object], trained: RunDir, tmp_path: Path
) -> None:
    """In each of its words that is JSON."""
    data = trained.checkpoint_path(6).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    about = {**header["__metadata__"], word: "[" * 1_000_000}
    told = json.dumps({**header, "__metadata__": about}).encode()
    bomb = tmp_path / "step-00000006.safetensors"
    bomb.write_bytes(struct.pack("<Q", len(told)) + told + data[8 + length :])
    with pytest.raises(GantermError):
        read(bomb, read_header(bomb))
