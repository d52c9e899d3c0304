"""Scores of several runs as curves: one judge at a time, one number of images a run."""

from __future__ import annotations

from typing import Any

from ganterm.core.records import JudgedRecord
from ganterm.tui.feed.series import Series
from ganterm.tui.watch.score_curves import ScoreCurves, judge_among, score_traces, scores_among
from tests.records import record
from tests.tui.judged import verdict


def said(step: int, judge: str = "a", n: int = 100, **fields: Any) -> JudgedRecord:
    told: dict[str, Any] = {**verdict(step), "judge": judge, "n": n, **fields}
    made: JudgedRecord = record("judged", step, **told)
    return made


def test_every_judge_has_curves_of_its_own() -> None:
    """No score of two judges is one quantity."""
    found = scores_among([[said(100), said(200, "b")], [said(100)]])
    assert {each.judge for each in found if each.score == "fid"} == {"a", "b"}
    assert len(found) == len(set(found)) == 20
    assert ScoreCurves("a", "recall").title == "recall, more is better"
    assert judge_among([[said(1, "b", judge_name="Inception v3")]], "b") == "Inception v3 (b)"


def test_runs_keep_their_styles_and_say_their_numbers_where_those_differ() -> None:
    """A run that the judge has not seen has no curve, and takes no other's colour."""
    one, two = [said(100), said(200)], [said(100, n=50), said(100), said(300, n=50)]
    traces = score_traces({"one": one, "none": [], "two": two}, ScoreCurves("a", "fid"))
    assert [(each.label, each.style) for each in traces] == [
        ("one, 100 images", 0),
        ("two, 50 images", 2),
    ]
    extents = [each.source.extent for each in traces if isinstance(each.source, Series)]
    assert extents == [(100, 200), (100, 300)]
    (alone,) = score_traces({"one": one}, ScoreCurves("a", "fid"))
    assert alone.label == "one"
