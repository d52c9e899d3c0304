"""How a cell looks, whatever it was painted with: half blocks look alike in many ways."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len

from ganterm.tui.paint.pen import Pen

UNKNOWN: Final = -1
"""What a cell looks like whose content is not known."""
_MOST: Final = 200_000

_Key = tuple[str, str, str, frozenset[str]]


class _Table(dict[str, int]):
    """The looks of characters in one pen, found as they are asked for."""

    def __init__(self, looks: Looks, pen: Pen) -> None:
        super().__init__()
        self._looks, self._pen = looks, pen

    def __missing__(self, character: str) -> int:
        if not character.isascii() and cell_len(character) != 1:
            look = UNKNOWN
        else:
            look = self._looks.number(_key(character, self._pen))
        self[character] = look
        return look


class Looks:
    """Gives every look a number; the same number means that nobody sees a difference."""

    def __init__(self) -> None:
        self._numbers: dict[_Key, int] = {}
        self._ways: list[tuple[tuple[str, Pen], ...]] = []
        self._tables: dict[Pen, _Table] = {}
        self._found = 0

    @property
    def full(self) -> bool:
        """Whether so many are known that it is time to begin anew."""
        return len(self._ways) > _MOST or len(self._tables) > _MOST

    def of(self, pen: Pen) -> _Table:
        """Return the numbers of characters painted with a pen; `UNKNOWN` for uncertain widths."""
        table = self._tables.get(pen)
        if table is None:
            table = self._tables[pen] = _Table(self, pen)
        return table

    def number(self, key: _Key) -> int:
        """Return the number of a look."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._ways)
            self._ways.append(_ways(key))
        return number

    def cheapest(self, look: int, pen: Pen) -> tuple[str, Pen]:
        """Return with which character and pen to paint a look, so that `pen` changes least."""
        best, least = ("", pen), 9
        for character, wanted in self._ways[look]:
            if character == " ":
                way = " ", _for_blank(wanted, pen)
            elif character == "█" and not wanted.attributes:
                way = "█", wanted._replace(bg=pen.bg)
            else:
                way = character, wanted
            cost = (way[1].fg != pen.fg) + (way[1].bg != pen.bg) + 3 * bool(pen.attributes)
            if cost < least:
                best, least = way, cost
        return best


def _key(character: str, pen: Pen) -> _Key:
    """Return the look of a character: for blocks, the colours of its upper and lower half."""
    if pen.attributes and not (character == " " and not pen.marks_blanks):
        return (character, pen.fg, pen.bg, pen.attributes)
    nothing: frozenset[str] = frozenset()
    ink, paper = pen.fg or "ink", pen.bg or "paper"
    match character:
        case " ":
            return ("▀", paper, paper, nothing)
        case "█":
            return ("▀", ink, ink, nothing)
        case "▀":
            return ("▀", ink, paper, nothing)
        case "▄":
            return ("▀", paper, ink, nothing)
    return (character, pen.fg, pen.bg, nothing)


def _ways(key: _Key) -> tuple[tuple[str, Pen], ...]:
    """Return every way to paint a look."""
    character, upper, lower, attributes = key
    if character != "▀" or attributes:
        return ((character, Pen(upper, lower, attributes)),)
    if upper == lower:
        # A full block may take fewer bytes, but who copies or listens to text wants spaces.
        if upper != "ink":
            return ((" ", Pen("", _paper(upper))),)
        return (("█", Pen("", "")),)
    ways = []
    if upper != "paper" and lower != "ink":
        ways.append(("▀", Pen(_ink(upper), _paper(lower))))
    if lower != "paper" and upper != "ink":
        ways.append(("▄", Pen(_ink(lower), _paper(upper))))
    return tuple(ways)


def _ink(colour: str) -> str:
    return "" if colour == "ink" else colour


def _paper(colour: str) -> str:
    return "" if colour == "paper" else colour


def _for_blank(wanted: Pen, pen: Pen) -> Pen:
    """Return a pen for a space: what the space does not show may stay as it is."""
    if wanted.attributes:
        return wanted
    return Pen("", wanted.bg) if pen.marks_blanks else pen._replace(bg=wanted.bg)
