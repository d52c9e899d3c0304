"""The journal takes whole records only, through crashes, full disks and any number of readers."""

import errno
import json
import math
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from ganterm.runs.journal import MAX_LINE, JournalTail, JournalWriter, read_end, read_journal
from tests.runs.helpers import Child


def write_steps(path: Path, steps: range) -> None:
    with JournalWriter(path) as writer:
        for step in steps:
            writer.write("metrics", step, d_loss=step / 7)


def steps_of(records: list[dict[str, Any]]) -> list[int]:
    return [record["step"] for record in records]


def test_a_record_is_one_line_and_comes_back_as_it_was_returned(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path, clock=lambda: 1700000000.12345) as writer:
        record = writer.write("metrics", 7, d_loss=0.5, g_loss=None, tags=("a", "b"))
    expected = {"v": 1, "kind": "metrics", "step": 7, "time": 1700000000.123}
    assert record == {**expected, "d_loss": 0.5, "g_loss": None, "tags": ["a", "b"]}
    assert path.read_bytes().count(b"\n") == 1
    assert read_journal(path) == [record]


def test_numbers_that_json_cannot_hold_become_null(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        record = writer.write("metrics", 1, d_loss=math.nan, deep={"x": [math.inf, -math.inf, 1.5]})
    assert record["d_loss"] is None
    assert record["deep"] == {"x": [None, None, 1.5]}
    assert read_journal(path) == [record]


def test_foreign_text_cannot_reach_a_terminal_through_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    name = "\x1b]0;title\x07\x9b31m\u202e\udcff\nnew line"
    with JournalWriter(path) as writer:
        writer.write("sample", 1, path=name)
    raw = path.read_bytes()
    assert all(32 <= byte < 127 for byte in raw[:-1])
    assert read_journal(path)[0]["path"] == name


@pytest.mark.parametrize("fields", [{"v": 2}, {"time": 0}, {"kind": "end"}, {"step": 3}], ids=str)
def test_a_field_cannot_take_the_place_of_what_every_record_has(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    with JournalWriter(tmp_path / "j") as writer, pytest.raises(ValueError, match="not a record's"):
        writer.write("metrics", 1, **fields)


def test_a_record_that_no_reader_would_take_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        with pytest.raises(ValueError, match="a record's step"):
            writer.write("metrics", -1)
        with pytest.raises(ValueError, match="longer than"):
            writer.write("alert", 1, message="x" * MAX_LINE)
        with pytest.raises(TypeError):
            writer.write("alert", 1, message=object())
    assert path.read_bytes() == b""


def test_a_torn_tail_of_any_length_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(3))
    whole = path.read_bytes()
    begin = whole[:-1].rindex(b"\n") + 1
    for end in range(begin, len(whole)):
        path.write_bytes(whole[:end])
        with JournalWriter(path) as writer:
            assert writer.torn_bytes == end - begin
            writer.write("resume", 1)
        assert steps_of(read_journal(path)) == [0, 1, 1]


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"x" * 200_000, b'{"v":1'])
def test_a_tail_of_any_kind_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(2))
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    with JournalWriter(path) as writer:
        assert writer.torn_bytes == len(tail)
    assert path.read_bytes() == whole


def test_a_journal_without_a_whole_line_is_emptied(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"half a line")
    with JournalWriter(path) as writer:
        assert writer.torn_bytes == 11
    assert path.read_bytes() == b""


