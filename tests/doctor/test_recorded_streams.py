"""Recorded runs that were broken are found out within 200 steps, and healthy ones left alone.

`python -m tests.doctor.make_recorded` trains them: seeds, recipes and what breaks them stand there.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
import pytest

from ganterm.core.records import MetricsRecord
from ganterm.doctor.doctor import Doctor
from tests.doctor.make_recorded import BROKEN_SEEDS, KINDS, STREAMS, kind_config

STEPS = 200
"""Within which a trouble is to be found."""
Stream = tuple[str, int, str, list[MetricsRecord]]


@cache
def recorded() -> list[Stream]:
    """Return kind, seed, what broke it ("" for nothing) and the records of every stream."""
    lines = gzip.decompress(STREAMS.read_bytes()).decode().splitlines()
    return [
        (each["kind"], each["seed"], each["code"], list(_records(each["columns"])))
        for each in map(json.loads, lines)
    ]


def _records(columns: dict[str, list[Any]]) -> Iterable[MetricsRecord]:
    for row in zip(*columns.values(), strict=True):
        values = dict(zip(columns, row, strict=True))
        yield MetricsRecord(step=values.pop("step"), values=values)


def healthy() -> list[Stream]:
    """Return the streams of runs that nothing broke."""
    return [each for each in recorded() if each[2] == "" and KINDS[each[0]].healthy]


def found(kind: str, seed: int, code: str, records: list[MetricsRecord]) -> list[tuple[int, str]]:
    """Return step and code of each alert in a stream, that before it was broken included."""
    config, facts = kind_config(kind, seed), KINDS[kind]
    doctor = Doctor(config)
    if code:
        (before,) = (r for k, s, c, r in recorded() if (k, s, c) == (kind, seed, ""))
        doctor.remember(record for record in before if record.step <= facts.at)
        doctor.config = msgspec.structs.replace(config, **facts.breaks[code](config))
    alerts = [alert for record in records for alert in doctor.see(record)]
    return [(alert.step, alert.code) for alert in alerts if not alert.cleared]


def test_there_is_enough_to_tell_by() -> None:
    """Three recipes and both kinds, eight seeds and more, and what every kind asks for."""
    assert len(healthy()) >= 23
    for streams in (healthy(), [each for each in recorded() if each[2]]):
        assert len({KINDS[kind].settings["recipe"] for kind, *_ in streams}) == 3
        assert len({seed for _, seed, *_ in streams}) >= len(BROKEN_SEEDS) >= 8
    for kind, facts in KINDS.items():
        assert {seed for name, seed, code, _ in recorded() if (name, code) == (kind, "")} == set(
            facts.seeds
        )


@pytest.mark.parametrize("kind", [name for name, facts in KINDS.items() if facts.healthy])
def test_healthy_runs_give_no_alarm(kind: str) -> None:
    alarms = {s[1]: told for s in healthy() if s[0] == kind and (told := found(*s))}
    assert alarms == {}


def test_what_breaks_a_run_is_found_within_200_steps() -> None:
    """In 95 % of the runs, and in 80 % of those of each trouble."""
    told: dict[str, Counter[bool]] = defaultdict(Counter)
    for kind, seed, code, records in recorded():
        if code:
            within = KINDS[kind].at + STEPS
            told[code][
                any((c == code and at <= within) for at, c in found(kind, seed, code, records))
            ] += 1
    shares = {code: counts[True] / counts.total() for code, counts in told.items()}
    assert min(shares.values()) >= 0.8, shares
    assert sum(counts[True] for counts in told.values()) >= 0.95 * sum(
        counts.total() for counts in told.values()
    ), shares


def test_a_run_whose_samples_never_become_varied_is_found() -> None:
    """The default run collapses at its beginning with some seeds, and says so while it does."""
    for kind, seed, code, records in recorded():
        if kind == "collapses":
            assert "mode-collapse" in {c for at, c in found(kind, seed, code, records) if at <= 600}
