"""The form: every setting of the schema in its order and groups, which can be searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ganterm.config.draft import FieldState
from ganterm.tui.widgets.field import PARTS, FieldRow, Setting


class Form(VerticalScroll, can_focus=False):
    """Rows under the headings of their groups."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*PARTS}
    DEFAULT_CSS = """
    Form {
        height: 1fr;
        scrollbar-size-vertical: 1;
        & > .row--label { color: $text; }
        & > .row--label-focused { color: $accent; text-style: bold; }
        & > .row--label-differs { color: $text-warning; }
        & > .row--note { color: $text-muted; }
        & > .row--trouble { color: $text-error; }
        & > .heading { height: 1; margin-top: 1; color: $accent; text-style: bold; }
        & > .heading:first-child { margin-top: 0; }
        & > .nothing { color: $text-muted; height: 3; content-align: center middle; }
    }
    """

    @dataclass
    class Moved(Message):
        """Another setting is at hand."""

        row: FieldRow

    @dataclass
    class Narrowed(Message):
        """Other rows are shown than before: `shown` of `total`."""

        shown: int
        total: int

    def __init__(self, groups: Mapping[str, Sequence[tuple[Setting, str]]]) -> None:
        """Show, by group, settings with their texts."""
        super().__init__()
        self._groups = {
            group: [FieldRow(setting, text) for setting, text in settings]
            for group, settings in groups.items()
        }
        self.rows = {row.setting.name: row for rows in self._groups.values() for row in rows}
        self._headings = {group: Static(Content(group), classes="heading") for group in groups}
        self._words = ""
        self._only_changes = False

    def compose(self) -> ComposeResult:
        for group, rows in self._groups.items():
            yield self._headings[group]
            yield from rows
        nothing = Static("", classes="nothing")
        nothing.display = False
        yield nothing

    @property
    def current(self) -> FieldRow | None:
        """The row whose editor has the screen's focus."""
        focused = self.screen.focused
        return next((row for row in self.rows.values() if row.editor is focused), None)

    @property
    def shown(self) -> list[FieldRow]:
        """The rows that are not filtered away, in order."""
        return [row for row in self.rows.values() if row.display]

    def show(self, standings: Mapping[str, FieldState], *, typing: str = "") -> None:
        """Show how the settings stand; the text of the one that is being typed is left alone."""
        for name, standing in standings.items():
            self.rows[name].show(standing, keep_text=name == typing)
        if self._only_changes:
            self._narrow()
        if (row := self.current) is not None and row.standing.trouble:
            # It has grown by what is wrong, below what may be the last line on the screen.
            self.call_after_refresh(self.scroll_to_widget, row, animate=False)

    def search(self, words: str) -> None:
        """Show only settings that hold all `words`."""
        self._words = words
        self._narrow()

    @property
    def only_changes(self) -> bool:
        """Whether only what differs from the recipe is shown."""
        return self._only_changes

    @only_changes.setter
    def only_changes(self, only: bool) -> None:
        self._only_changes = only
        self._narrow()

    def go_to(self, name: str) -> None:
        """Put the focus on a setting, and show it if it was filtered away."""
        row = self.rows[name]
        row.display = True
        self.screen.set_focus(row.editor)

    def move(self, by: int) -> None:
        """Go to the setting above or below."""
        shown = self.shown
        at = shown.index(self.current) if self.current in shown else -1
        if 0 <= at + by < len(shown):
            self.screen.set_focus(shown[at + by].editor)

    def move_group(self, by: int) -> None:
        """Go to the first setting of the group above or below."""
        firsts = [rows[0] for rows in self._shown_groups()]
        current = self.current
        at = next(
            (i for i, rows in enumerate(self._shown_groups()) if current in rows),
            -1 if by > 0 else 0,
        )
        if by < 0 and current not in firsts:
            by = 0
        if firsts:
            row = firsts[min(max(at + by, 0), len(firsts) - 1)]
            self.screen.set_focus(row.editor)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if (row := self.current) is not None:
            self.post_message(self.Moved(row))

    def _shown_groups(self) -> list[list[FieldRow]]:
        groups = ([row for row in rows if row.display] for rows in self._groups.values())
        return [rows for rows in groups if rows]

    def _narrow(self) -> None:
        for row in self.rows.values():
            changed = row.standing.differs or bool(row.standing.trouble) or row.editor.has_focus
            row.display = row.matches(self._words) and (changed or not self._only_changes)
        for group, rows in self._groups.items():
            self._headings[group].display = any(row.display for row in rows)
        shown = len(self.shown)
        nothing = self.query_one(".nothing", Static)
        nothing.display = not shown
        nothing.update(
            "Nothing differs from the recipe." if self._only_changes else "No setting holds that."
        )
        self.post_message(self.Narrowed(shown, len(self.rows)))