def test_a_reader_sees_a_record_only_when_its_newline_is_there(tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "journal.jsonl"
    write_steps(source, range(3))
    tail = JournalTail(path)
    assert tail.poll() == []
    seen: list[dict[str, Any]] = []
    with path.open("ab", buffering=0) as file:
        for byte in source.read_bytes():
            file.write(bytes([byte]))
            new = tail.poll()
            assert bool(new) == (byte == ord("\n"))
            seen += new
    assert seen == read_journal(source)
    assert tail.damaged == 0


def test_a_reader_counts_the_lines_it_cannot_use_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    good = b'{"v":1,"kind":"metrics","step":1,"time":2.5}\n'
    bad = [
        b"",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b"[" * 100_000,
        b'{"v":1,"kind":"metrics","step":1,"time":NaN}',
        b'{"v":1,"kind":"metrics","step":1,"time":1,"x":1e999}',
        b'{"v":1,"kind":"metrics","step":1,"step":2,"time":1}',
        b'{"v":1,"kind":"metrics","step":-1,"time":1}',
        b'{"v":1,"kind":"metrics","step":1.0,"time":1}',
        b'{"v":true,"kind":"metrics","step":1,"time":1}',
        b'{"v":1,"kind":3,"step":1,"time":1}',
        b'{"v":1,"kind":"metrics","step":1,"time":true}',
        b'{"v":1,"kind":"metrics","step":' + b"9" * 5000 + b',"time":1}',
        b'{"v":1,"kind":"metrics","step":1}',
    ]
    newer = b'{"v":2,"kind":"metrics","step":1,"time":2.5}\n'
    path.write_bytes(good + b"\n".join(bad) + b"\n" + newer + good)
    tail = JournalTail(path)
    assert len(tail.poll()) == 2
    assert tail.damaged == len(bad)
    assert tail.newer == 1


def test_an_endless_line_is_passed_over_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(1))
    tail = JournalTail(path)
    assert steps_of(tail.poll()) == [0]
    for _ in range(5):
        with path.open("ab") as file:
            file.write(b"x" * (MAX_LINE // 2))
        assert tail.poll() == []
    with path.open("ab") as file:
        file.write(b"\n")
    write_steps(path, range(1, 2))
    assert steps_of(tail.poll()) == [1]
    assert tail.damaged == 1
    whole = JournalTail(path)
    assert steps_of(whole.poll()) == [0, 1]
    assert whole.damaged == 1


def test_a_reader_begins_anew_when_the_journal_is_another(tmp_path: Path) -> None:
    path, other = tmp_path / "journal.jsonl", tmp_path / "other"
    write_steps(path, range(5))
    tail = JournalTail(path)
    assert steps_of(tail.poll()) == [0, 1, 2, 3, 4]
    write_steps(other, range(90, 99))
    other.replace(path)
    assert steps_of(tail.poll()) == list(range(90, 99))
    assert tail.restarts == 1
    os.truncate(path, 0)
    write_steps(path, range(1))
    assert steps_of(tail.poll()) == [0]
    assert tail.restarts == 2


def test_cutting_a_torn_tail_does_not_make_a_reader_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(2))
    tail = JournalTail(path)
    with path.open("ab") as file:
        file.write(b'{"v":1,"kind":"metr')
    assert steps_of(tail.poll()) == [0, 1]
    write_steps(path, range(2, 3))
    assert steps_of(tail.poll()) == [2]
    assert tail.restarts == tail.damaged == 0


def test_the_end_of_a_journal_is_whole_records_whatever_the_window(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert read_end(path) == []
    write_steps(path, range(4))
    raw = path.read_bytes()
    lines = raw.splitlines(keepends=True)
    path.write_bytes(raw + b'{"torn')
    for size in range(1, len(raw) + 20):
        fitting, room = 0, size - 6
        while fitting < 4 and room >= len(lines[3 - fitting]):
            room -= len(lines[3 - fitting])
            fitting += 1
        assert steps_of(read_end(path, size)) == [0, 1, 2, 3][4 - fitting :]


def test_half_a_record_is_taken_back_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    real_write, real_cut = os.write, os.ftruncate
    with JournalWriter(path) as writer:
        writer.write("metrics", 1)
        attempts = iter([True, False])

        def half(descriptor: int, data: memoryview) -> int:
            if next(attempts):
                return real_write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space left") as raised:
            writer.write("metrics", 2)
        assert raised.value.filename == str(path)
        monkeypatch.setattr(os, "write", real_write)
        assert steps_of(read_journal(path)) == [1]
        assert path.read_bytes().endswith(b"\n")
        writer.write("metrics", 3)
        assert steps_of(read_journal(path)) == [1, 3]

        # The worst case: the half cannot even be cut off at once; the next record must do it.
        attempts = iter([True, False])
        monkeypatch.setattr(os, "write", half)

        def no_cut(descriptor: int, length: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "ftruncate", no_cut)
        with pytest.raises(OSError, match="No space left"):
            writer.write("metrics", 4)
        monkeypatch.setattr(os, "write", real_write)
        with pytest.raises(OSError, match="Input/output"):
            writer.write("metrics", 5)
        monkeypatch.setattr(os, "ftruncate", real_cut)
        writer.write("metrics", 6)
    tail = JournalTail(path)
    assert steps_of(tail.poll()) == [1, 3, 6]
    assert tail.damaged == 0


def test_a_record_that_is_whole_is_never_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    real_write = os.write
    with JournalWriter(path) as writer:

        def interrupted(descriptor: int, data: memoryview) -> int:
            real_write(descriptor, data)
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.write("metrics", 1)
        monkeypatch.setattr(os, "write", real_write)
        writer.write("metrics", 2)
    assert steps_of(read_journal(path)) == [1, 2]


LIMITED = """
import resource, sys
from pathlib import Path
from ganterm.runs.journal import JournalWriter
path = Path(sys.argv[1])
writer = JournalWriter(path)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
step = 0
try:
    while True:
        writer.write("metrics", step, d_loss=0.123456789)
        step += 1
except OSError as error:
    print(step, error.strerror, error.filename, path.read_bytes()[-1:] == b"\\n", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
writer.write("end", step)
writer.close()
"""


def test_the_kernel_writing_half_a_record_leaves_whole_ones(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Child(LIMITED, path) as child:
        written, said = child.hear().split(" ", 1)
        assert said == f"File too large {path} True"
        assert child.rest() == []
    assert steps_of(read_journal(path)) == [*range(int(written)), int(written)]


FULL = """
import sys
from pathlib import Path
from ganterm.runs.journal import JournalWriter, read_journal
path = Path(sys.argv[1]) / "journal.jsonl"
writer = JournalWriter(path)
(path.parent / "ballast").write_bytes(b"x" * 100_000)
step = 0
try:
    while True:
        writer.write("metrics", step, note="x" * 997)
        step += 1
except OSError as error:
    print(error.strerror, error.filename, flush=True)
whole = path.read_bytes().endswith(b"\\n") and len(read_journal(path)) == step > 10
(path.parent / "ballast").unlink()
writer.write("end", step)
print(whole and read_journal(path)[-1]["kind"] == "end", flush=True)
"""


def test_a_full_disk_leaves_whole_records_and_the_journal_goes_on_after(
    tmp_path: Path, small_disk: tuple[str, ...]
) -> None:
    with Child(FULL, tmp_path, prefix=small_disk) as child:
        assert child.rest() == [f"No space left on device {tmp_path}/journal.jsonl", "True"]


def test_writing_to_a_deleted_journal_fails_instead_of_vanishing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with JournalWriter(run / "journal.jsonl") as writer:
        writer.write("metrics", 1)
        shutil.rmtree(run)
        with pytest.raises(FileNotFoundError) as raised:
            writer.write("metrics", 2)
    assert raised.value.filename == str(run / "journal.jsonl")


def test_a_journal_that_is_no_file_of_its_own_is_refused(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("no newline at the end")
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(precious)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, Path("/dev/null")):
        with pytest.raises(OSError, match=str(path)):
            JournalWriter(path)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="Not a regular file"):
            read_journal(path)
    assert precious.read_text() == "no newline at the end"


def test_closing_twice_is_harmless_and_writing_after_is_an_error(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "journal.jsonl")
    writer.close()
    writer.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        writer.write("metrics", 1)


ENDLESS = """
import itertools, sys
from pathlib import Path
from ganterm.runs.journal import JournalWriter
writer = JournalWriter(Path(sys.argv[1]))
print("open", writer.torn_bytes, flush=True)
for step in itertools.count(int(sys.argv[2])):
    writer.write("metrics", step, d_loss=step / 3, note="x" * (step % 300))
    print(step, flush=True)
"""


def kill_writers(path: Path, rounds: int) -> None:
    chance = random.Random(rounds)
    begin = 0
    for _ in range(rounds):
        with Child(ENDLESS, path, begin) as child:
            assert child.hear().startswith("open ")
            acknowledged = begin - 1
            for _ in range(chance.randrange(1, 400)):
                acknowledged = int(child.hear())
            child.kill()
            acknowledged = max([acknowledged, *map(int, child.rest())])
        tail = JournalTail(path)
        steps = steps_of(tail.poll())
        assert tail.damaged == 0
        assert steps == list(range(len(steps)))
        assert steps[-1] >= acknowledged
        begin = len(steps)


def test_kill_9_loses_no_record_that_was_written(tmp_path: Path) -> None:
    kill_writers(tmp_path / "journal.jsonl", 4)


@pytest.mark.slow
def test_a_storm_of_kill_9_loses_no_record_that_was_written(tmp_path: Path) -> None:
    kill_writers(tmp_path / "journal.jsonl", 100)


def test_any_number_of_readers_follow_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    early, late = JournalTail(path), JournalTail(path)
    with JournalWriter(path) as writer:
        seen = []
        for step in range(50):
            writer.write("metrics", step)
            seen += early.poll()
    assert seen == late.poll() == [json.loads(line) for line in path.read_bytes().splitlines()]
