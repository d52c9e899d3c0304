"""Curves and bars have the width asked for, follow the numbers and survive any of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.colour import Charset
from ganterm.render.curve import bar, plot, sparkline

anything = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40)


def test_sparkline_follows_the_values() -> None:
    """The least value is lowest, the greatest highest, and a divergence is a cross."""
    assert sparkline(range(8), 8) == "▁▂▃▄▅▆▇█"
    assert sparkline(range(8), 8, charset=Charset.ASCII) == "_.-=+*%#"
    assert sparkline([0, math.nan, 1], 9) == "▁\u00d7█"
    assert sparkline([1, math.inf], 2, charset=Charset.ASCII) == "=x"
    assert sparkline([5, 5, 5], 3) == "▄▄▄"
    assert sparkline([], 5) == ""


def test_sparkline_averages_and_takes_bounds() -> None:
    """More values than characters are averaged; given bounds clip what lies outside."""
    assert sparkline([0, 2, 4, 6, 8, 10, 12, 14], 2) == "▁█"
    assert sparkline([0, math.nan, 14, 14], 2) == "▁█"
    assert sparkline([-9, 0.5, 9], 3, low=0, high=1) == "▁▅█"


@given(anything, st.integers(0, 20), st.sampled_from(list(Charset)))
def test_sparkline_survives(values: list[float], width: int, charset: Charset) -> None:
    """Any numbers give at most the width, one character for each while there is room."""
    assert len(sparkline(values, width, charset=charset)) == min(len(values), width)


@pytest.mark.parametrize(
    ("fraction", "unicode", "plain"),
    [
        (0, "    ", "...."),
        (0.5, "██  ", "##.."),
        (0.53, "██▏ ", "##.."),
        (1, "████", "####"),
        (7, "████", "####"),
        (-1, "    ", "...."),
        (math.nan, "    ", "...."),
    ],
)
def test_bar(fraction: float, unicode: str, plain: str) -> None:
    """A bar is filled to the fraction, in eighths where there are such characters."""
    assert bar(fraction, 4) == unicode
    assert bar(fraction, 4, charset=Charset.ASCII) == plain


def test_curve_rises() -> None:
    """A rising line goes from the lower left to the upper right, its bounds beside it."""
    assert plot([0, 1, 2], 5, 3, charset=Charset.ASCII) == ["2   *", "   * ", "0 *  "]
    assert plot([0, 1, 2, 3], 4, 1) == ["3 ⡠⠊"]
    assert plot([0, 1], 6, 2, charset=Charset.ASCII) == ["1   **", "0 **  "]
    assert plot([0, math.nan, 1], 5, 1, charset=Charset.ASCII) == ["1 * *"]


@given(anything, st.integers(12, 40), st.integers(1, 8), st.sampled_from(list(Charset)))
def test_curve_survives(values: list[float], width: int, height: int, charset: Charset) -> None:
    """Any numbers, none and one too, give a plot of exactly the size."""
    lines = plot(values, width, height, charset=charset)
    assert [len(line) for line in lines] == [width] * height


def test_curve_needs_room() -> None:
    """A plot without room for a single column is a mistake of the caller."""
    with pytest.raises(ValueError, match="no plot fits"):
        plot([100, 200], 4, 1)
