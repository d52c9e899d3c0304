"""Lines over lines: what the terminal shows, and how little is written for it."""

from __future__ import annotations

import io

from ganterm.cli.inplace import InPlace


class _Stream(io.TextIOWrapper):
    """A terminal whose input can be read back."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")

    def taken(self) -> str:
        """Return what was written since the last time."""
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        text = raw.getvalue().decode()
        raw.seek(0)
        raw.truncate()
        return text


def test_only_changed_lines_are_written() -> None:
    """The first frame as a whole, then what differs; lines too many are erased."""
    stream = _Stream()
    place = InPlace(stream)
    place.draw(["one", "two", "three"])
    assert stream.taken() == "\rone\x1b[K\n\rtwo\x1b[K\n\rthree\x1b[K\n"
    place.draw(["one", "2", "three"])
    assert stream.taken() == "\x1b[3A\n\r2\x1b[K\n\n"
    place.draw(["one"])
    assert stream.taken() == "\x1b[3A\n\x1b[J"
    place.draw(["one", "more"])
    assert stream.taken() == "\x1b[1A\n\rmore\x1b[K\n"


def test_lines_are_taken_away() -> None:
    """From where the first stood to the end; where there are none, nothing is written."""
    stream = _Stream()
    place = InPlace(stream)
    place.erase()
    assert stream.taken() == ""
    place.draw(["one", "two"])
    stream.taken()
    place.erase()
    assert stream.taken() == "\x1b[2A\r\x1b[J"
    place.draw(["three"])
    assert stream.taken() == "\rthree\x1b[K\n"
