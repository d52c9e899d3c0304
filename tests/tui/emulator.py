"""As much of a terminal as the app uses: what is on its screen after some output."""

from __future__ import annotations

import re

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<private>[<-?]?)(?P<parameters>[0-9:;]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|(?P<string>\x1b[\]P_^X].*?(?:\x07|\x1b\\))"
    r"|\x1b(?P<escape>[ -/]*[0-~])"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_INCOMPLETE = re.compile(r"\x1b(?:\[[0-9:;<-?]*|[\]P_^X][^\x07\x1b]*)?$")

Colours = tuple[str, str]
"""Foreground and background as SGR says them: `1`, `8;5;244`, `8;2;1;2;3`; `d`: the default."""
Cell = tuple[str, str, str, frozenset[str]]


class Emulator:
    """A screen of cells that follows what is written to it; it never answers.

    Attributes:
        cells: rows of (character, foreground, background, attributes); the second cell of a wide
            character is empty.
        passed: sequences that paint nothing, in order.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.cells: list[list[Cell]] = []
        self.passed: list[str] = []
        self.x = self.y = 0
        self._pen: tuple[str, str, frozenset[str]] = ("d", "d", frozenset())
        self._rest = ""
        self._clear()

    @property
    def lines(self) -> list[str]:
        """The characters of every line, without blanks at its end."""
        return ["".join(cell[0] for cell in row).rstrip() for row in self.cells]

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    @property
    def looks(self) -> list[list[tuple[object, ...]]]:
        """What is seen in every cell, whatever it was painted with."""
        return [[_look(*cell) for cell in row] for row in self.cells]

    def feed(self, data: str) -> None:
        """Write to the screen; a sequence may come in pieces."""
        data = self._rest + data
        cut = _INCOMPLETE.search(data)
        self._rest, data = (data[cut.start() :], data[: cut.start()]) if cut else ("", data)
        for token in _TOKEN.finditer(data):
            if token["plain"]:
                self._put(token["plain"])
            elif token["final"] == "m" and not token["private"]:
                self._select(token["parameters"])
            elif token["final"] == "H":
                row, _, column = token["parameters"].partition(";")
                self.x, self.y = max(int(column or 1), 1) - 1, max(int(row or 1), 1) - 1
            elif token["final"] == "C":
                self.x += max(int(token["parameters"] or 1), 1)
            elif token["final"] == "J":
                self._clear()
            else:
                if "1049" in token[0]:
                    self._clear()
                self.passed.append(token[0])

    def _clear(self) -> None:
        self.cells = [[(" ", "d", "d", frozenset())] * self.columns for _ in range(self.rows)]

    def _put(self, character: str) -> None:
        if character == "\r":
            self.x = 0
        elif character == "\n":
            self.y = min(self.y + 1, self.rows - 1)
        elif character >= " " and self.y < self.rows:
            x = min(self.x, self.columns - 1)
            wide = cell_len(character) == 2
            self.cells[self.y][x] = (character, *self._pen)
            if wide and x + 1 < self.columns:
                self.cells[self.y][x + 1] = ("", *self._pen)
            self.x = x + 1 + wide

    def _select(self, parameters: str) -> None:
        fg, bg, attributes = self._pen
        words = parameters.split(";")
        while words:
            word = words.pop(0)
            if word in {"", "0"}:
                fg, bg, attributes = "d", "d", frozenset()
            elif word in {"38", "48"}:
                count = 2 if words[0] == "5" else 4
                colour, words = "8;" + ";".join(words[:count]), words[count:]
                fg, bg = (colour, bg) if word == "38" else (fg, colour)
            elif word in {"39", "49"}:
                fg, bg = ("d", bg) if word == "39" else (fg, "d")
            elif len(word) == 2 and word[0] in "34":
                fg, bg = (word[1], bg) if word[0] == "3" else (fg, word[1])
            elif word[:-1] in {"9", "10"}:
                fg, bg = (f"b{word[-1]}", bg) if word[:-1] == "9" else (fg, f"b{word[-1]}")
            else:
                attributes |= {word}
        self._pen = fg, bg, attributes


def _look(character: str, fg: str, bg: str, attributes: frozenset[str]) -> tuple[object, ...]:
    shown_on_blanks = attributes - {"1", "2", "3"}
    ink, paper = (fg if fg != "d" else "ink"), (bg if bg != "d" else "paper")
    if character == " " and not shown_on_blanks:
        return (paper, paper)
    if not attributes and character in {"█", "▀", "▄"}:
        return {"█": (ink, ink), "▀": (ink, paper), "▄": (paper, ink)}[character]
    return (character, fg, bg, attributes)
