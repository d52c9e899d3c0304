"""Settings side by side: their order, what changed live, and how values are written."""

from __future__ import annotations

import pytest

from ganterm.config import FIELDS
from ganterm.config.differences import Compared, differing, said


def _subject(name: str, settings: dict[str, object], **began: object) -> Compared:
    return Compared(name, settings, {**settings, **began})


def test_settings_stand_in_the_order_of_the_schema() -> None:
    """Settings that this version does not know come last."""
    names = ["zzz", *reversed(FIELDS)]
    lines = differing([_subject("a", dict.fromkeys(names, 1)), _subject("b", {})])
    assert [line[0] for line in lines] == [*FIELDS, "zzz"]
    assert lines[0][1:] == ["1", "-"]


def test_a_setting_changed_live_is_told_with_what_it_was() -> None:
    """It is shown even where both runs have the same value now."""
    both = [_subject(name, {"lr_g": 1e-4}, lr_g=2e-4) for name in ("a", "b")]
    assert differing(both) == [["lr_g", "0.0002 → 0.0001", "0.0002 → 0.0001"]]


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "unset"), (True, "true"), (2e-4, "0.0002"), (64, "64"), ("auto", "auto")],
)
def test_values_are_written_as_a_person_writes_them(value: object, words: str) -> None:
    """As in a recipe, with unset for what has no value."""
    assert said(value) == words
