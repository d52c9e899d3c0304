"""A run that ends while it still improves fast is told so, and a converged one is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ganterm.config import RunConfig
from ganterm.core.records import JudgedRecord, MetricsRecord, Record
from ganterm.doctor.unfinished import Progress


def patches(value: Callable[[int], float], *, begin: int = 0) -> list[Record]:
    steps = range(begin, 1001, 50)
    return [
        MetricsRecord(step=s, values={"patch_distance": value(s), "d_loss": 1.0}) for s in steps
    ]


def scores(value: Callable[[int], float], **fields: object) -> list[Record]:
    told = {"judge": "one", "n": 100, **fields}
    return [
        JudgedRecord(step=s, scores={"fid": value(s)}, floor={"fid": 2.0}, **told)  # type: ignore[arg-type]
        for s in range(100, 1001, 100)
    ]


def falling(step: int) -> float:
    return 300 / (step + 20)


def flat(step: int) -> float:
    return 6.0 + step % 3


IMPROVES = "distance of patches fell by 40% from the second third of the run to the last"


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (patches(lambda s: 3000 / (s + 20)), IMPROVES),
        (patches(flat), ""),
        (patches(lambda s: 9 - s / 500), ""),  # slowly
        (patches(falling), ""),  # as good as there
        (patches(lambda s: 2000 / (s - 480), begin=500), "trains on"),  # a branch
        (patches(lambda s: 3000 / (s + 20))[-3:], ""),  # too short to tell
        (scores(lambda s: 60_000 / s), "Frechet distance fell by 33%"),
        ([*patches(flat), *scores(lambda s: 60_000 / s)], "Frechet"),
        ([*patches(lambda s: 3000 / (s + 20)), *scores(lambda s: 50.0 + s % 3)], ""),
        (scores(lambda s: 60_000 / s, apart=True), ""),
        ([], ""),
    ],
)
def test_what_the_records_say_of_the_end(records: list[Record], words: str) -> None:
    progress = Progress()
    for record in records:
        progress.see(record)
    said = progress.unfinished(RunConfig(steps=1000), 1000, "run")
    assert words in said
    assert bool(words) == ("`ganterm resume run --steps 2000` trains on." in said)


def test_a_run_that_counts_epochs_is_given_epochs() -> None:
    progress = Progress()
    for record in patches(lambda s: 3000 / (s + 20)):
        progress.see(record)
    config = RunConfig(steps=0, epochs=40)
    assert "`ganterm resume run --epochs 80`" in progress.unfinished(config, 1000, "run")
