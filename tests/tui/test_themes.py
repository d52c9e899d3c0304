"""Themes: every text can be read, in every number of colours, and means the same without colour."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ganterm import tui
from ganterm.render.colour import ColourMode
from ganterm.render.palette import snap
from ganterm.tui.themes import BY_NAME, DEFAULT, MIN_CONTRAST, PALETTES, Palette, contrast, to_theme
from tests.tui.driving import awaited, make_app

each_palette = pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)


def test_contrast_is_that_of_the_standard() -> None:
    """Black on white is 21, a colour on itself 1, and WCAG's own borderline grey 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@each_palette
def test_every_text_can_be_read(palette: Palette) -> None:
    """Words, states, keys and curves stand out from everything they may stand on."""
    for words, ground in palette.readable:
        assert contrast(words, ground) >= MIN_CONTRAST, (words, ground)


@each_palette
def test_every_text_can_be_read_in_256_colours(palette: Palette) -> None:
    """Rounding to xterm's palette keeps the contrast."""
    for words, ground in palette.readable:
        shown = [f"#{snap(int(c[1:], 16), ColourMode.INDEXED_256):06x}" for c in (words, ground)]
        assert contrast(*shown) >= MIN_CONTRAST, (words, ground, shown)


@each_palette
def test_curves_are_told_apart(palette: Palette) -> None:
    """Eight curves have eight colours, in 256 as well."""
    assert len(set(palette.series)) == 8
    assert len({snap(int(c[1:], 16), ColourMode.INDEXED_256) for c in palette.series}) == 8


def test_the_high_contrast_theme_earns_its_name() -> None:
    """Ten to one and more: beyond WCAG's level AAA."""
    for words, ground in BY_NAME["contrast"].readable:
        assert contrast(words, ground) >= 10


@each_palette
def test_a_theme_says_every_colour_itself(palette: Palette, tmp_path: Path) -> None:
    """Textual mixes colours of its own where a theme is silent, and nobody checks those."""
    variables = make_app(tmp_path, theme=palette.name).get_css_variables()
    assert to_theme(palette).variables.items() <= variables.items()
    said = {each.lower() for each in (*palette.series, *palette.bands)}
    said |= {value for value in vars(palette).values() if isinstance(value, str)}
    for name, value in variables.items():
        if name.startswith("text") and "#" in value:
            assert value.lower() in said, name


@awaited
async def test_only_these_themes_are_offered(tmp_path: Path) -> None:
    """Ctrl-T goes through ganterm's themes, and Textual's own are not among them."""
    app = make_app(tmp_path)
    async with app.run_test() as pilot:
        assert set(app.available_themes) == set(BY_NAME)
        seen = [app.theme]
        for _ in PALETTES:
            await pilot.press("ctrl+t")
            seen.append(app.theme)
        assert seen == [*BY_NAME, DEFAULT]


def test_style_sheets_use_the_theme_alone() -> None:
    """No style sheet and no widget names a colour of its own: a theme changes all of them."""
    folder = Path(tui.__file__).parent
    for path in folder.rglob("*.tcss"):
        for line in path.read_text().splitlines():
            found = re.search(r"(?:color|background|border[a-z-]*|tint):(.*);", line)
            value = found[1] if found else ""
            assert not re.search(r"#[0-9a-fA-F]{3,}|\b(?:red|green|blue|white|black|grey)\b", value)


def test_there_is_a_default_and_names_are_unique() -> None:
    """`--theme` takes any of five names."""
    assert DEFAULT in BY_NAME
    assert len(BY_NAME) == len(PALETTES) == 5
