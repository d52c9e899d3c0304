"""The characters a chart is made of, in Unicode and in ASCII."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ganterm.render.chart.view import STYLES, MarkKind
from ganterm.render.colour import Charset


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters; `traces` are the marks of the quantities, by style."""

    traces: str
    broken: str
    reference: str
    crosshair: str
    event: str
    kinds: Mapping[MarkKind, str]
    vertical: str
    horizontal: str
    corner: str
    tick_left: str
    tick_below: str
    band: str
    ellipsis: str


GLYPHS: Final = {
    Charset.HALFBLOCK: Glyphs(
        traces="●▲■◆▼○△□",
        broken="\u00d7",
        reference="┄",
        crosshair="│",
        event="┊",
        kinds={"control": "Δ", "alert": "!", "resume": "↻", "checkpoint": "▴"},
        vertical="│",
        horizontal="─",
        corner="└",
        tick_left="┤",
        tick_below="┬",
        band="░",
        ellipsis="…",
    ),
    Charset.ASCII: Glyphs(
        traces="o*+#%@&$",
        broken="x",
        reference="-",
        crosshair="|",
        event=":",
        kinds={"control": "d", "alert": "!", "resume": "r", "checkpoint": "^"},
        vertical="|",
        horizontal="-",
        corner="+",
        tick_left="+",
        tick_below="+",
        band=".",
        ellipsis="~",
    ),
}


def trace_glyph(glyphs: Glyphs, style: int) -> str:
    """Return the mark of a quantity."""
    return glyphs.traces[style % STYLES]
