"""The settings that can be changed while a run trains: their values, and what became of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ganterm.config import FIELDS
from ganterm.config.draft import to_text
from ganterm.render.text import safe_text
from ganterm.tui.feed.runfeed import RunFeed
from ganterm.tui.watch.lines import clauses
from ganterm.tui.watch.orders import Orders

_FIRST: Final = (
    *("lr_g", "lr_d", "d_steps", "real_label", "fake_label"),
    *("penalty_weight", "sample_every", "checkpoint_every"),
)
LIVE: Final = tuple(
    sorted(
        (name for name, field in FIELDS.items() if field.live),
        key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST),
    )
)
"""The live settings, the most used first."""

_NAME, _VALUE = 17, 11
_DOWN, _UP = 2 + _NAME + _VALUE, 2 + _NAME + _VALUE + 4
"""Columns of the two buttons, each of three cells."""


class LiveRow(NamedTuple):
    """What the line of a setting shows; `tone` is that of the note."""

    key: str
    value: str
    note: str = ""
    tone: str = "muted"


class LiveValues(Widget, can_focus=True):
    """One line a setting; the keys choose one and change it, and so does the mouse.

    Attributes:
        key: the setting that is chosen.
    """

    BINDINGS: ClassVar = [
        Binding("up", "choose(-1)", "before", show=False),
        Binding("down", "choose(1)", "next", show=False),
        Binding("left", "nudge(False)", "less", show=False),
        Binding("right", "nudge(True)", "more", show=False),
        Binding("enter", "edit", "type", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"live-values--{part}" for part in ("name", "value", "button", "chosen", "blurred")),
        *(f"live-values--{tone}" for tone in ("muted", "text", "warn", "bad")),
    }
    DEFAULT_CSS = """
    LiveValues {
        & > .live-values--name { color: $text; }
        & > .live-values--value { color: $text; text-style: bold; }
        & > .live-values--button { color: $accent; }
        & > .live-values--chosen { color: $cursor-text; background: $cursor; text-style: bold; }
        & > .live-values--blurred { color: $text; background: $panel; }
        & > .live-values--muted { color: $text-muted; }
        & > .live-values--text { color: $text; }
        & > .live-values--warn { color: $text-warning; }
        & > .live-values--bad { color: $text-error; }
    }
    """

    @dataclass
    class Nudged(Message):
        """A setting is to be a little more, or less."""

        key: str
        up: bool

    @dataclass
    class Edited(Message):
        """A setting is to be typed."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: list[LiveRow] = [LiveRow(key, "-") for key in LIVE]
        self._at = 0
        self._top = 0
        self._painted: dict[int, tuple[LiveRow | None, str]] = {}

    @property
    def key(self) -> str:
        """The setting that is chosen."""
        return LIVE[self._at]

    @property
    def rows(self) -> list[LiveRow]:
        """What the lines show."""
        return self._rows

    def show(self, feed: RunFeed | None, orders: Orders) -> None:
        """Show the settings as they stand; only lines that changed are painted."""
        self._rows = [row_of(key, feed, orders) for key in LIVE]
        self._repaint()

    def action_choose(self, by: int) -> None:
        """Choose another setting."""
        self.choose((self._at + by) % len(LIVE))

    def choose(self, at: int) -> None:
        """Choose the setting on a line."""
        self._at = at
        self._repaint()

    def action_nudge(self, up: bool) -> None:
        """Change the setting that is chosen a little."""
        self.post_message(self.Nudged(self.key, up))

    def action_edit(self) -> None:
        """Ask to type the setting that is chosen."""
        self.post_message(self.Edited(self.key))

    def on_click(self, event: events.Click) -> None:
        """Choose a line, press one of its buttons, or type its value (two clicks)."""
        at = event.y + self._top
        if at >= len(LIVE):
            return
        self.choose(at)
        if _DOWN <= event.x < _DOWN + 3 or _UP <= event.x < _UP + 3:
            self.action_nudge(event.x >= _UP)
        elif event.chain == 2:
            self.action_edit()

    def on_focus(self) -> None:
        """Show the chosen line as such."""
        self._repaint()

    def on_blur(self) -> None:
        """Show the chosen line faintly."""
        self._repaint()

    def on_resize(self) -> None:
        """Keep the chosen line in view."""
        self._repaint()

    def render_line(self, y: int) -> Strip:
        """Draw one setting."""
        row, ground = self._painted[y] = self._line(y)
        width = self.size.width
        if row is None:
            return Strip.blank(width, self.rich_style)
        parts = ("name", "value", "button", row.tone)
        on = self.get_component_rich_style(f"live-values--{ground}") if ground else None
        name, value, button, note = (
            on or self.get_component_rich_style(f"live-values--{part}") for part in parts
        )
        segments = [
            Segment("▸ " if ground else "  ", name),
            Segment(set_cell_size(row.key, _NAME), name),
            Segment(set_cell_size(row.value, _VALUE), value),
            Segment("[-] [+] ", button),
            Segment(_note(row, width - _UP - 5), note),
        ]
        return Strip(segments).adjust_cell_length(width, on or self.rich_style)

    def _line(self, y: int) -> tuple[LiveRow | None, str]:
        at = y + self._top
        if at >= len(self._rows):
            return None, ""
        ground = ("chosen" if self.has_focus else "blurred") if at == self._at else ""
        return self._rows[at], ground

    def _repaint(self) -> None:
        height = max(self.size.height, 1)
        self._top = min(max(self._top, self._at - height + 1), self._at)
        self._top = min(self._top, max(len(LIVE) - height, 0))
        for y in range(height):
            if self._painted.get(y) != self._line(y):
                self.refresh(Region(0, y, self.size.width, 1))


def row_of(key: str, feed: RunFeed | None, orders: Orders) -> LiveRow:
    """Say how a setting stands: its value, what it is asked to be, why it was refused."""
    if feed is None or key not in feed.config:
        return LiveRow(key, "-", FIELDS[key].guidance)
    value = safe_text(to_text(feed.config[key]))
    asked = orders.asked_value(key)
    if asked is not None:
        return LiveRow(key, value, f"asked for {to_text(asked[0])} …", "text")
    if refusal := orders.refused.get(key):
        wanted = to_text(refusal.order.args.get("value"))
        return LiveRow(key, value, safe_text(f"{wanted} refused: {refusal.error}"), "bad")
    changes = [change for change in feed.changes if change.key == key]
    if changes:
        last = changes[-1]
        said = f"{to_text(last.before)} until step {last.step:,}"
        return LiveRow(key, value, safe_text(said), "text")
    return LiveRow(key, value, FIELDS[key].guidance)


def _note(row: LiveRow, width: int) -> str:
    """Return the note as far as it fits; of a rule of thumb, whole clauses alone."""
    return clauses(row.note, width) if row.tone == "muted" else _shortened(row.note, width)


def _shortened(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"
