"""What the judgements of a run say: who judged, in which order, beside what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganterm.client.scores import (
    ClassShare,
    ScoreCurves,
    classes_of,
    curves,
    figures,
    judge_among,
    judge_words,
    judgements,
    judges_of,
    picture_of,
    score_traces,
    scores_among,
)
from ganterm.components.scores import scored
from ganterm.core.records import JudgedRecord
from ganterm.core.series import Series
from ganterm.runs.layout import RunDir
from tests.records import record
from tests.tui.judged import verdict


def judged(step: int, judge: str = "a", n: int = 100, **fields: Any) -> JudgedRecord:
    """Return a judgement."""
    made: JudgedRecord = record("judged", step, judge=judge, n=n, **fields)
    return made


def test_judgements_are_those_of_one_judge_by_the_steps() -> None:
    """An earlier checkpoint judged later stands before; of two on the same, the later counts."""
    said = [judged(200, fid=2.0), judged(100, fid=1.0), judged(100, "b"), judged(200, fid=3.0)]
    assert [(r.step, r.score("fid")) for r in judgements(said, "a")] == [(100, 1.0), (200, 3.0)]
    assert judges_of(said) == ["a", "b"]
    assert judges_of([*said, judged(1, "b")]) == ["b", "a"]


def test_a_score_is_never_drawn_together_with_that_of_other_counts() -> None:
    """Each number of images has a curve of its own."""
    said = [judged(100, fid=1.0), judged(100, n=50, fid=9.0), judged(200, fid=2.0)]
    drawn = curves(judgements(said, "a"), "fid")
    assert {count: len(series) for count, series in drawn.items()} == {100: 2, 50: 1}


def test_figures_stand_beside_the_floor_and_what_was_before() -> None:
    """Less is better for a distance, more for a share; other counts are no before."""
    floor = {"fid": 0.5, "precision": None}
    said = [
        judged(100, fid=3.0, precision=0.5),
        judged(150, n=50, fid=9.0, precision=0.1),
        judged(200, fid=2.0, precision=0.4, modes=10, floor=floor),
    ]
    fid, precision, modes = figures(judgements(said, "a"), 2)
    assert (fid.name, fid.floor, fid.before, fid.better) == ("fid", 0.5, 3.0, True)
    assert (precision.floor, precision.better) == (None, False)
    assert (modes.before, modes.better) == (None, None)


def test_classes_have_their_names_and_what_is_real_as_far_as_is_known() -> None:
    """Clusters are numbered; what is no share counts for nothing."""
    assert classes_of(judged(1)) == []
    said: dict[str, Any] = {
        "histogram": [0.75, None, 2],
        "histogram_real": [0.5, 0.5],
        "classes": ["cat"],
    }
    assert classes_of(judged(1, **said)) == [
        ClassShare("cat", 0.75, 0.5),
        ClassShare("1", 0.0, 0.5),
        ClassShare("2", 1.0, None),
    ]


@pytest.mark.parametrize("path", [None, "", "/etc/passwd", "../other/x.png", "a\0b"])
def test_a_picture_outside_of_the_run_is_none(path: str | None) -> None:
    """A journal cannot have other files drawn."""
    run = RunDir(Path("/runs/one"))
    assert picture_of(run, judged(1, best=path), "best") is None
    sound = judged(1, best="samples/b.png")
    assert picture_of(run, sound, "best") == Path("/runs/one/samples/b.png")


def test_a_record_may_say_nothing_that_it_should() -> None:
    """Neither judge nor number nor finite scores: nothing breaks."""
    odd = record("judged", 1, fid=None, kid="x")
    assert judges_of([odd]) == [""]
    assert scored([odd]) == []
    assert figures([odd], 0) == []
    assert judge_words(judged(1, "0123456789abcdef")) == "judge 01234567"
    assert judge_words(judged(1, "0123456789", judge_name="x")) == "x (01234567)"


def said(step: int, judge: str = "a", n: int = 100, **fields: Any) -> JudgedRecord:
    told: dict[str, Any] = {**verdict(step), "judge": judge, "n": n, **fields}
    made: JudgedRecord = record("judged", step, **told)
    return made


def test_every_judge_has_curves_of_its_own() -> None:
    """No score of two judges is one quantity."""
    found = scores_among([[said(100), said(200, "b")], [said(100)]])
    assert {each.judge for each in found if each.score == "fid"} == {"a", "b"}
    assert len(found) == len(set(found)) == 20
    assert ScoreCurves("a", "recall").title == "recall (k=3), more is better"
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
