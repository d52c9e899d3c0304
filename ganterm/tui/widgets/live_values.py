"""The settings that can be changed while a run trains: their values, and what became of changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from rich.cells import set_cell_size
from textual import events
from textual.binding import Binding
from textual.message import Message

from ganterm.client.feed import RunFeed
from ganterm.client.pending import PendingCommands
from ganterm.config import FIELDS
from ganterm.config.draft import to_text
from ganterm.config.ownloop import fields_of
from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, LineTone, Piece, clauses, shortened
from ganterm.tui.widgets.row_list import RowList

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
    tone: LineTone = "muted"


class LiveValues(RowList):
    """One line a setting; the keys choose one and change it, and so does the mouse."""

    BINDINGS: ClassVar = [
        Binding("up", "choose(-1)", "before", show=False),
        Binding("down", "choose(1)", "next", show=False),
        Binding("left", "nudge(False)", "less", show=False),
        Binding("right", "nudge(True)", "more", show=False),
        Binding("enter", "edit", "type", show=False),
    ]

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
        self.rows = [LiveRow(key, "-") for key in LIVE]

    @property
    def key(self) -> str:
        """The setting that is chosen."""
        return self.rows[self.at].key

    def show(self, feed: RunFeed | None, pending: PendingCommands) -> None:
        """Show the settings as they stand; only lines that changed are painted."""
        self.rows = [row_of(key, feed, pending) for key in live_keys(feed)]
        self.show_rows(len(self.rows))

    def action_choose(self, by: int) -> None:
        self.choose((self.at + by) % len(self.rows))

    def action_nudge(self, up: bool) -> None:
        self.post_message(self.Nudged(self.key, up))

    def action_edit(self) -> None:
        self.post_message(self.Edited(self.key))

    def on_click(self, event: events.Click) -> None:
        at = self.row_at(event.y)
        if at is None:
            return
        self.choose(at)
        if _DOWN <= event.x < _DOWN + 3 or _UP <= event.x < _UP + 3:
            self.action_nudge(event.x >= _UP)
        elif event.chain == 2:
            self.action_edit()

    def row(self, index: int, chosen: bool) -> Line:
        row = self.rows[index]
        return (
            Piece("▸ " if chosen else "  "),
            Piece(set_cell_size(safe_text(row.key), _NAME)),
            Piece(set_cell_size(row.value, _VALUE), "strong"),
            Piece("[-] [+] ", "button"),
            Piece(_note(row, self.size.width - _UP - 5), row.tone),
        )


def live_keys(feed: RunFeed | None) -> Sequence[str]:
    """Return the settings that can be changed: those of the schema, or of a loop of its own."""
    own = fields_of(feed.config) if feed is not None else FIELDS
    return LIVE if own is FIELDS else tuple(own) or LIVE


def row_of(key: str, feed: RunFeed | None, pending: PendingCommands) -> LiveRow:
    """Say how a setting stands: its value, what it is asked to be, why it was refused."""
    if feed is None or key not in feed.config:
        return LiveRow(key, "-", FIELDS[key].guidance)
    field = fields_of(feed.config)[key]
    value, rule = safe_text(to_text(feed.config[key])), field.guidance
    if field.schedules and ".." in value:
        now = feed.latest(key)
        value, rule = "-" if now is None else f"{now:.4g}", value
    asked = pending.requested_value(key)
    if asked is not None:
        return LiveRow(key, value, f"asked for {to_text(asked[0])} …", "text")
    if refusal := pending.refused.get(key):
        wanted = to_text(refusal.command.args.get("value"))
        return LiveRow(key, value, safe_text(f"{wanted} refused: {refusal.error}"), "bad")
    changes = [change for change in feed.changes if change.key == key]
    if changes:
        last = changes[-1]
        said = f"{to_text(last.before)} until step {last.step:,}"
        return LiveRow(key, value, safe_text(said), "text")
    return LiveRow(key, value, rule)


def _note(row: LiveRow, width: int) -> str:
    """Return the note as far as it fits; of a rule of thumb, whole clauses alone."""
    return clauses(row.note, width) if row.tone == "muted" else shortened(row.note, width)
