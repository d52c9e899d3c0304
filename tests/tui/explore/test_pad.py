"""A pad: the pen leaves round strokes without gaps, which can be wiped and taken back."""

from __future__ import annotations

import pytest

from ganterm.core.dataspec import Size
from ganterm.tui.explore.pad import Pad


@pytest.mark.parametrize("side", [8, 28, 64])
def test_a_line_has_no_gaps_and_is_round(side: int) -> None:
    """Every pixel on its way is inked, those far from it are not."""
    pad = Pad(Size(side, side))
    pad.begin()
    pad.line((1.5, 1.5), (side - 1.5, side - 1.5))
    for at in range(1, side - 1):
        assert pad.ink[at * side + at] > 200
    assert pad.ink[side - 1] == 0


def test_the_pen_draws_where_it_goes_only_while_it_is_down() -> None:
    """And it cannot leave the pad."""
    pad = Pad()
    assert not pad.move(-3, 0)
    assert not any(pad.ink)
    pad.press()
    assert any(pad.ink)
    assert pad.move(100, 0)
    assert (pad.x, pad.y) == (27, 14)
    assert all(pad.ink[14 * 28 + x] for x in range(11, 28))


def test_the_rubber_wipes_what_it_meets() -> None:
    pad = Pad()
    pad.press()
    pad.move(6, 0)
    pad.rubber = True
    pad.move(-6, 0)
    assert not any(pad.ink[14 * 28 + x] for x in range(14, 21))


def test_strokes_are_taken_back_one_by_one() -> None:
    """A wiped pad comes back as well; then there is nothing left."""
    pad = Pad()
    pad.press()
    pad.move(3, 0)
    pad.press()
    first = pad.ink
    pad.press()
    pad.move(0, 5)
    pad.press()
    pad.clear()
    assert pad.empty
    assert pad.undo()
    assert pad.undo()
    assert pad.ink == first
    assert pad.undo()
    assert pad.empty
    assert not pad.undo()


def test_the_pen_is_seen_on_ink_and_on_paper() -> None:
    """Whether it is up or down shows as well; what is searched for has no pen in it."""
    pad = Pad()
    bare, up = pad.picture(pen=False), pad.picture(pen=True)
    pad.down = True
    assert len({bare.pixels, up.pixels, pad.picture(pen=True).pixels}) == 3
    assert not any(pad.ink)
    pad.dab(14.5, 14.5)
    assert pad.picture(pen=True).pixels != pad.picture(pen=False).pixels
