"""Painting only what looks different: the last step before bytes go to the terminal.

Textual repaints regions. Here each cell it paints is compared with what the terminal shows in it
already, so that a curve that grew costs its new dots, and a screen that is painted again as it is
costs nothing. All that is known about the terminal is what was sent to it: no question is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len

from ganterm.tui.terminal.styles import PLAIN, RESET, UNKNOWN, Styles, after, change

_TOKEN: Final = re.compile(
    r"\x1b\[(?P<private>[<-?]?)(?P<parameters>[0-9:;]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b[\]P_^X](?:[^\x07\x1b]|\x1b(?!\\))*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>[\x00-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
)
_BRIDGE: Final = 3
"""Cells that are painted again rather than passed over: to pass over takes about as many bytes."""
_HARMLESS: Final = re.compile(
    r"\x1b\[(?!\?(?:\d+;)*(?:47|1047|1049)[hl;])[<-?][0-9;:]*[ -/]*[hlmunqtcgp]"
    r"|\x1b[\]P_^X].*|\x07|\x00",
    re.DOTALL,
)
"""Sequences that change neither cells nor the cursor: private modes, titles, the clipboard."""


class Painter:
    """Knows what the terminal shows, and turns paintings into what differs from that.

    Attributes:
        sent: bytes that were to be sent so far.
    """

    def __init__(self) -> None:
        self.sent = 0
        self._forgotten = False
        self._styles = Styles()
        self._rows: dict[int, list[int]] = {}
        self._pen = PLAIN
        """The pen the painting thinks it has; `_real_pen` is the terminal's."""
        self._real_pen = PLAIN
        self._at: tuple[int, int] | None = None
        """Where the painting thinks the cursor is; `_real_at` is where the terminal has it."""
        self._real_at: tuple[int, int] | None = None

    def forget(self) -> None:
        """Take it that anything may be on the screen: it was resized, or others wrote to it.

        It takes effect before the next painting, so that a signal may call it during one.
        """
        self._forgotten = True

    def paint(self, data: str) -> str:
        """Return what to send so that the terminal looks as if `data` had been sent.

        Sequences that paint nothing are passed on. Those that change the screen in ways not
        followed here are passed on too, and then nothing is known of it any more.
        """
        sparing = "".join(self._paint(data))
        self.sent += len(sparing.encode())
        return sparing

    def _paint(self, data: str) -> Iterator[str]:
        if self._styles.full:
            self._styles, self._forgotten = Styles(), True
        if self._forgotten:
            self._forget_all()
        for token in _TOKEN.finditer(data):
            if text := token["text"]:
                yield from self._write(text)
            elif token["final"] == "m" and not token["private"]:
                pen = after(self._pen, token["parameters"])
                if pen is None:
                    yield from self._pass_on(token[0])
                else:
                    self._pen = pen
            elif token["final"] in {"H", "f"} and not token["private"]:
                self._at = _place(token["parameters"])
            elif token["control"] in {"\n", "\r"} and self._at is not None:
                down = token["control"] == "\n"
                self._at = (0, self._at[1] + down)
            else:
                yield from self._pass_on(token[0])
        if self._real_pen != PLAIN:
            # Whoever writes next, the shell perhaps, must not write in the last colours.
            self._real_pen = PLAIN
            yield RESET
        if self._at is not None:
            yield from self._go(*self._at)

    def _write(self, text: str) -> Iterator[str]:
        if self._at is None:
            yield from self._pass_on(text)
            return
        x, y = self._at
        looks = self._styles.of(self._pen)
        wanted = list(map(looks.__getitem__, text))
        if UNKNOWN in wanted:
            yield from self._write_whole(text, x, y)
            return
        row = self._rows.setdefault(y, [])
        end = x + len(text)
        self._at = (end, y)
        if row[x:end] == wanted:
            return
        if len(row) < end:
            row.extend([UNKNOWN] * (end - len(row)))
        for column, look in enumerate(wanted, start=x):
            if row[column] != look:
                yield from self._move_over(column, y)
                yield self._put(look)
                row[column] = look
                self._real_at = (column + 1, y)

    def _move_over(self, x: int, y: int) -> Iterator[str]:
        """Go to a cell; over a few cells that can be painted again as they are, by doing so."""
        if self._real_at is not None and self._real_at[1] == y:
            begin = self._real_at[0]
            if begin < x <= begin + _BRIDGE:
                between = self._rows[y][begin:x]
                if UNKNOWN not in between:
                    bridge = [self._styles.cheapest(look, self._real_pen) for look in between]
                    if all(pen == self._real_pen for _, pen in bridge):
                        self._real_at = (x, y)
                        yield "".join(character for character, _ in bridge)
                        return
        yield from self._go(x, y)

    def _go(self, x: int, y: int) -> Iterator[str]:
        if self._real_at == (x, y):
            return
        if self._real_at is not None and self._real_at[1] == y and x > self._real_at[0]:
            steps = x - self._real_at[0]
            yield f"\x1b[{steps}C" if steps > 1 else "\x1b[C"
        else:
            yield f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        self._real_at = (x, y)

    def _put(self, look: int) -> str:
        """Return what makes the cell under the cursor look so."""
        character, pen = self._styles.cheapest(look, self._real_pen)
        sequence = change(self._real_pen, pen)
        self._real_pen = pen
        return sequence + character

    def _write_whole(self, text: str, x: int, y: int) -> Iterator[str]:
        """Write text of which it is not certain in which cells a terminal puts it."""
        yield from self._go(x, y)
        yield change(self._real_pen, self._pen)
        self._real_pen = self._pen
        yield text
        end = x + cell_len(text)
        row = self._rows.setdefault(y, [])
        row.extend([UNKNOWN] * (end - len(row)))
        row[x:end] = [UNKNOWN] * (end - x)
        self._at, self._real_at = (end, y), None

    def _pass_on(self, sequence: str) -> Iterator[str]:
        """Pass on what no cell is made of; where it may change cells, forget them."""
        if not _HARMLESS.fullmatch(sequence):
            if self._at is not None:
                yield from self._go(*self._at)
            yield change(self._real_pen, self._pen)
            self._real_pen = self._pen
            self._forget_all()
        yield sequence

    def _forget_all(self) -> None:
        self._rows.clear()
        self._at = self._real_at = None
        self._forgotten = False


def _place(parameters: str) -> tuple[int, int]:
    row, _, column = parameters.partition(";")
    return max(int(column or 1), 1) - 1, max(int(row or 1), 1) - 1
