"""A journal stays a file of whole records through torn tails, full disks and kill -9."""

import errno
import os
import random
import shutil
from pathlib import Path

import pytest

from ganterm.runs.journal import JournalTail, JournalWriter, read_journal
from tests.records import record as record_of
from tests.runs.helpers import Child, steps_of, write_steps


def test_a_torn_tail_of_any_length_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(3))
    whole = path.read_bytes()
    begin = whole[:-1].rindex(b"\n") + 1
    for end in range(begin, len(whole)):
        path.write_bytes(whole[:end])
        with JournalWriter(path) as writer:
            assert writer.torn_bytes == end - begin
            writer.write(record_of("resume", 1))
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


def test_half_a_record_is_taken_back_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    real_write, real_cut = os.write, os.ftruncate
    with JournalWriter(path) as writer:
        writer.write(record_of("metrics", 1))
        attempts = iter([True, False])

        def half(descriptor: int, data: memoryview) -> int:
            if next(attempts):
                return real_write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space left") as raised:
            writer.write(record_of("metrics", 2))
        assert raised.value.filename == str(path)
        monkeypatch.setattr(os, "write", real_write)
        assert steps_of(read_journal(path)) == [1]
        assert path.read_bytes().endswith(b"\n")
        writer.write(record_of("metrics", 3))
        assert steps_of(read_journal(path)) == [1, 3]

        # The worst case: the half cannot even be cut off at once; the next record must do it.
        attempts = iter([True, False])
        monkeypatch.setattr(os, "write", half)

        def no_cut(descriptor: int, length: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "ftruncate", no_cut)
        with pytest.raises(OSError, match="No space left"):
            writer.write(record_of("metrics", 4))
        monkeypatch.setattr(os, "write", real_write)
        with pytest.raises(OSError, match="Input/output"):
            writer.write(record_of("metrics", 5))
        monkeypatch.setattr(os, "ftruncate", real_cut)
        writer.write(record_of("metrics", 6))
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
            writer.write(record_of("metrics", 1))
        monkeypatch.setattr(os, "write", real_write)
        writer.write(record_of("metrics", 2))
    assert steps_of(read_journal(path)) == [1, 2]


LIMITED = """
import resource, sys
from pathlib import Path
from ganterm.runs.journal import JournalWriter, read_journal
from tests.records import record
path = Path(sys.argv[1])
writer = JournalWriter(path)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
step = 0
try:
    while True:
        writer.write(record("metrics", step, d_loss=0.123456789))
        step += 1
except OSError as error:
    print(step, error.strerror, error.filename, path.read_bytes()[-1:] == b"\\n", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
writer.write(record("end", step))
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
from tests.records import record
path = Path(sys.argv[1]) / "journal.jsonl"
writer = JournalWriter(path)
(path.parent / "ballast").write_bytes(b"x" * 100_000)
step = 0
try:
    while True:
        writer.write(record("metrics", step, note="x" * 997))
        step += 1
except OSError as error:
    print(error.strerror, error.filename, flush=True)
whole = path.read_bytes().endswith(b"\\n") and len(read_journal(path)) == step > 10
(path.parent / "ballast").unlink()
writer.write(record("end", step))
print(whole and read_journal(path)[-1].kind == "end", flush=True)
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
        writer.write(record_of("metrics", 1))
        shutil.rmtree(run)
        with pytest.raises(FileNotFoundError) as raised:
            writer.write(record_of("metrics", 2))
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
        writer.write(record_of("metrics", 1))


ENDLESS = """
import itertools, sys
from pathlib import Path
from ganterm.runs.journal import JournalWriter
from tests.records import record
writer = JournalWriter(Path(sys.argv[1]))
print("open", writer.torn_bytes, flush=True)
for step in itertools.count(int(sys.argv[2])):
    writer.write(record("metrics", step, d_loss=step / 3, note="x" * (step % 300)))
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
