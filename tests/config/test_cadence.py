"""A cadence is read from text and comes due exactly when it says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.config import Cadence
from ganterm.config.cadence import log_spaced


@pytest.mark.parametrize(
    ("text", "cadence"),
    [
        ("1000", Cadence(1000, "steps")),
        ("1000 steps", Cadence(1000, "steps")),
        ("1 step", Cadence(1, "steps")),
        ("20 epochs", Cadence(20, "epochs")),
        ("1 epoch", Cadence(1, "epochs")),
        ("0", Cadence(0, "steps")),
    ],
)
def test_text_is_read(text: str, cadence: Cadence) -> None:
    assert Cadence.parse(text) == cadence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "1.5",
        "steps",
        "20 miles",
        "20  epochs",
        "1000\n",
        "1" * 10,
        "٣ epochs",
        "1 epoch\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) + r"\Z"):
        Cadence.parse(text)


def test_steps_come_due_at_their_multiples() -> None:
    cadence = Cadence(3, "steps")
    due = [step for step in range(1, 10) if cadence.due(step, epochs_before=0, epochs=0)]
    assert due == [3, 6, 9]


def test_never_is_never() -> None:
    for unit in ("steps", "epochs"):
        assert not Cadence(0, unit).due(5, epochs_before=0, epochs=5)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(1, 7))
def test_epochs_come_due_once_per_multiple_however_many_a_step_ends(
    ended: list[int], count: int
) -> None:
    cadence, epochs, due = Cadence(count, "epochs"), 0, 0
    for step, more in enumerate(ended, start=1):
        now = cadence.due(step, epochs_before=epochs, epochs=epochs + more)
        crossed = any(epoch % count == 0 for epoch in range(epochs + 1, epochs + more + 1))
        assert now is crossed
        epochs, due = epochs + more, due + now
    assert due <= epochs // count


def test_log_spaced_steps_are_two_in_each_power_of_ten() -> None:
    assert [step for step in range(20_000) if log_spaced(step)] == [
        *(1, 10, 30, 100, 300, 1_000, 3_000, 10_000)
    ]
    assert log_spaced(300_000_000)
    assert not log_spaced(300_000_010)
