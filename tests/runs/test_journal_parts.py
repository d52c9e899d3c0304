"""A long journal is read in parts, many metrics at once, and tells what it tells line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ganterm.core.records import ControlRecord, MetricsRecord, OpeningRecord, Record, StartRecord
from ganterm.runs import ahead, cache, columns, journal
from ganterm.runs.cache import HistoryReader, kept_file
from ganterm.runs.history import RunHistory
from ganterm.runs.journal import JournalTail, newest_of, read_journal, records_of
from ganterm.runs.layout import RunDir

METRICS = '{"v":1,"kind":"metrics",'
ODD = (
    METRICS + '"step":7,"time":1.0,"d_loss":1,"d_loss":2}',
    METRICS + '"step":7,"time":1.0,"kind":"end"}',
    METRICS + '"step":7.0,"time":1.0,"d_loss":1}',
    METRICS + '"step":-7,"time":1.0,"d_loss":1}',
    METRICS + '"step":7,"time":1e12,"d_loss":1}',
    METRICS + '"step":7,"time":1.0,"d_loss":1e999}',
    METRICS + '"step":7,"time":1.0,"d_loss":1}{}',
    METRICS + '"step":7,"time":1.0,"d_loss":1},{"v":1}',
    METRICS + '"step":7,"time":1.0,"d_loss":1',
    METRICS + '"step":7,"time":1.0,"d_loss":NaN}',
    METRICS + '"step":7,"time":1.0,"word":"{"}',
    METRICS + '"step":7,"time":1.0,"truth":true,"d_loss":4}',
    METRICS + '"step":7,"time":1.0,"nest":{"d_loss":1}}',
    METRICS + '"step":7,"time":1.0,"a:b":3,"d_loss":1}',
    METRICS + '"step":7,"time":1.0,"d\\u005floss":3}',
    METRICS + '"step":7,"time":1.0,"d_loss":' + "9" * 400 + "}",
    METRICS + '"step":9,"time":1,"d_loss":null,"rare":-1e-7}',
    METRICS + '"step":7,"time":1.0,"d_loss":9223372036854775808}',
    METRICS + '"step":7,"time":1.0,"d_loss":-1e300,"g_loss":9223372036854775807}',
    METRICS + '"step":7,"time":1.0}',
    '{"v":2,"kind":"metrics","step":7,"time":1.0,"d_loss":1}',
    '{"v":1,"kind":"end","step":7,"time":1.0,"reason":"stopped"}',
    '{"v":1,"kind":"resume","step":5,"time":1.0}',
    '{"v":1,"kind":"control","step":7,"time":1.0,"name":"pause"}',
    '{"v":1,"kind":"epoch","step":7,"time":1.0,"epoch":1,"d_loss":2}',
    "",
    "]",
)
plain = st.builds(
    lambda step, values: json.dumps(
        {"v": 1, "kind": "metrics", "step": step, "time": step / 2, **values}, separators=(",", ":")
    ),
    st.integers(0, 40),
    st.dictionaries(
        st.sampled_from(["d_loss", "g_loss", "d2"]), st.none() | st.floats(-9, 9) | st.integers()
    ),
)


def plain_line(step: int) -> str:
    return f'{METRICS}"step":{step},"time":1.0,"d_loss":null}}'


def told(history: RunHistory) -> dict[str, Any]:
    """Return what a history says, NaN as a word."""
    found = {name: value for name, value in vars(history).items() if name != "_rate"}
    for name in ("series", "epoch_series", "_epochs"):
        series = found.pop(name)
        every = series if isinstance(series, dict) else {name: series}
        found |= {f"{name} {key}": repr(each.state()) for key, each in every.items()}
    return found


@settings(max_examples=60)
@example([plain_line(0), ODD[1]], 1)
@example([plain_line(0), ODD[1], plain_line(1)], 8)
@example([plain_line(0), *ODD, *map(plain_line, range(9))], 200)
@given(st.lists(plain | st.sampled_from(ODD), max_size=60), st.integers(1, 800))
def test_many_lines_at_once_say_what_each_of_them_says(lines: list[str], most: int) -> None:
    other = JournalTail(Path("none"))
    whole = [line.encode() for line in lines]
    each = RunHistory()
    for record in other._records(whole):
        each.add(record)
    for elsewhere in (False, True):
        tail, at_once = JournalTail(Path("none")), RunHistory()
        if elsewhere:
            tail.ahead = lambda text: ahead.understood(ahead.answer_to(text))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(columns, "FEWEST", 1)
            patch.setattr(columns, "MOST", most)
            at_once.add(*tail._parts(b"".join(line + b"\n" for line in whole)))
        assert told(at_once) == told(each)
        assert (tail.damaged, tail.newer) == (other.damaged, other.newer)


@pytest.mark.parametrize("kinds", [(StartRecord,), (OpeningRecord, ControlRecord), (Record,)])
def test_records_of_some_kinds_are_those_of_all(
    tmp_path: Path, kinds: tuple[type[Record], ...]
) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(f"{line}\n" for line in (*ODD, *MORE, *map(plain_line, range(99)))))
    found = list(records_of(path, *kinds))
    of_all = [each for each in read_journal(path) if isinstance(each, kinds)]
    assert found == [each for each in of_all if not isinstance(each, MetricsRecord)] != []


def test_the_newest_metrics_come_with_all_other_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_LINE", 1 << 12)
    run = RunDir(tmp_path / "run")
    for begin in range(0, 900, 300):
        journal_of(run, range(begin, begin + 300), *MORE, *ODD)
    every = read_journal(run.journal)
    steps = [each.step for each in every if isinstance(each, MetricsRecord)]
    others = [each for each in every if not isinstance(each, MetricsRecord)]
    for most in (1, 100, 400, 10_000):
        found = newest_of(run.journal, most)
        metrics = [each.step for each in found if isinstance(each, MetricsRecord)]
        assert metrics == steps[len(steps) - len(metrics) :]
        assert min(most, len(steps)) <= len(metrics) <= most + 100
        assert [each for each in found if not isinstance(each, MetricsRecord)] == others
        rest = iter(every)
        assert all(any(each == other for other in rest) for each in found), "in order"


def test_metrics_as_a_trainer_writes_them_are_read_at_once() -> None:
    lines = [f'{METRICS}"step":{n},"time":1.5,"d_loss":{n / 7},"x":null}}' for n in range(2000)]
    tail = JournalTail(Path("none"))

    def read_all() -> list[type]:
        return [type(part) for part in tail._parts("".join(map("{}\n".format, lines)).encode())]

    assert read_all() == [columns.MetricsColumns]
    lines[1000] = lines[1000].replace('"x"', '"rare":1e-9,"x"')
    assert read_all() == [MetricsRecord] * len(lines)
    assert read_all() == [columns.MetricsColumns]


def journal_of(run: RunDir, steps: range, *more: str) -> None:
    run.path.mkdir(exist_ok=True)
    lines = [f'{METRICS}"step":{n},"time":{n}.5,"d_loss":{n / 7}}}' for n in steps]
    with run.journal.open("a") as file:
        file.write("".join(f"{line}\n" for line in [*lines, *more]))


MORE = (
    '{"v":1,"kind":"start","step":0,"time":1,"config":{"lr_g":0.1},"steps":90,"device":"cpu"}',
    *ODD[-8:-2],
    '{"v":1,"kind":"control","step":7,"time":2.0,"name":"set","args":{"key":"lr_g","value":0.2}}',
    '{"v":1,"kind":"sample","step":7,"time":3.0,"path":"samples/step-00000007.png"}',
    '{"v":1,"kind":"checkpoint","step":7,"time":4.0,"path":"checkpoints/step-00000007.safetensors"}',
    '{"v":1,"kind":"alert","step":7,"time":5.0,"code":"stall","message":"so","evidence":{}}',
    '{"v":1,"kind":"judged","step":7,"time":6.0,"judge":"j","n":5,"fid":3.5}',
)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    """Return a run whose journal has been read and kept."""
    run = RunDir(tmp_path / "run")
    monkeypatch.setattr(cache, "KEEP_EVERY", 1)
    journal_of(run, range(600), *MORE)
    read(run)
    assert kept_file(run).exists()
    return run


def read(run: RunDir) -> tuple[RunHistory, int]:
    """Return the history of a run, and how many parts of its journal were read for it."""
    history = RunHistory()
    return history, sum(1 for _ in HistoryReader(run, history).read())


def anew(run: RunDir) -> RunHistory:
    history = RunHistory()
    history.add(*JournalTail(run.journal).each())
    return history


def test_what_is_kept_says_what_the_journal_does_and_more_is_read_behind_it(kept: RunDir) -> None:
    for _ in range(2):
        found, parts = read(kept)
        assert (told(found), parts) == (told(anew(kept)), 0)
        journal_of(kept, range(600, 700), '{"v":1,"kind":"resume","step":650,"time":9.0}')
        found, parts = read(kept)
        assert (told(found), parts) == (told(anew(kept)), 1)


@pytest.mark.parametrize("killed", [False, True])
def test_a_long_journal_is_read_by_several_processes_as_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    run = RunDir(tmp_path / "run")
    journal_of(run, range(9000), *MORE, *ODD)
    journal_of(run, range(9000, 12000))
    for module in (ahead, journal):
        monkeypatch.setattr(module, "MAX_LINE", 1 << 16)
    monkeypatch.setattr(cache, "LONG", 1)
    found: list[Any] = []

    def read_ahead(self: ahead.Ahead, text: bytes) -> Any:
        if killed and len(found) == 2:
            self._sent[0][0].kill()
            self._sent[0][0].wait()
        found.append(real(self, text))
        return found[-1]

    real = ahead.Ahead.read
    monkeypatch.setattr(ahead.Ahead, "read", read_ahead)
    history, parts = read(run)
    blocks = run.journal.stat().st_size // (1 << 16) + 1
    assert len(found) == blocks == parts
    assert sum(each is not None for each in found) == (2 if killed else blocks)
    assert told(history) == told(anew(run))


def _replace(run: RunDir, old: bytes, new: bytes) -> None:
    data = run.journal.read_bytes()
    assert data.count(old) == 1
    run.journal.write_bytes(data.replace(old, new))


def _put(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: kept_file(run).unlink(),
        lambda run: kept_file(run).write_bytes(kept_file(run).read_bytes()[:-1]),
        lambda run: kept_file(run).write_bytes(b""),
        lambda run: kept_file(run).write_bytes(bytes(reversed(kept_file(run).read_bytes()))),
        lambda run: _put(kept_file(run), Path.mkdir),
        lambda run: _put(kept_file(run), lambda path: path.symlink_to("/dev/zero")),
        lambda run: _replace(run, b'"step":311,', b'"step":312,'),
        lambda run: _replace(run, b'"step":599,', b'"step":5999,'),
        lambda run: run.journal.write_bytes(run.journal.read_bytes()[:3000]),
        lambda run: _put(run.journal, lambda _: journal_of(run, range(900))),
    ],
)
def test_what_is_kept_is_never_believed_over_the_journal(kept: RunDir, spoil: Any) -> None:
    spoil(kept)
    found, parts = read(kept)
    assert parts > 0
    assert told(found) == told(anew(kept))


def test_no_state_that_no_history_was_ever_in_is_taken_over(kept: RunDir) -> None:
    state = cache.state_of(read(kept)[0])
    series = state.series["d_loss"]
    for columns_ in ([], series.columns[:-1], [b"x"], [*series.columns[:7], b"\xff" * 4800]):
        state.series["d_loss"] = type(series)(0, 64, columns_)
        with pytest.raises(ValueError, match=r"series|multiple|length"):
            cache.restore(RunHistory(), state)
