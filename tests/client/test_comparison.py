"""Runs that differ in the seed alone are one experiment: its mean, and how far seeds lie apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ganterm.client.comparison import RunStanding, SeedCurve, by_seed, judge_tables
from ganterm.core.records import JudgedRecord
from ganterm.core.series import Series


def stands(
    name: str, seed: object, began: dict[str, Any] | None = None, **judged: Any
) -> RunStanding:
    """Return a run at step 20 that began with `began`, as one judge has seen it."""
    settings = {"recipe": "dcgan", "lr_g": 2e-4, "threads": 0, "seed": seed}
    record = JudgedRecord(step=20, judge="aa", n=1000, scores=judged)
    began = settings if began is None else {**settings, **began}
    return RunStanding(name, settings, began, {"aa": record} if judged else {}, {}, 20)


def curve(*points: tuple[int, float]) -> Series:
    return Series().plus(*zip(*points, strict=True))


def test_what_differs_in_the_seed_alone_goes_together() -> None:
    runs = [
        stands("a", 0),
        stands("slow", 0, {"lr_g": 1e-4}),
        stands("b", 1),
        stands("c", 2, {"threads": 2}),  # the machine's doing
        stands("slow too", 5, {"lr_g": 1e-4}),
    ]
    assert by_seed(runs) == [[0, 2, 3], [1, 4]]
    assert by_seed(runs[:2]) == []
    twice = [stands("a", 0), stands("again", 0)]
    assert by_seed(twice) == [], "the same run made again is no other seed"
    assert by_seed([RunStanding(name, {}, {}, {}, {}, 0) for name in "ab"]) == []


def test_a_score_has_a_mean_and_a_deviation_over_the_seeds() -> None:
    values = [7.25, 9.5, 6.0]
    runs = [stands(f"run-{i}", i, fid=value, kid=0.25) for i, value in enumerate(values)]
    runs[1] = stands("run-1", 1, fid=values[1])
    (table,) = judge_tables([*runs, stands("other", 0, {"lr_g": 1e-3}, fid=1.0)])
    (group,) = table.groups
    assert (group.names, group.label) == (["run-0", "run-1", "run-2"], "3 seeds of run-0")
    assert group.means["fid"] == pytest.approx(np.mean(values))
    assert group.deviations["fid"] == pytest.approx(np.std(values, ddof=1))
    assert (group.means["kid"], group.deviations["kid"]) == (0.25, 0.0)
    assert group.words("fid") == "7.583 ± 1.774"
    assert group.words("recall") == "-"


def test_the_curve_of_seeds_is_their_mean_between_their_deviations() -> None:
    one, two = curve((0, 1.0), (10, 3.0)), curve((0, 2.0), (10, 7.0), (20, 4.0))
    both = SeedCurve([one, two, Series()])
    assert (both.extent, len(both)) == ((0, 20), 5)
    first, second, third = both.window(0, 20, 3)
    assert first is not None
    assert second is not None
    assert third is not None
    apart = np.std([1.0, 2.0], ddof=1)
    assert (first.low, first.mean, first.high) == pytest.approx((1.5 - apart, 1.5, 1.5 + apart))
    assert second.mean == 5.0
    assert (third.low, third.mean, third.high, third.points) == (4.0, 4.0, 4.0, 1)
    assert SeedCurve([Series()]).extent is None
    (broken,) = SeedCurve([curve((0, math.nan))]).window(0, 1, 1)
    assert broken is not None
    assert (math.isnan(broken.mean), broken.broken) == (True, 1)
