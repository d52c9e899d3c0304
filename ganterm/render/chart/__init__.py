"""Charts of a run: several quantities over its steps, drawn with characters.

`draw_chart` returns rows of `Span`s, cells that name their style; whoever shows them decides what a
style looks like. No meaning rests on colour alone: every quantity has a mark of its own that stands
on its curve and in the legend, and what happened on the way has a character of its own.

Styles: `line-N` and `band-N` (a curve, and the range of its points; N from 0 to `STYLES` - 1),
`label`, `value`, `title`, `note`, `axis`, `tick`, `reference`, `crosshair` (its line), `cursor`
(the step it is at), and `mark-KIND` for each of `KINDS`.
"""

from ganterm.render.chart.draw import draw_chart
from ganterm.render.chart.page import Span
from ganterm.render.chart.view import (
    KINDS,
    STYLES,
    Area,
    Chart,
    Mark,
    MarkKind,
    Reading,
    Reference,
    Source,
    Trace,
    View,
)

__all__ = [
    "KINDS",
    "STYLES",
    "Area",
    "Chart",
    "Mark",
    "MarkKind",
    "Reading",
    "Reference",
    "Source",
    "Span",
    "Trace",
    "View",
    "draw_chart",
]
