"""Numbers in words: as short as a table wants them, as plain as a person says them."""

from __future__ import annotations

import pytest

from ganterm.render.words import age, duration, number, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (48.4, "48 s"),
        (59.7, "1 min 0 s"),
        (125, "2 min 5 s"),
        (11_400, "3 h 10 min"),
        (2 * 86400 + 3600, "2 d 1 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    """Seconds, minutes with seconds, hours with minutes."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (0.2, "0s"), (59.4, "59s"), (60, "1m"), (7200, "2h"), (90000, "1d")],
)
def test_ages(seconds: float | None, words: str) -> None:
    """The largest unit that fits, and a dash for what never was."""
    assert age(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0B"), (1023, "1023B"), (1536, "1.5k"), (23 << 20, "23M"), (1 << 30, "1.0G")],
)
def test_sizes(count: int, words: str) -> None:
    """Two digits or more, in powers of 1,024."""
    assert size(count) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.12345, "0.123"), (-2, "-2.000"), (None, "-"), ("x", "-")]
)
def test_numbers(value: object, words: str) -> None:
    """Three digits; a dash for what is no number."""
    assert number(value) == words
