"""What is written to a journal comes back, as soon as its line is whole and in any company."""

import math
import os
from pathlib import Path

import pytest

from ganterm.core.codec import encode
from ganterm.core.records import AlertRecord, MetricsRecord, Record
from ganterm.runs.journal import MAX_LINE, JournalTail, JournalWriter, read_end, read_journal
from tests.records import lines
from tests.records import record as record_of
from tests.runs.helpers import steps_of, write_steps


def test_a_record_is_one_line_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path, clock=lambda: 1700000000.12345) as writer:
        writer.write(MetricsRecord(step=7, values={"d_loss": 0.5, "g_loss": None}))
    line = b'{"v":1,"kind":"metrics","step":7,"time":1700000000.123,"d_loss":0.5,"g_loss":null}\n'
    assert path.read_bytes() == line
    assert read_journal(path) == [
        MetricsRecord(step=7, time=1700000000.123, values={"d_loss": 0.5, "g_loss": None})
    ]


def test_numbers_that_json_cannot_hold_become_null(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        deep = {"x": [math.inf, -math.inf, 1.5]}
        writer.write(MetricsRecord(step=1, values={"d_loss": math.nan}, extra={"deep": deep}))
    (written,) = lines(path)
    assert written["d_loss"] is None
    assert written["deep"] == {"x": [None, None, 1.5]}


def test_foreign_text_cannot_reach_a_terminal_through_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    name = "\x1b]0;title\x07\x9b31m\u202e\udcff\nnew line"
    with JournalWriter(path) as writer:
        writer.write(record_of("sample", 1, path=name))
    raw = path.read_bytes()
    assert all(32 <= byte < 127 for byte in raw[:-1])
    assert lines(path)[0]["path"] == name


@pytest.mark.parametrize("name", ["v", "time", "kind", "step"])
def test_a_value_cannot_take_the_place_of_what_every_record_has(tmp_path: Path, name: str) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer, pytest.raises(ValueError, match="not to be set beside"):
        writer.write(MetricsRecord(step=1, values={name: 3.0}))
    assert path.read_bytes() == b""


def test_a_record_that_no_reader_would_take_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        with pytest.raises(ValueError, match="a record's step"):
            writer.write(MetricsRecord(step=-1, values={}))
        with pytest.raises(ValueError, match="longer than"):
            writer.write(record_of("alert", 1, message="x" * MAX_LINE))
        with pytest.raises(TypeError):
            writer.write(AlertRecord(step=1, evidence={"x": object()}))
    assert path.read_bytes() == b""


def test_a_reader_sees_a_record_only_when_its_newline_is_there(tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "journal.jsonl"
    write_steps(source, range(3))
    tail = JournalTail(path)
    assert tail.poll() == []
    seen: list[Record] = []
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


def test_a_line_longer_than_any_record_is_damaged_even_if_it_could_be_parsed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    frame = b'{"v":1,"kind":"alert","step":5,"time":1,"message":"%s"}\n'
    room = MAX_LINE - len(frame % b"")
    fits, exceeds = frame % (b"x" * room), frame % (b"x" * (room + 1))
    for both in ([fits, exceeds], [frame % b"", exceeds]):
        path.write_bytes(b"".join(both))
        tail = JournalTail(path)
        assert steps_of(tail.poll()) == [5]
        assert tail.damaged == 1


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


def test_a_longer_journal_with_the_same_lines_is_another_if_it_is_another_file(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "journal.jsonl", tmp_path / "other"
    for place, count in ((path, 2), (other, 3)):
        with JournalWriter(place, clock=lambda: 1.0) as writer:
            for step in range(count):
                writer.write(record_of("metrics", step))
    tail = JournalTail(path)
    assert steps_of(tail.poll()) == [0, 1]
    other.replace(path)
    assert steps_of(tail.poll()) == [0, 1, 2]


def test_a_journal_written_over_in_place_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(path, range(2))
    tail = JournalTail(path)
    assert steps_of(tail.poll()) == [0, 1]
    long = b'{"v":1,"kind":"alert","step":5,"time":1,"message":"' + b"x" * 500 + b'"}\n'
    path.write_bytes(long)
    assert steps_of(tail.poll()) == [5]
    path.write_bytes(b"x" * MAX_LINE * 2)
    assert tail.poll() == []
    path.write_bytes(long)
    assert steps_of(tail.poll()) == [5]
    assert tail.restarts == 3


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
    written = raw.splitlines(keepends=True)
    path.write_bytes(raw + b'{"torn')
    for size in range(1, len(raw) + 20):
        fitting, room = 0, size - 6
        while fitting < 4 and room >= len(written[3 - fitting]):
            room -= len(written[3 - fitting])
            fitting += 1
        assert steps_of(read_end(path, size)) == [0, 1, 2, 3][4 - fitting :]


def test_any_number_of_readers_follow_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    early, late = JournalTail(path), JournalTail(path)
    with JournalWriter(path) as writer:
        seen = []
        for step in range(50):
            writer.write(record_of("metrics", step))
            seen += early.poll()
    assert seen == late.poll()
    assert [encode(record) for record in seen] == lines(path)
