"""The banner: what must be said at once, no taller than it may be."""

from __future__ import annotations

from ganterm.tui.widgets.banner import clipped


def test_what_is_long_is_cut_and_what_helps_stays() -> None:
    """The longest paragraph loses its end and says where that stands; short ones are whole."""
    lines = clipped(["much too long " * 40, "  h: halve lr_d"], 60, 4)
    assert len(lines) == 4
    assert lines[-1] == "  h: halve lr_d"
    assert lines[2].endswith(" … (4: log)")
    assert all(len(line) <= 60 for line in lines)
    assert clipped(["short", "words"], 60, 4) == ["short", "words"]
