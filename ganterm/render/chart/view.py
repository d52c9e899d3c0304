"""What a chart is asked to show, the characters it is made of, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

from ganterm.core.blocks import Bin
from ganterm.render.chart.page import Span
from ganterm.render.colour import Charset

MarkKind = Literal["control", "alert", "resume", "checkpoint"]
KINDS: Final[tuple[MarkKind, ...]] = get_args(MarkKind)
STYLES: Final = 8
"""How many quantities are told apart; the styles of more begin again."""


class Source(Protocol):
    """A quantity that can be drawn at any zoom."""

    @property
    def extent(self) -> tuple[int, int] | None:
        """The first and the last step that has a point; None without points."""

    def __len__(self) -> int:
        """Return the number of points, broken ones included."""

    def window(self, start: float, stop: float, columns: int) -> Sequence[Bin | None]:
        """Return `columns` bins that divide the steps from `start` to `stop`, both included."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A quantity to draw.

    Attributes:
        label: its name in the legend.
        source: its points.
        style: which colours and mark it has.
    """

    label: str
    source: Source
    style: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A value to compare with, drawn as a horizontal line; its label stands at the axis."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a step; `text` says what."""

    step: int
    kind: MarkKind
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What of the quantities is shown, and how.

    Attributes:
        start: first step of the window; None for the first there is.
        stop: last step of the window; None for the last there is.
        log: whether the vertical axis is logarithmic.
        smoothing: weight of the exponential moving average, 0 to 0.99, see `curves.Smoother`.
        limits: the least and the greatest value of the vertical axis; None fits it to what is
            shown.
        outliers: whether an axis that is fitted holds every value, or only those that are not
            among the one in fifty farthest out.
        bands: whether the range of the points behind a curve is shown.
        crosshair: the step at which values are read; None for the newest in the window.
    """

    start: float | None = None
    stop: float | None = None
    log: bool = False
    smoothing: float = 0.0
    limits: tuple[float, float] | None = None
    outliers: bool = True
    bands: bool = True
    crosshair: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The values of a quantity where it is read: at the crosshair, or at the window's end.

    Attributes:
        value: the curve's value, smoothed if the curve is; None where there is no point near.
        low: the least of the points there; `high`: the greatest.
        broken: how many points of the whole window are NaN or infinite.
    """

    label: str
    style: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Area:
    """The cells of the plot itself within a chart, and the steps it shows."""

    left: int
    top: int
    width: int
    height: int
    start: float
    stop: float

    def step_at(self, x: int) -> int:
        """Return the step in the middle of column `x` of the chart; the nearest in the window."""
        share = (x - self.left + 0.5) / max(self.width, 1)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.stop - self.start))

    def column_of(self, step: float, per_cell: int = 1) -> int | None:
        """Return which column of the plot, of `per_cell` in a cell, shows `step`; None if none."""
        if not self.start <= step <= self.stop or not self.width:
            return None
        columns = self.width * per_cell
        return min(int((step - self.start) / (self.stop - self.start) * columns), columns - 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as drawn.

    Attributes:
        rows: the rows of cells, all of the width asked for.
        area: where the plot is.
        readings: what is read of each quantity, in their order.
        notes: what the drawing does not show, each in a few words.
    """

    rows: list[list[Span]]
    area: Area
    readings: list[Reading]
    notes: list[str]


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
