"""Tints and contrasts change how pictures look, in as few runs as before, and nothing else."""

import colorsys
from itertools import pairwise

import pytest

from ganterm.render.colour import ColourMode
from ganterm.render.halfblock import encode
from ganterm.render.raster import Raster
from ganterm.render.tint import CONTRASTS, TINTS, Tone

RAMP = Raster(256, 2, 1, bytes(range(256)) * 2)


def luminance(colour: int) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2)."""
    shares = [(colour >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
    red, green, blue = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_usually_nothing_changes() -> None:
    tone = Tone()
    assert tone.prepared([RAMP]) == [RAMP]
    lines = encode(RAMP)
    assert tone.coloured(lines, ColourMode.TRUECOLOR) == lines
    assert tone.words == ""
    assert tone.paper == 0


def test_inverting_twice_gives_the_same() -> None:
    """What was black is white, the gaps between images too."""
    tone = Tone("inverted")
    once = tone.prepared([RAMP])
    assert once[0].pixels[:256] == bytes(range(255, -1, -1))
    assert tone.prepared(once) == [RAMP]
    assert tone.paper == 255


def test_viridis_goes_from_dark_blue_to_yellow_and_only_brighter() -> None:
    """Every grey has a colour of its own brightness: nothing is lost to who sees no colours."""
    wide = Raster(512, 2, 1, bytes(value // 2 for value in range(512)) * 2)
    (line,) = Tone("viridis").coloured(encode(wide, 256), ColourMode.TRUECOLOR)
    colours = [(run.bg if run.text[0] == " " else run.fg) for run in line]
    shown = [colour for colour in colours if colour is not None]
    assert (shown[0], shown[-1]) == (0x440154, 0xFDE725)
    brightness = [luminance(colour) for colour in shown]
    assert all(after > before - 0.001 for before, after in pairwise(brightness))
    assert len(set(shown)) >= 250
    hues = [colorsys.rgb_to_hls(*(colour >> s & 0xFF for s in (16, 8, 0)))[0] for colour in shown]
    assert 0.7 < hues[0] < 0.85
    assert 0.1 < hues[-1] < 0.2


@pytest.mark.parametrize("mode", [ColourMode.TRUECOLOR, ColourMode.INDEXED_256])
def test_a_tint_costs_no_runs(mode: ColourMode) -> None:
    lines = encode(RAMP, mode=mode)
    for tint in TINTS:
        coloured = Tone(tint).coloured(lines, mode)
        assert [[run.text for run in line] for line in coloured] == [
            [run.text for run in line] for line in lines
        ]


def test_stretching_uses_the_whole_range() -> None:
    """All images of a sheet by the same measure, and a speck at either end does not count."""
    dim, dark = Raster(10, 10, 1, bytes([100] * 100)), Raster(10, 10, 1, bytes([60] * 99 + [255]))
    stretched = Tone(contrast="stretched").prepared([dim, dark])
    assert set(stretched[0].pixels) == {255}
    assert set(stretched[1].pixels) == {0, 255}
    assert Tone(contrast="stretched").prepared([dim]) == [dim]


def test_lighter_lifts_the_dark_and_keeps_the_ends() -> None:
    values = Tone(contrast="lighter").prepared([RAMP])[0].pixels[:256]
    assert (values[0], values[255]) == (0, 255)
    assert all(after >= before for before, after in enumerate(values))
    assert values[64] > 120


@pytest.mark.parametrize("tint", TINTS)
@pytest.mark.parametrize("contrast", CONTRASTS)
def test_pictures_in_colour_take_every_tone(tint: str, contrast: str) -> None:
    """Viridis is of the brightness; the others keep the colours."""
    picture = Raster(2, 1, 3, bytes([255, 0, 0, 0, 40, 255]))
    (prepared,) = Tone(tint, contrast).prepared([picture])  # type: ignore[arg-type]
    assert (prepared.width, prepared.height) == (2, 1)
    assert prepared.channels == (1 if tint == "viridis" else 3)
