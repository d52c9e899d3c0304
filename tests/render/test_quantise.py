"""Values are rounded to levels, and with slack to those that spare colour changes."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.quantise import nearest_table, quantise

EIGHT = tuple(round(255 * index / 7) for index in range(8))


@given(st.binary(min_size=1, max_size=64), st.sampled_from([0.5, 0.75, 1.0]))
def test_no_value_moves_further_than_the_slack(row: bytes, slack: float) -> None:
    """Every value becomes a level, at most the slack away."""
    (settled,) = quantise(row, len(row), EIGHT, slack)
    assert set(settled) <= set(EIGHT)
    assert all(
        abs(a - b) <= max(slack, 0.5) * 255 / 7 + 1 for a, b in zip(row, settled, strict=True)
    )


def test_without_slack_every_value_goes_to_the_nearest() -> None:
    """All 256 values are rounded to the nearest level."""
    (row,) = quantise(bytes(range(256)), 256, EIGHT)
    assert row == nearest_table(EIGHT)
    assert all(
        abs(value - level) == min(abs(value - other) for other in EIGHT)
        for value, level in enumerate(row)
    )


def test_slack_spares_changes() -> None:
    """In noise the level changes less than half as often with a slack of one level."""
    rng = random.Random(5)
    noise = bytes(min(255, max(0, round(rng.gauss(10, 18)))) for _ in range(2000))

    def changes(slack: float) -> int:
        return sum(a != b for a, b in pairwise(quantise(noise, 2000, EIGHT, slack)[0]))

    assert changes(1.0) < changes(0.5) / 2


def test_noise_goes_to_the_paper_of_its_row() -> None:
    """What most of a row has draws in values near it, light paper as well as dark."""
    row = bytes([255] * 5 + [255 - 30, 255 - 34, 0, 30])
    (settled,) = quantise(row, 9, EIGHT, 1.0)
    assert settled == bytes([255] * 7 + [0, 36])


def test_rows_are_kept_apart() -> None:
    """Each row has the width given; no pixels make no rows."""
    assert [len(row) for row in quantise(bytes(12), 4, EIGHT, 1.0)] == [4, 4, 4]
    assert quantise(b"", 0, EIGHT) == []
    assert quantise(bytes(2), 2, (0,), 1.0) == [bytes(2)]
