"""What is painted comes out on the screen as it would have, for the fewest bytes."""

from __future__ import annotations

import random

import pytest

from ganterm.tui.terminal.painter import Painter
from tests.tui.emulator import Emulator

COLUMNS, ROWS = 30, 8
_COLOURS = (
    *("38;2;255;0;0", "38;2;0;0;0", "48;2;255;0;0", "48;2;0;0;0"),
    *("38;5;200", "48;5;200", "31", "41", "97", "107", "39", "49"),
)


def _paintings(chance: random.Random) -> str:
    """Return what Textual could write: pieces of text in places, each in its own style."""
    parts = []
    for _ in range(chance.randint(1, 12)):
        parts.append(f"\x1b[{chance.randint(1, ROWS)};{chance.randint(1, COLUMNS - 8)}H")
        for _ in range(chance.randint(1, 3)):
            codes = chance.sample(_COLOURS, chance.randint(0, 2))
            codes += chance.sample(("1", "3", "4", "7", "9"), int(chance.random() < 0.3))
            text = "".join(chance.choices("  ▀▄█ab日", weights=(3, 3, 3, 3, 3, 2, 2, 0.2), k=2))
            parts.append(f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes else text)
    return "".join(parts) + "\x1b[3;4H"


@pytest.mark.parametrize("seed", range(8))
def test_the_screen_looks_as_if_everything_had_been_sent(seed: int) -> None:
    """Random paintings over one another: both screens look alike, cursor and all."""
    chance, painter = random.Random(seed), Painter()
    wanted, had = Emulator(COLUMNS, ROWS), Emulator(COLUMNS, ROWS)
    for _ in range(200):
        painting = _paintings(chance)
        wanted.feed(painting)
        had.feed(painter.paint(painting))
        assert had.looks == wanted.looks
        assert (had.x, had.y) == (wanted.x, wanted.y)


def test_what_the_screen_shows_already_costs_nothing() -> None:
    """A painting repeated, cut into other pieces or said in other blocks is not sent again."""
    painter = Painter()
    painter.paint("\x1b[2;3H\x1b[31;44m▀▀\x1b[0m\x1b[1mab c\x1b[0m\x1b[1;1H")
    assert painter.paint("\x1b[2;3H\x1b[31;44m▀▀\x1b[0m\x1b[1mab c\x1b[0m\x1b[1;1H") == ""
    assert (
        painter.paint("\x1b[2;3H\x1b[34;41m▄▄\x1b[0m\x1b[1mab\x1b[0m \x1b[1mc\x1b[0m\x1b[1;1H")
        == ""
    )


def test_only_what_differs_is_sent() -> None:
    """Two letters of a line change: the rest, and the way between them, is passed over."""
    painter = Painter()
    painter.paint("\x1b[1;1Habcdefghijklmnop\x1b[1;1H")
    assert painter.paint("\x1b[1;1HXbcdefghijklmnoY\x1b[1;1H") == "X\x1b[14CY\x1b[1H"
    assert painter.paint("\x1b[1;1HZbcUefghijklmnoY\x1b[1;1H") == "ZbcU\x1b[1H"


def test_colours_are_said_once() -> None:
    """Runs of one colour share it; blocks go by the pen's colours, and blanks stay spaces."""
    painter = Painter()
    sent = painter.paint("\x1b[1;1H\x1b[31;44m▀\x1b[0m\x1b[34;41m▀\x1b[0m\x1b[41m \x1b[0m\x1b[1;1H")
    assert sent == "\x1b[1H\x1b[31;44m▀▄\x1b[41m \x1b[m\x1b[1H"


def test_a_painting_ends_in_the_terminals_own_colours() -> None:
    """What others write next, a shell or a warning, is not written in ours."""
    assert Painter().paint("\x1b[1;1H\x1b[31mx").endswith("\x1b[m")


@pytest.mark.parametrize("text", ["日本", "e\u0301", "👩‍🚀x"])
def test_characters_of_uncertain_width_are_always_sent(text: str) -> None:
    """Where a terminal may count cells differently, the text is written whole, and anew."""
    painter = Painter()
    painting = f"\x1b[1;1H{text}\x1b[1;1H"
    assert text in painter.paint(painting)
    assert text in painter.paint(painting)


@pytest.mark.parametrize(
    "sequence",
    ["\x1b[?25l", "\x1b[?1003h", "\x1b]52;c;YWJj\x07", "\x1b]2;a title\x1b\\", "\x1b[>1u", "\x07"],
)
def test_what_paints_nothing_is_passed_on(sequence: str) -> None:
    """Modes, titles and the clipboard go through, and what is known of the screen stays known."""
    painter = Painter()
    painter.paint("\x1b[1;1Habc\x1b[1;1H")
    assert painter.paint(sequence) == sequence
    assert painter.paint("\x1b[1;1Habc\x1b[1;1H") == ""


@pytest.mark.parametrize(
    "sequence", ["\x1b[?1049h", "\x1b[2J", "\x1b[1L", "\x1bc", "\t", "\x1b[77m"]
)
def test_what_may_change_the_screen_ends_all_knowledge(sequence: str) -> None:
    """After another screen, an erasure or something unheard of, everything is sent again."""
    painter = Painter()
    painter.paint("\x1b[1;1Habc\x1b[1;1H")
    assert painter.paint(sequence).endswith(sequence)
    assert "abc" in painter.paint("\x1b[1;1Habc\x1b[1;1H")


def test_a_screen_that_others_wrote_to_is_painted_whole() -> None:
    """`forget` is for resizing, for coming back from the shell, and for doubt."""
    painter = Painter()
    painter.paint("\x1b[1;1Habc\x1b[1;1H")
    painter.forget()
    assert "abc" in painter.paint("\x1b[1;1Habc\x1b[1;1H")


def test_the_cursor_of_the_shell_stays_where_it_is() -> None:
    """Before anything is painted no cursor is moved: the shell finds it there afterwards."""
    assert Painter().paint("\x1b[?1049h\x1b[?25l") == "\x1b[?1049h\x1b[?25l"
