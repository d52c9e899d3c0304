"""Colours are told to a terminal by the right numbers, and rounded only to colours it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.colour import ColourMode
from ganterm.render.palette import (
    CUBE,
    GREYS,
    RAMP,
    VGA,
    background,
    channel_levels,
    foreground,
    snap,
)

TRUE, C256, C16, NONE = ColourMode


@pytest.mark.parametrize(
    ("colour", "mode", "front", "back"),
    [
        (0x0102FF, TRUE, "38;2;1;2;255", "48;2;1;2;255"),
        (0x000000, C256, "38;5;16", "48;5;16"),
        (0xFFFFFF, C256, "38;5;231", "48;5;231"),
        (0x080808, C256, "38;5;232", "48;5;232"),
        (0xEEEEEE, C256, "38;5;255", "48;5;255"),
        (0xFF0000, C256, "38;5;196", "48;5;196"),
        (0x000000, C16, "30", "40"),
        (0xAA0000, C16, "31", "41"),
        (0x555555, C16, "90", "100"),
        (0xFFFFFF, C16, "97", "107"),
    ],
)
def test_parameters(colour: int, mode: ColourMode, front: str, back: str) -> None:
    """Known colours have the SGR parameters of ECMA-48 and xterm."""
    assert foreground(colour, mode) == front
    assert background(colour, mode) == back


@given(st.integers(0, 0xFFFFFF), st.sampled_from([TRUE, C256, C16]))
def test_snapping_is_final(colour: int, mode: ColourMode) -> None:
    """A colour the mode has stays what it is, and selects the same entry as the one it is for."""
    snapped = snap(colour, mode)
    assert snap(snapped, mode) == snapped
    assert foreground(snapped, mode) == foreground(colour, mode)
    if mode is C16:
        assert snapped in VGA


@pytest.mark.parametrize("mode", [TRUE, C256, C16])
@pytest.mark.parametrize("rgb", [False, True])
@pytest.mark.parametrize("count", [2, 3, 5, 8, 16])
def test_levels_are_colours_of_the_mode(count: int, mode: ColourMode, rgb: bool) -> None:
    """Levels ascend from black to white, are no more than asked for, and need no rounding."""
    levels = channel_levels(count, mode, rgb=rgb)
    assert levels == tuple(sorted(set(levels)))
    assert (levels[0], levels[-1]) == (0, 255)
    assert len(levels) <= count
    assert all(snap(GREYS[level], mode) == GREYS[level] for level in levels)
    if mode is C256:
        assert set(levels) <= ({*CUBE} if rgb else {*CUBE, *RAMP})
        assert rgb or len(levels) == count


def test_no_colours_have_no_parameters() -> None:
    """Asking for a colour where there is none is a mistake of the caller."""
    with pytest.raises(ValueError, match="no colour parameters"):
        foreground(0, NONE)
