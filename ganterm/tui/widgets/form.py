"""The form: every setting of the schema in its order and groups, which can be searched.

A row is the setting's name, the widget that edits it, and what there is to say of it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Static

from ganterm.config.draft import FieldState
from ganterm.config.fields import Field
from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, LineTone, Piece, clauses
from ganterm.tui.widgets.editor import (
    ChoiceEditor,
    Choosing,
    Editor,
    PathSuggester,
    TextEditor,
    Toggle,
)
from ganterm.tui.widgets.toned import TonedLine

LABEL = 27
"""Cells of the name with its mark; the longest name has 24."""
NOTE_GAP = 3
"""Cells between the editor and the note; the sign of a list stands in them."""
BOTH = 64
"""Cells from which a note says help and guidance; below, guidance alone."""
LEAST = 10
"""Cells below which there is no note."""


@dataclass(frozen=True)
class Setting:
    """What a row needs to know of its setting.

    Attributes:
        name: the setting's name, as everywhere.
        kind: as `Field.kind`.
        help: one sentence.
        guidance: its rule of thumb; empty if there is none.
        expectation: what a value must be, in words.
        choices: what a choice is one of.
        listed: whether a list of values helps with typing one.
        live: whether it can be changed while the run trains.
        placeholder: what an empty field shows.
    """

    name: str
    kind: str
    help: str
    guidance: str = ""
    expectation: str = ""
    choices: tuple[str, ...] = ()
    listed: bool = False
    live: bool = False
    placeholder: str = ""

    @classmethod
    def of(cls, field: Field) -> Setting:
        """Describe a field of the schema."""
        return cls(
            field.name,
            field.kind,
            field.help,
            field.guidance,
            field.expectation,
            tuple(map(str, field.choices)),
            listed=field.name in {"recipe", "dataset", "device"},
            live=field.live,
        )


class FieldRow(TonedLine):
    """A setting's line, and beneath it what is wrong with its value."""

    DEFAULT_CSS = f"""
    FieldRow {{
        height: auto;
        layout: vertical;
        & > .editor {{
            margin-left: {LABEL};
            width: 21;
            height: 1;
            border: none;
            padding: 0 1;
            background: $panel;
            color: $text;
        }}
        & > ChoiceEditor.editor {{ padding: 0; }}
        & > .editor:focus {{ background: $cursor; color: $cursor-text; }}
    }}
    """

    def __init__(self, setting: Setting, text: str) -> None:
        super().__init__()
        self.setting = setting
        self.editor: Editor = _editor(setting, text)
        self.standing = FieldState(text, differs=False, recipe_text=text, trouble="")

    def compose(self) -> ComposeResult:
        yield self.editor

    def show(self, standing: FieldState, *, keep_text: bool = False) -> None:
        """Show how the setting stands; `keep_text` leaves what is being typed alone."""
        if not keep_text and self.editor.text != standing.text:
            self.editor.show(standing.text)
        if standing != self.standing:
            taller = standing.trouble != self.standing.trouble
            self.standing = standing
            self.refresh(layout=taller)

    def matches(self, words: str) -> bool:
        """Tell whether every word occurs in the setting's name, help, guidance or choices."""
        spec = self.setting
        text = " ".join((spec.name, spec.name.replace("_", " "), spec.help, spec.guidance))
        text = f"{text} {' '.join(spec.choices)} {self.editor.text}".casefold()
        return all(word in text for word in words.casefold().split())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1 + len(self._trouble_lines(width))

    def line(self, y: int) -> Line:
        width = self.size.width
        if y:
            lines = self._trouble_lines(width)
            return (Piece(lines[y - 1] if y <= len(lines) else "", "bad"),)
        begin = LABEL + self.editor.outer_size.width
        sign = " ▾ " if self.setting.listed or self.setting.kind == "choice" else "   "
        note = self._note(width - begin - NOTE_GAP - 1)
        return (self._label(), Piece(" " * (begin - LABEL)), Piece(sign, "muted"), *note)

    def on_click(self, event: events.Click) -> None:
        self.editor.focus()
        begin = LABEL + self.editor.outer_size.width
        if begin <= event.x < begin + NOTE_GAP and not event.y:
            self.post_message(Choosing(self.setting.name))

    def on_descendant_focus(self) -> None:
        self.refresh()

    def on_descendant_blur(self) -> None:
        self.refresh()

    def _label(self) -> Piece:
        wrong, differs = bool(self.standing.trouble), self.standing.differs
        mark = "✗" if wrong else "●" if differs else " "
        plain: LineTone = "warn" if differs else "text"
        tone: LineTone = "bad" if wrong else "accent" if self.editor.has_focus else plain
        return Piece(set_cell_size(f"{mark} {self.setting.name}", LABEL), tone)

    def _note(self, room: int) -> list[Piece]:
        """Return what fits beside the editor; the rule of thumb is the bright piece."""
        spec = self.setting
        if room < LEAST:
            return []
        if room >= BOTH:
            guidance = clauses(spec.guidance, room - cell_len(spec.help) - 2)
            return [Piece(f"{_cut(spec.help, room)}  ", "muted"), Piece(guidance)]
        if self.standing.differs:
            recipe = f"recipe: {safe_text(self.standing.recipe_text)}"
            return [Piece(_cut(recipe, room), "muted")]
        return [Piece(clauses(spec.guidance, room), "muted")]

    def _trouble_lines(self, width: int) -> list[str]:
        if not self.standing.trouble:
            return []
        words, room = f"  └ {safe_text(self.standing.trouble)}", max(width - 3, 10)
        return textwrap.wrap(words, room, subsequent_indent="    ")


def _cut(text: str, room: int) -> str:
    """Return as many words of `text` as fit, with a sign that there are more."""
    if cell_len(text) <= room:
        return text
    if room < LEAST:
        return ""
    begin = set_cell_size(text, room - 2)
    return f"{begin.rpartition(' ')[0] or begin} …"


def _editor(setting: Setting, text: str) -> Editor:
    if setting.kind == "choice":
        return ChoiceEditor(setting.name, setting.choices, text)
    if setting.kind == "boolean":
        return Toggle(setting.name, text)
    return TextEditor(
        setting.name,
        text,
        placeholder=setting.placeholder,
        listed=setting.listed,
        suggester=PathSuggester() if setting.name in {"dataset", "init_from"} else None,
    )


class Form(VerticalScroll, can_focus=False):
    """Rows under the headings of their groups."""

    DEFAULT_CSS = """
    Form {
        height: 1fr;
        scrollbar-size-vertical: 1;
        & > .heading { height: 1; margin-top: 1; color: $accent; text-style: bold; }
        & > .heading.-first { margin-top: 0; }
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
        self._show_headings()
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

    def _show_headings(self) -> None:
        """Show those of groups that are shown; the first stands at the top."""
        first = True
        for group, rows in self._groups.items():
            heading = self._headings[group]
            heading.display = any(row.display for row in rows)
            heading.set_class(first and heading.display, "-first")
            first = first and not heading.display

    def _narrow(self) -> None:
        for row in self.rows.values():
            changed = row.standing.differs or bool(row.standing.trouble) or row.editor.has_focus
            row.display = row.matches(self._words) and (changed or not self._only_changes)
        self._show_headings()
        shown = len(self.shown)
        nothing = self.query_one(".nothing", Static)
        nothing.display = not shown
        nothing.update(
            "Nothing differs from the recipe." if self._only_changes else "No setting holds that."
        )
        self.post_message(self.Narrowed(shown, len(self.rows)))
