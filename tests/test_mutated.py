"""Files of a run with anything done to their bytes: read in bounds, or refused in words."""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from ganterm.client.comparison import standing
from ganterm.client.feed import FeedReader
from ganterm.client.overview import as_dict, overview
from ganterm.config.recorded import recorded_config
from ganterm.config.runfile import read_run_toml
from ganterm.core.codec import encode, judged_record
from ganterm.core.errors import GantermError
from ganterm.core.jsontext import dump_line
from ganterm.core.records import ControlRecord
from ganterm.runs import control
from ganterm.runs.bookmarks import Bookmark, keep, read_bookmarks
from ganterm.runs.control import JudgedOrder
from ganterm.runs.history import effective
from ganterm.runs.journal import read_journal
from ganterm.runs.layout import RunDir
from ganterm.runs.live import steering
from ganterm.runs.places import LatentPoint
from ganterm.runs.state import observe
from ganterm.runs.status import read_status
from tests.planted import CONTENTS, evil_lines, within
from tests.quick import slow_unless
from tests.worker.workers import Zygote, make_run

SECONDS: Final = 5.0
"""For the reading of one file."""
GROWTH: Final = 150 << 20
"""Bytes that a process may grow by while it reads thousands of them."""
FEW, MANY = 60, 20_000
TOKENS: Final = (
    *(b"1e999", b"-1e999", b"NaN", b"Infinity", b"9" * 400, b"-" + b"9" * 30, b"1e-400", b"-0"),
    *(b"null", b"true", b"[]", b"{}", b'""', b"{" * 40, b"[" * 40, b'{"a":' * 40, b"]" * 40),
    *(b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\x1b[2J", b"\xe2\x80\xae", b"\n", b"\r", b"\\"),
    *(b"=", b"'''", b'"""', b"[run]", b"[[run]]", b"a.a.a.a.a.a", b"../..", b"/dev/zero"),
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with one to six things done to it at places of chance."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        end = at + chance.choice((1, 2, 8, 64))
        match chance.randrange(7):
            case 0:
                found[at:at] = chance.choice(TOKENS)
            case 1:
                found[at:end] = chance.choice(TOKENS)
            case 2:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                del found[at:end]
            case 4:
                found[at:at] = found[at : at + chance.randint(1, 300)] * chance.choice((1, 2, 30))
            case 5:
                found[at:] = found[: chance.randrange(len(found) + 1)]
            case _:
                number = _number_near(found, at)
                found[number] = chance.choice(TOKENS[:8])
        del found[200_000:]
    return bytes(found)


def _number_near(data: bytearray, at: int) -> slice:
    """Return where the next digits after `at` lie."""
    begin = next((i for i in range(at, len(data)) if 48 <= data[i] < 58), len(data))
    end = next((i for i in range(begin, len(data)) if not 48 <= data[i] < 58), len(data))
    return slice(begin, end)


def _read_journal(run: RunDir) -> None:
    reader = FeedReader(run)
    reader.refresh()
    feed = reader.feed
    _ = feed.seconds_left, feed.troubles, feed.eta_seconds, feed.samples, feed.checkpoints
    as_dict(overview(run))
    standing(run)
    records = read_journal(run.journal)
    steering(effective(records))
    for record in records:
        dump_line(encode(record))
    recorded_config(run)


def _read_config(run: RunDir) -> None:
    as_dict(overview(run))
    read_run_toml(run.config_file)


def _read_status(run: RunDir) -> None:
    read_status(run.status)
    observe(run)


def _read_commands(run: RunDir) -> None:
    for command in control.pending(run.control):
        dump_line({"args": command.args, "error": command.error})
        if isinstance(command.order, JudgedOrder):
            try:
                judged = judged_record(command.order.step, command.order.fields)
            except ValueError as error:
                raise Refused from error
            dump_line(encode(judged))


class Refused(Exception):  # noqa: N818 - named for what happened
    """What a worker answers with an error."""


def _read_bookmarks(run: RunDir) -> None:
    dump_line({"bookmarks": [each.place.to_json() for each in read_bookmarks(run)]})


READERS: Final[dict[str, Callable[[RunDir], None]]] = {
    "journal.jsonl": _read_journal,
    "run.toml": _read_config,
    "status.json": _read_status,
    "control/1.json": _read_commands,
    "bookmarks.json": _read_bookmarks,
}


def seeds(name: str, run: RunDir) -> list[bytes]:
    """Return what files of a name hold that are as they should be, and some that are not."""
    found = list(CONTENTS.values())
    path = run.path / name
    if path.exists():
        found = [path.read_bytes(), path.read_bytes(), *found]
    if name == "journal.jsonl":
        lines = list(evil_lines())
        sound = path.read_bytes()
        found += [sound + b"\n".join(lines[at::40]) + b"\n" for at in range(40)]
    if name == "control/1.json":
        judged = {"step": 6, "fields": {"fid": 1.5, "n": 8, "judge": "a", "k": {"recall": 3}}}
        orders = {"set": {"key": "lr_g", "value": 1e-4}, "judged": judged, "stop": {}}
        found += [json.dumps({"name": key, "args": args}).encode() for key, args in orders.items()]
    return [content for content in found if len(content) < 30_000]


@pytest.mark.parametrize(
    ("name", "count"),
    slow_unless(
        lambda _, count: count == FEW, [(name, n) for name in READERS for n in (FEW, MANY)]
    ),
)
def test_any_bytes_are_read_or_refused(
    name: str, count: int, tmp_path: Path, trained: RunDir
) -> None:
    """No crash, nothing that takes long, no growth; the same bytes in every run of the tests."""
    run = RunDir(tmp_path / "run")
    run.control.mkdir(parents=True)
    for part in ("run.toml", "journal.jsonl", "status.json"):
        (run.path / part).write_bytes((trained.path / part).read_bytes())
    point = LatentPoint(seed=3, moves=(("a", 1.5),), truncation=0.7, label=2)
    keep(run, Bookmark("found", point, 6))
    chance, whole, slowest, refused = random.Random(name), seeds(name, run), 0.0, 0
    before = 0
    for number in range(count):
        if number == count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        content = mutated(chance.choice(whole), chance)
        (run.path / name).write_bytes(content)
        began = time.perf_counter()
        try:
            with within(SECONDS):
                READERS[name](run)
        except (GantermError, Refused):
            refused += 1
        except BaseException:
            sys.stdout.write(f"\n{name} {number}: {content[:2000]!r}\n")
            raise
        slowest = max(slowest, time.perf_counter() - began)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    told = f"{refused:,} refused, slowest {slowest:.2f} s, {grown >> 20} MiB more"
    sys.stdout.write(f"\n{name}: {count:,} inputs, {told}\n")
    assert grown < GROWTH


def commands(run: RunDir, count: int) -> Iterator[bytes]:
    """Yield what somebody may leave as commands; none of it ends a worker by its sound meaning."""
    chance = random.Random(count)
    whole = [each for each in seeds("control/1.json", run) if b"stop" not in each]
    yield json.dumps({"name": "judged", "args": {"step": -1, "fields": {}}}).encode()
    fields = {"fid": 1.0, "n": 2, "judge": "x"}
    for step in (-1, 10**15, 2**53, 10**400):
        yield json.dumps({"name": "judged", "args": {"step": step, "fields": fields}}).encode()
    values: tuple[Any, ...] = (10**400, -(10**30), 1e308, [], {"a": 1}, None, "\x1b[2J")
    for value in values:
        for name, args in (
            ("set", {"key": "lr_g", "value": value}),
            ("set", {"key": value, "value": 1}),
            ("judged", {"step": 1, "fields": {**fields, "kid": value}}),
            ("judged", {"step": 1, "fields": {**fields, "n": value}}),
            (value, {}),
        ):
            yield json.dumps({"name": name, "args": args}).encode()
    for _ in range(count):
        yield mutated(chance.choice(whole), chance)


@pytest.mark.parametrize("count", slow_unless((20).__eq__, (20, 2000)))
def test_a_worker_outlives_any_command(count: int, tmp_path: Path, zygote: Zygote) -> None:
    """What waits as it begins and what comes while it trains is answered as an error and gone."""
    run = make_run(tmp_path, steps=10**6, checkpoint_every="10000", log_every=1000)
    outside = tmp_path / "outside"
    outside.write_bytes(b'{"name": "stop", "args": {}}')
    everything = list(commands(run, count))

    def leave(number: int, content: bytes) -> str:
        path = run.control / f"0-{number:06d}.json"  # Before all that `post` leaves.
        # A worker may see no half of it, as `post` leaves none.
        path.with_suffix(".part").write_bytes(content)
        path.with_suffix(".part").rename(path)
        return path.stem

    left = [leave(number, content) for number, content in enumerate(everything[::2])]
    (run.control / "000000-link.json").symlink_to(outside)
    os.mkfifo(run.control / "000000-pipe.json")
    (run.control / "000000-directory.json").mkdir()
    worker = zygote.start(run)
    assert worker.until_step(1) is not None, worker.log()
    left += [leave(10**5 + number, content) for number, content in enumerate(everything[1::2])]
    last = control.post(run.control, "sample")
    answer = worker.until(lambda record: record.get("id") == last)
    assert answer is not None, worker.log()
    control.post(run.control, "stop")
    assert worker.wait() == 0, worker.log()
    answers = {
        each.id: each.error for each in read_journal(run.journal) if isinstance(each, ControlRecord)
    }
    assert set(left) | {"000000-link", "000000-pipe"} <= answers.keys()
    assert answers["000000-link"]
    assert sum(map(bool, answers.values())) > len(left) / 2
    assert [path.name for path in run.control.iterdir()] == ["000000-directory.json"]
    assert outside.read_bytes() == b'{"name": "stop", "args": {}}'
