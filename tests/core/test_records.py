"""Records are decoded once and strictly, and what is not known of them is kept."""

import math
from typing import Any, get_type_hints

import msgspec
import pytest

from ganterm.core.codec import decode, encode, judged_record
from ganterm.core.records import (
    KINDS,
    OPEN_FIELDS,
    AlertRecord,
    JudgedRecord,
    MetricsRecord,
    Record,
    Remedy,
    ResumeRecord,
    UnknownRecord,
)

BASE = {"v": 1, "step": 3, "time": 1.5}


def line(kind: str, **fields: Any) -> dict[str, Any]:
    return {"v": 1, "kind": kind, "step": 3, "time": 1.5, **fields}


def test_every_kind_that_there_is_has_a_record() -> None:
    kinds = "start metrics epoch sample checkpoint judged alert control resume end"
    assert list(KINDS) == kinds.split()
    for kind, record in KINDS.items():
        assert record.__struct_config__.tag == kind


@pytest.mark.parametrize("record", KINDS.values(), ids=KINDS)
def test_every_field_is_explained(record: type[Record]) -> None:
    hints = get_type_hints(record, include_extras=True)
    assert {"v", "step", "time"} <= hints.keys()
    for name, hint in hints.items():
        if name != "extra":
            said = hint.__metadata__[-1]
            assert len(said.description) >= 5, name


@pytest.mark.parametrize(
    "written",
    [
        line("metrics", epoch=0.5, images_per_s=9, d_loss=None, of_a_later_version=1.5),
        line("epoch", epoch=2, d_loss=0.5),
        line("judged", fid=1.5, of_nobody=7, floor={"fid": None}, judge="a", n=9, classes=["x"]),
        line("alert", code="x", message="m", remedy="", evidence={}, remedies=[], cleared=False),
        line("alert", code="x", message="m", remedy=""),
        line("control", id="a", name="set", args={"key": "lr_g", "value": 1}, error=""),
        line("end", reason="danced", message="", exit_code=0),
        line("from-the-future", path=["a"], d_loss="b"),
        line("sample", path="a.png", grid={"of": "a later version"}),
        line("metrics", d_loss=1.0, names=["of", "a", "later", "version"]),
    ],
    ids=lambda each: str(each["kind"]),
)
def test_a_line_is_written_again_as_it_was(written: dict[str, Any]) -> None:
    """What this version does not know included, scores and quantities too."""
    record = decode(dict(written))
    assert record is not None
    assert encode(record) == written
    assert record.kind == written["kind"]


def test_what_a_later_version_adds_is_kept_apart() -> None:
    metrics = decode(line("metrics", d_loss=1.0, flags=[True], sure=True))
    assert metrics == MetricsRecord(
        step=3, time=1.5, values={"d_loss": 1.0}, extra={"flags": [True], "sure": True}
    )
    unknown = decode(line("from-the-future", x=1))
    assert unknown == UnknownRecord(name="from-the-future", step=3, time=1.5, extra={"x": 1})
    newer = decode({**line("metrics", d_loss="in words"), "v": 2})
    assert isinstance(newer, UnknownRecord)
    assert newer.v == 2


def test_numbers_that_no_float_holds_are_not_finite() -> None:
    record = decode(line("metrics", d_loss=10**400, g_loss=-(10**400), d_real=7))
    assert isinstance(record, MetricsRecord)
    assert record.values == {"d_loss": None, "g_loss": None, "d_real": 7}


@pytest.mark.parametrize(
    "wrong",
    [
        {"v": True},
        {"step": 1.0},
        {"step": -1},
        {"time": True},
        {"time": -1.0},
        {"kind": 3},
        {"kind": "start", "config": 3},
        {"kind": "start", "steps": "many"},
        {"kind": "start", "epochs": True},
        {"kind": "resume", "pending": [3]},
        {"kind": "resume", "controls": "x"},
        {"kind": "epoch"},
        {"kind": "control", "args": 3},
        {"kind": "control", "id": []},
        {"kind": "alert", "message": 5},
        {"kind": "judged", "judge": 5},
        {"kind": "judged", "n": True},
        {"kind": "judged", "floor": [1]},
        {"kind": "end", "reason": None},
    ],
    ids=str,
)
def test_a_line_of_a_wrong_type_is_no_record(wrong: dict[str, Any]) -> None:
    assert decode({**BASE, "kind": "sample", **wrong}) is None


def test_values_cannot_take_the_place_of_what_every_record_has() -> None:
    with pytest.raises(ValueError, match="not to be set beside"):
        encode(MetricsRecord(step=3, values={"step": 7.0}))
    with pytest.raises(ValueError, match="not to be set beside"):
        encode(ResumeRecord(step=3, extra={"torn_bytes": 7}))


def test_remedies_and_changes_are_records_too() -> None:
    remedy = Remedy("slower", "halve lr_g", {"lr_g": 1e-4}, True)
    alert = AlertRecord(step=3, code="x", evidence={}, remedies=[remedy])
    written = encode(alert)
    assert written["remedies"] == [msgspec.to_builtins(remedy)]
    assert decode(written) == alert


def test_a_judgement_has_scores_of_any_name_and_nothing_else_that_is_not_declared() -> None:
    record = judged_record(3, {"fid": math.nan, "of_nobody": 2, "judge": "a", "n": 5})
    assert isinstance(record, JudgedRecord)
    assert record.scores.keys() == {"fid", "of_nobody"}
    wrongs: list[dict[str, Any]] = [{"kind": "end"}, {"n": "many"}, {"extra": {}}]
    wrongs += [{"step": 1}, {"fid": "low"}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"unknown field|Expected"):
            judged_record(3, {"judge": "a", "n": 5, **wrong})
    with pytest.raises(ValueError, match="does not say its 'judge'"):
        judged_record(3, {"fid": 1.0, "n": 5})


def test_scores_that_do_not_say_their_k_are_those_of_five_neighbours_and_one_split() -> None:
    """So a run's earlier judgements never stand in one line with later ones."""
    told = {"judge": "a", "n": 9, "fid": 1.0, "precision": 0.5, "inception_score": 4.0}
    line = {**BASE, "kind": "judged", **told, "floor": {"recall": 0.9}}
    record = decode(dict(line))
    assert isinstance(record, JudgedRecord)
    assert record.scores == {"fid": 1.0, "precision_k5": 0.5, "inception_score_splits1": 4.0}
    assert record.floor == {"recall_k5": 0.9}
    assert decode(encode(record)) == record
    said = decode({**line, "k": {"precision": 3}, "splits": 10})
    assert isinstance(said, JudgedRecord)
    assert said.scores.keys() == {"fid", "precision", "inception_score"}


def test_open_fields_are_those_of_what_is_measured() -> None:
    assert {record.__struct_config__.tag for record in OPEN_FIELDS} == {
        "metrics",
        "epoch",
        "judged",
    }
