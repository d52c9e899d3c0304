"""How a cell of a terminal looks, and the pen (ECMA-48 SGR) that paints it so.

Half blocks look alike in many ways: the cheapest is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len

RESET: Final = "\x1b[m"

_OFF: Final = {
    "22": frozenset({"1", "2"}),
    "23": frozenset({"3"}),
    "24": frozenset({"4", "21"}),
    "25": frozenset({"5", "6"}),
    "27": frozenset({"7"}),
    "28": frozenset({"8"}),
    "29": frozenset({"9"}),
    "54": frozenset({"51", "52"}),
    "55": frozenset({"53"}),
}
"""What the parameters that take attributes away take."""
_ATTRIBUTES: Final = frozenset().union(*_OFF.values())


class Pen(NamedTuple):
    """Colours and attributes in SGR's own words.

    Attributes:
        fg, bg: what selects the colour after a 3 or a 4: `1`, `8;5;244`, `8;2;1;2;3`; bright
            colours as `b1`; empty for the terminal's own.
        attributes: parameters that are switched on, such as `1` for bold.
    """

    fg: str = ""
    bg: str = ""
    attributes: frozenset[str] = frozenset()

    @property
    def marks_blanks(self) -> bool:
        """Whether a space looks different in this pen, but for its background."""
        return not self.attributes <= _UNSEEN


PLAIN: Final = Pen()
_UNSEEN: Final = frozenset({"1", "2", "3"})
"""Attributes that a space does not show: bold, faint, italic."""


@lru_cache(maxsize=8192)
def after(pen: Pen, parameters: str) -> Pen | None:
    """Return the pen after `ESC [ parameters m`; None for parameters that are not understood."""
    fg, bg, attributes = pen
    words = parameters.split(";")
    at = 0
    while at < len(words):
        word = words[at].lstrip("0") or "0"
        if word in {"38", "48"}:
            width = {"5": 3, "2": 5}.get(words[at + 1] if at + 1 < len(words) else "")
            if width is None or at + width > len(words):
                return None
            colour = "8;" + ";".join(words[at + 1 : at + width])
            fg, bg = (colour, bg) if word == "38" else (fg, colour)
            at += width
            continue
        if word == "0":
            fg, bg, attributes = PLAIN
        elif word in _ATTRIBUTES:
            attributes |= {word}
        elif word in _OFF:
            attributes -= _OFF[word]
        elif (named := _named(word)) is not None:
            fg, bg = (named[1], bg) if named[0] == "3" else (fg, named[1])
        else:
            return None
        at += 1
    return Pen(fg, bg, attributes)


def _named(word: str) -> tuple[str, str] | None:
    """Return which colour, 3 or 4, one of the 16 or the terminal's own is given to."""
    if len(word) == 2 and word[0] in "34" and word[1] in "012345679":
        return word[0], "" if word[1] == "9" else word[1]
    if word[:-1] in {"9", "10"} and word[-1] in "01234567":
        return ("3" if word[:-1] == "9" else "4"), f"b{word[-1]}"
    return None


@lru_cache(maxsize=16384)
def change(before: Pen, wanted: Pen) -> str:
    """Return the shortest sequence that makes the one pen the other; empty if they agree."""
    if before == wanted:
        return ""
    anew = _sequence(["", *_switched_on(PLAIN, wanted)])
    if not before.attributes <= wanted.attributes:
        return anew
    return min(_sequence(_switched_on(before, wanted)), anew, key=len)


def _switched_on(before: Pen, wanted: Pen) -> list[str]:
    parts = sorted(wanted.attributes - before.attributes, key=int)
    if wanted.fg != before.fg:
        parts.append(_selecting(wanted.fg, "3", "9"))
    if wanted.bg != before.bg:
        parts.append(_selecting(wanted.bg, "4", "10"))
    return parts


def _selecting(colour: str, normal: str, bright: str) -> str:
    return bright + colour[1:] if colour.startswith("b") else normal + (colour or "9")


def _sequence(parameters: Sequence[str]) -> str:
    return f"\x1b[{';'.join(parameters)}m"


UNKNOWN: Final = -1
"""What a cell looks like whose content is not known."""
_MOST: Final = 200_000

_Key = tuple[str, str, str, frozenset[str]]


class _Table(dict[str, int]):
    """The looks of characters in one pen, found as they are asked for."""

    def __init__(self, styles: Styles, pen: Pen) -> None:
        super().__init__()
        self._styles, self._pen = styles, pen

    def __missing__(self, character: str) -> int:
        if not character.isascii() and cell_len(character) != 1:
            look = UNKNOWN
        else:
            look = self._styles.number(_key(character, self._pen))
        self[character] = look
        return look


class Styles:
    """Numbers the looks of cells; cells of one number look alike."""

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
