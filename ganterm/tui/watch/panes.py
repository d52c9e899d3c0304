"""Which panes of the monitor stand side by side on a screen of a certain size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Pane = Literal["charts", "preview", "steer", "log"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)

_PAIRS: Final[tuple[tuple[Pane, Pane], ...]] = (("charts", "preview"), ("steer", "log"))
_PAIR_COLUMNS, _PAIR_ROWS = 76, 22
_ALL_COLUMNS, _ALL_ROWS = 100, 34


@dataclass(frozen=True)
class Arrangement:
    """What is shown: all panes, a pair of them or one, with their names above unless all are."""

    kind: Literal["all", "pair", "one"]
    panes: tuple[Pane, ...]


def arranged(columns: int, rows: int, active: Pane, *, alone: bool) -> Arrangement:
    """Return what a screen shows, `active` among it; `alone` gives it all the room."""
    if alone or columns < _PAIR_COLUMNS or rows < _PAIR_ROWS:
        return Arrangement("one", (active,))
    if columns < _ALL_COLUMNS or rows < _ALL_ROWS:
        return Arrangement("pair", next(pair for pair in _PAIRS if active in pair))
    return Arrangement("all", PANES)
