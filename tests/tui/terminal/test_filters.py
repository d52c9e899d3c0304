"""What a poor terminal gets: only colours and characters that it has, and no meaning lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from ganterm.render.colour import Canvas, Charset, ColourMode
from ganterm.tui.terminal.filters import ASCII, AsciiOnly
from ganterm.tui.themes import BY_NAME, PALETTES, filters_for
from tests.tui.driving import awaited, list_runs, make_app, some_runs

_NIGHT = BY_NAME["night"]
_BLACK = Color.parse("#000000")


async def _segments(
    tmp_path: Path, mode: ColourMode, themes: Iterable[str] = ("night",)
) -> list[list[Segment]]:
    """Return everything that the list of runs paints in so many colours, by theme."""
    app = make_app(tmp_path, canvas=Canvas(mode, Charset.HALFBLOCK, 80, 24))
    found = []
    async with app.run_test() as pilot:
        list_runs(app, some_runs())
        for theme in themes:
            app.theme = theme
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            found.append([each for strip in strips for each in strip])
    return found


def _assert_that_the_cursor_is_reversed(segments: list[Segment]) -> None:
    reversed_text = "".join(text for text, style, _ in segments if style and style.reverse)
    assert "dcgan-002" in reversed_text
    assert "dcgan-001" not in reversed_text


def _colours(segments: list[Segment]) -> Iterator[ColorType]:
    for _, style, _ in segments:
        for colour in (style.color, style.bgcolor) if style else ():
            if colour is not None:
                yield colour.type


@awaited
async def test_256_colours_are_all_that_is_used(tmp_path: Path) -> None:
    """No 24-bit colour reaches a terminal that has the 256 of xterm."""
    (segments,) = await _segments(tmp_path, ColourMode.INDEXED_256)
    assert set(_colours(segments)) <= {ColorType.EIGHT_BIT, ColorType.STANDARD}


@awaited
async def test_16_colours_stand_on_the_terminals_own_ground(tmp_path: Path) -> None:
    """Backgrounds are left to the terminal, so that its own contrast holds; the cursor reverses."""
    for segments in await _segments(tmp_path, ColourMode.INDEXED_16, BY_NAME):
        assert set(_colours(segments)) <= {ColorType.STANDARD, ColorType.DEFAULT}
        assert all(style.bgcolor.is_default for _, style, _ in segments if style and style.bgcolor)
        _assert_that_the_cursor_is_reversed(segments)


@awaited
async def test_no_colour_is_no_colour_at_all(tmp_path: Path) -> None:
    """NO_COLOR leaves bold and reverse: the cursor can still be seen, and the words say states."""
    (segments,) = await _segments(tmp_path, ColourMode.NONE)
    assert set(_colours(segments)) <= {ColorType.DEFAULT}
    _assert_that_the_cursor_is_reversed(segments)
    whole = "".join(segment.text for segment in segments)
    assert {"paused", "running", "crashed", "failed"} <= set(whole.split())


def test_ascii_takes_as_many_cells() -> None:
    """Each character becomes one of ASCII, a wide one two, and nothing moves."""
    text = "╭─●‖✓▸◆…─╮ 漢字 é"
    (segment,) = AsciiOnly().apply([Segment(text, Style(bold=True))], _BLACK)
    assert segment.text == "+-*=*>*~-+ ???? ?"
    assert segment.cell_length == Segment(text).cell_length
    assert segment.style == Style(bold=True)


def test_every_likeness_is_one_cell_of_ascii() -> None:
    """The table maps one cell to one cell."""
    for character, plain in ASCII.items():
        assert plain.isascii(), character
        assert len(plain) == 1
        assert Segment(character).cell_length == 1, character


def test_pictures_keep_both_colours_of_a_cell_in_16() -> None:
    """Half blocks choose foreground and background among the 16; words never do."""
    _, few = filters_for(Canvas(ColourMode.INDEXED_16, Charset.HALFBLOCK, 80, 24), _NIGHT)
    style = Style(color="#ffffff", bgcolor="#aa0000")
    picture, words = few.apply([Segment("▀▀", style), Segment("no", style)], _BLACK)
    assert picture.style is not None
    assert picture.style.color is not None
    assert picture.style.bgcolor is not None
    assert (picture.style.color.number, picture.style.bgcolor.number) == (15, 1)
    assert words.style is not None
    assert words.style.bgcolor is not None
    assert words.style.bgcolor.is_default


def test_colours_that_are_a_palettes_already_stay() -> None:
    """A picture drawn for 256 colours is not rounded again."""
    drawn = Segment("▀", Style(color="color(244)", bgcolor="color(17)"))
    _, few = filters_for(Canvas(ColourMode.INDEXED_256, Charset.HALFBLOCK, 80, 24), _NIGHT)
    assert few.apply([drawn], _BLACK) == [drawn]


def test_a_full_terminal_is_left_alone() -> None:
    """Truecolour and half blocks need no filter but that of what steers the terminal."""
    drawn = [Segment("▀ é手 👩\u200d🔬", Style(color="#ffffff")), Segment("", None, [])]
    for palette in PALETTES:
        (safe,) = filters_for(Canvas(ColourMode.TRUECOLOR, Charset.HALFBLOCK, 80, 24), palette)
        assert safe.apply(drawn, _BLACK) == drawn
        foul = [Segment("a\x1b[31mb\u202ec\u200b\x9b", Style(bold=True))]
        assert safe.apply(foul, _BLACK) == [Segment("a[31mbc", Style(bold=True))]
