"""Holds where images of any proportions land in a square."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.components.datasets import Fit
from ganterm.core.dataspec import Size
from ganterm.core.errors import ConfigError
from ganterm.data.geometry import Placement, check_fit, place


@pytest.mark.parametrize(
    ("side", "size", "expected"),
    [
        (28, 28, (28, 0)),  # as it is
        (28, 32, (28, 2)),  # a little larger: padded pixel for pixel
        (28, 36, (36, 0)),  # more than a quarter larger: enlarged
        (16, 28, (28, 0)),
        (28, 8, (8, 0)),
    ],
)
def test_auto_pads_a_little_and_scales_otherwise(
    side: int, size: int, expected: tuple[int, int]
) -> None:
    where = place(side, side, Size(size, size), "auto")
    assert (where.width, where.left) == expected


def test_pad_never_enlarges_but_does_shrink() -> None:
    assert place(8, 8, Size(28, 28), "pad") == Placement((0, 0, 8, 8), 8, 8, 10, 10)
    assert place(56, 28, Size(28, 28), "pad") == Placement((0, 0, 56, 28), 28, 14, 0, 7)


def test_resize_keeps_proportions_and_crop_fills() -> None:
    assert place(40, 20, Size(10, 10), "resize") == Placement((0, 0, 40, 20), 10, 5, 0, 2)
    assert place(40, 20, Size(10, 10), "crop") == Placement((10, 0, 30, 20), 10, 10, 0, 0)
    assert place(40, 20, Size(10, 8), "resize") == Placement((0, 0, 40, 20), 8, 4, 0, 3)
    assert place(40, 20, Size(10, 8), "crop") == Placement((12, 0, 28, 20), 8, 10, 0, 0)
    assert place(20, 40, Size(8, 10), "crop") == Placement((0, 12, 20, 28), 10, 8, 0, 0)


def test_an_unknown_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="use auto, resize, pad, crop"):
        check_fit("stretch")


@given(
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.builds(Size, st.integers(1, 1024), st.integers(1, 1024)),
    st.sampled_from(["auto", "resize", "pad", "crop"]),
)
def test_every_placement_lies_inside(width: int, height: int, size: Size, fit: Fit) -> None:
    where = place(width, height, size, fit)
    left, top, right, bottom = where.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert where.width >= 1 <= where.height
    assert where.left >= 0 <= where.top
    assert where.left + where.width <= size.width
    assert where.top + where.height <= size.height
