"""A safetensors file is read by name, and a header that lies is refused before it costs much."""

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from ganterm.core.errors import ExitCode
from ganterm.runs.tensorfile import MAX_HEADER, CheckpointDamaged, TensorFile, parse_header
from tests.runs.helpers import safetensors_bytes


def tensor(begin: int, end: int, **changes: Any) -> dict[str, Any]:
    return {"dtype": "U8", "shape": [end - begin], "data_offsets": [begin, end], **changes}


def test_what_the_library_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    arrays = {
        "weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "flags": np.array([True, False]),
        "empty": np.zeros((0, 5), dtype=np.int64),
        "scalar": np.array(7, dtype=np.int64),
        "big": np.arange(700_000, dtype=np.int32),
    }
    safetensors.numpy.save_file(arrays, path, metadata={"step": "3", "name": "é"})
    with TensorFile(path) as file:
        assert file.header.metadata == {"step": "3", "name": "é"}
        assert {name: info.shape for name, info in file.header.tensors.items()} == {
            name: array.shape for name, array in arrays.items()
        }
        for name, array in arrays.items():
            assert b"".join(file.chunks(name)) == array.tobytes()
        with pytest.raises(CheckpointDamaged, match="it has no tensor 'bias'"):
            list(file.chunks("bias"))


def hostile_headers() -> dict[str, tuple[bytes, str]]:
    """Return headers of a file with 8 bytes of data that are not sound, and what is said."""
    cases: dict[str, tuple[Any, str]] = {
        "not an object": ([], "not a JSON object"),
        "metadata not an object": ({"__metadata__": []}, "metadata"),
        "metadata not strings": ({"__metadata__": {"a": 1}}, "metadata"),
        "no data claimed": ({}, "end at byte"),
        "overlap": ({"a": tensor(0, 5), "b": tensor(3, 8)}, "'b' overlaps"),
        "same bytes twice": ({"a": tensor(0, 8), "b": tensor(0, 8)}, "overlaps"),
        "gap": ({"a": tensor(0, 3), "b": tensor(4, 8)}, "'b' overlaps another tensor or leaves"),
        "not from the beginning": ({"a": tensor(1, 8)}, "gap"),
        "past the end": ({"a": tensor(0, 9)}, "end at byte"),
        "far past the end": ({"a": tensor(0, 2**52)}, "end at byte"),
        "beyond 53 bits": ({"a": tensor(0, 2**53)}, "shape"),
        "backwards": ({"a": tensor(0, 8, data_offsets=[8, 0])}, "offsets"),
        "negative": ({"a": tensor(0, 8, data_offsets=[-8, 0])}, "offsets"),
        "offsets not integers": ({"a": tensor(0, 8, data_offsets=[0, 8.0])}, "offsets"),
        "three offsets": ({"a": tensor(0, 8, data_offsets=[0, 4, 8])}, "offsets"),
        "truth values": ({"a": tensor(0, 1, data_offsets=[False, True])}, "offsets"),
        "shape of another size": ({"a": tensor(0, 8, shape=[3, 3])}, "bytes"),
        "shape of absurd size": ({"a": tensor(0, 8, shape=[2**50, 2**50, 2**50])}, "bytes"),
        "negative shape": ({"a": tensor(0, 8, shape=[-2, -4])}, "shape"),
        "shape not a list": ({"a": tensor(0, 8, shape=8)}, "shape"),
        "endless shape": ({"a": tensor(0, 8, shape=[1] * 100 + [8])}, "shape"),
        "unknown dtype": ({"a": tensor(0, 8, dtype="U7")}, "unknown dtype"),
        "dtype not a word": ({"a": tensor(0, 8, dtype=["U8"])}, "unknown dtype"),
        "one field more": ({"a": tensor(0, 8, x=1)}, "not described"),
        "not described": ({"a": None}, "not described"),
    }
    texts = {name: (json.dumps(value).encode(), words) for name, (value, words) in cases.items()}
    entry = json.dumps(tensor(0, 8)).encode()
    return texts | {
        "empty": (b"", "header"),
        "not JSON": (b"{", "header"),
        "not UTF-8": (b'{"\xff":' + entry + b"}", "header"),
        "name twice": (b'{"a":' + entry + b',"a":' + entry + b"}", "twice"),
        "deep": (b'{"a":' * 200_000, "too deeply"),
        "deep list": (b"[" * 1_000_000, "too deeply"),
        "endless number": (b'{"a":' + b"9" * 10_000 + b"}", "header"),
        "not a number": (b'{"a":NaN}', "NaN"),
    }


@pytest.mark.parametrize("case", hostile_headers())
def test_a_header_that_is_not_sound_is_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    header, words = hostile_headers()[case]
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(safetensors_bytes(header, b"12345678"))
    with pytest.raises(CheckpointDamaged) as raised:
        TensorFile(path)
    assert words in raised.value.reason
    assert len(raised.value.reason) < 250
    assert raised.value.exit_code is ExitCode.DATA


@pytest.mark.parametrize("length", [2**64 - 1, 2**63, MAX_HEADER + 1, 100])
def test_a_header_length_that_is_absurd_costs_no_memory(tmp_path: Path, length: int) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + b"{}")
    if length == MAX_HEADER + 1:
        os.truncate(path, 1 << 40)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointDamaged, match=f"claims {length} bytes"):
            TensorFile(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    whole = safetensors_bytes(json.dumps({"a": tensor(0, 5), "b": tensor(5, 8)}).encode(), b"x" * 8)
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(CheckpointDamaged):
            TensorFile(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(CheckpointDamaged):
        TensorFile(path)


def test_a_file_that_shrinks_while_it_is_read_is_an_error_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    header = json.dumps({"a": tensor(0, 3_000_000)}).encode()
    path.write_bytes(safetensors_bytes(header, b"x" * 3_000_000))
    with TensorFile(path) as file:
        chunks = file.chunks("a")
        assert len(next(chunks)) == 1 << 20
        os.truncate(path, 1_500_000)
        with pytest.raises(CheckpointDamaged, match="ends too early"):
            list(chunks)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(CheckpointDamaged, match="it cannot be read"):
            TensorFile(path)


def test_a_header_alone_can_be_parsed() -> None:
    text = json.dumps(
        {"__metadata__": {"step": "1"}, "b": tensor(2, 4), "a": tensor(0, 2)}
    ).encode()
    header = parse_header(text, 8 + len(text) + 4)
    assert list(header.tensors) == ["a", "b"]
    assert header.tensors["a"].begin == 8 + len(text)
