"""Whatever bytes a journal or a checkpoint holds, reading it ends well and believes nothing false.

`GANTERM_FUZZ_EXAMPLES` says how many examples each test tries (40 by default).
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ganterm.core.jsontext import dump_line, finite, parse
from ganterm.core.records import Record
from ganterm.runs.checkpoints import CheckpointDamaged, read_header, verify
from ganterm.runs.journal import JournalTail, JournalWriter, read_end, read_journal
from ganterm.runs.status import read_status
from ganterm.runs.tensorfile import TensorFile
from tests.records import record as record_of
from tests.runs.helpers import checkpoint_bytes, safetensors_bytes, steps_of

fuzz = settings(max_examples=int(os.environ.get("GANTERM_FUZZ_EXAMPLES", "40")), database=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
GOOD = st.builds(
    lambda step, value: dump_line(
        {"v": 1, "kind": "metrics", "step": step, "time": 1.5, "x": finite(value)}
    ),
    st.integers(0, 10**6),
    JSON,
)
ALMOST = st.builds(
    lambda record: json.dumps(record).encode() + b"\n",
    st.fixed_dictionaries(
        {},
        optional={
            "v": st.sampled_from([1, 2, -1, True, "1"]) | JSON,
            "kind": st.just("end") | JSON,
            "step": st.integers(-2, 5) | JSON,
            "time": st.floats() | JSON,
        },
    ),
)
JUNK = st.binary(max_size=40).map(lambda data: data + b"\n")


@fuzz
@given(st.lists(GOOD | ALMOST | JUNK, max_size=12), st.binary(max_size=30), st.data())
def test_a_journal_of_any_bytes_is_read_the_same_in_any_number_of_parts(
    lines: list[bytes], torn: bytes, data: st.DataObject
) -> None:
    content = b"".join(lines) + torn
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.jsonl"
        path.write_bytes(content)
        whole = JournalTail(path)
        records = whole.poll()
        for record in records:
            assert record.v == 1
            assert isinstance(record.kind, str)
            assert record.step >= 0
        found = len(records) + whole.damaged + whole.newer
        assert found == content.count(b"\n")
        assert read_end(path) == records

        path.write_bytes(b"")
        tail = JournalTail(path)
        parts: list[Record] = []
        rest = content
        with path.open("ab", buffering=0) as file:
            while rest:
                length = data.draw(st.integers(1, len(rest)))
                file.write(rest[:length])
                rest = rest[length:]
                parts += tail.poll()
        assert parts == records
        assert (tail.damaged, tail.newer, tail.restarts) == (whole.damaged, whole.newer, 0)


@fuzz
@given(
    st.lists(st.tuples(GOOD, st.just(True)) | st.tuples(JUNK, st.just(False)), max_size=8),
    st.binary(max_size=30),
)
def test_no_record_is_lost_among_junk_and_a_writer_can_always_go_on(
    told: list[tuple[bytes, bool]], torn: bytes
) -> None:
    lines = [line for line, _ in told]
    good = [json.loads(line)["step"] for line, is_good in told if is_good]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.jsonl"
        path.write_bytes(b"".join(lines) + torn)
        with JournalWriter(path) as writer:
            writer.write(record_of("resume", 123))
        assert steps_of(read_journal(path)) == [*good, 123]


HEADER = st.dictionaries(
    st.text(max_size=4) | st.just("__metadata__"),
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["U8", "F32", "I64", "BOOL"]) | JSON,
            "shape": st.lists(st.integers(0, 4), max_size=3) | JSON,
            "data_offsets": st.lists(st.integers(0, 20), min_size=2, max_size=2) | JSON,
        }
    )
    | st.dictionaries(st.sampled_from(["step", "digest"]), st.text(max_size=3))
    | JSON,
    max_size=4,
).map(lambda header: json.dumps(header).encode())


SIZES = st.lists(st.integers(0, 4), max_size=4).map(lambda sizes: [*sizes, 16 - sum(sizes)])
SOUND_HEADER = SIZES.map(
    lambda sizes: json.dumps(
        {
            f"t{number}": {
                "dtype": "U8",
                "shape": [size],
                "data_offsets": [sum(sizes[:number]), sum(sizes[: number + 1])],
            }
            for number, size in enumerate(sizes)
        }
    ).encode()
)


@fuzz
@given(
    SOUND_HEADER
    | HEADER
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
)
def test_a_header_of_any_kind_is_refused_or_lies_within_its_file(header: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "step-00000001.safetensors"
        path.write_bytes(safetensors_bytes(header, b"\0" * 16))
        size = path.stat().st_size
        try:
            with TensorFile(path) as file:
                tensors = file.header.tensors
                assert sum(info.end - info.begin for info in tensors.values()) == 16
                assert all(8 <= info.begin <= info.end <= size for info in tensors.values())
                for name in tensors:
                    b"".join(file.chunks(name))
            read_header(path)
        except CheckpointDamaged:
            return


@fuzz
@given(st.data())
def test_a_checkpoint_that_verifies_holds_what_was_saved(data: st.DataObject) -> None:
    tensors = {"a": b"12345678", "b": b"abc"}
    whole = checkpoint_bytes(1, tensors, config="{}")
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.sampled_from(["set", "insert", "delete", "cut"])):
            case "set":
                damaged[at] = data.draw(st.integers(0, 255))
            case "insert":
                damaged[at:at] = data.draw(st.binary(min_size=1, max_size=9))
            case "delete":
                del damaged[at : at + data.draw(st.integers(1, 9))]
            case _:
                del damaged[at + 1 :]
        damaged = damaged or bytearray(b"x")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "step-00000001.safetensors"
        path.write_bytes(damaged)
        try:
            verify(path)
        except CheckpointDamaged:
            return
        with TensorFile(path) as file:
            found = {name: b"".join(file.chunks(name)) for name in file.header.tensors}
            words = file.header.metadata
        assert found == tensors
        assert (words["step"], words["config"]) == ("1", "{}")


@fuzz
@given(JSON)
def test_what_is_written_is_strict_json_and_comes_back(value: Any) -> None:
    clean = finite(value)
    line = dump_line({"x": clean})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse(line) == {"x": clean}


@fuzz
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_status_of_any_bytes_is_a_status_or_none(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "status.json"
        path.write_bytes(content)
        read_status(path)
