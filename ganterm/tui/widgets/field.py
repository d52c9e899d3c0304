"""One setting in the form: its name, the widget that edits it, and what there is to say of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from ganterm.config.draft import FieldState
from ganterm.config.fields import Field
from ganterm.render.text import safe_text
from ganterm.tui.lines import clauses
from ganterm.tui.widgets.editor import (
    ChoiceEditor,
    Choosing,
    Editor,
    PathSuggester,
    TextEditor,
    Toggle,
)

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


PARTS: Final = frozenset(
    {"row--label", "row--label-focused", "row--label-differs", "row--note", "row--trouble"}
)
"""Component classes that the parent of rows must have."""


class FieldRow(Widget, can_focus=False):
    """A setting's line, and beneath it what is wrong with its value.

    How its parts are painted is for its form to say, once for all rows: see `PARTS`.
    """

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

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y:
            lines = self._trouble_lines(width)
            line = lines[y - 1] if y <= len(lines) else ""
            return self._strip([Segment(line, self._style("trouble"))])
        begin = LABEL + self.editor.outer_size.width
        note = self._note(width - begin - NOTE_GAP - 1)
        muted, plain = self._style("note"), self._style("label")
        sign = " ▾ " if self.setting.listed or self.setting.kind == "choice" else "   "
        return self._strip(
            [
                self._label(),
                Segment(" " * (begin - LABEL), self.rich_style),
                Segment(sign, muted),
                *(Segment(text, plain if bright else muted) for text, bright in note),
            ]
        )

    def on_click(self, event: events.Click) -> None:
        self.editor.focus()
        begin = LABEL + self.editor.outer_size.width
        if begin <= event.x < begin + NOTE_GAP and not event.y:
            self.post_message(Choosing(self.setting.name))

    def on_descendant_focus(self) -> None:
        self.refresh()

    def on_descendant_blur(self) -> None:
        self.refresh()

    def _label(self) -> Segment:
        wrong, differs = bool(self.standing.trouble), self.standing.differs
        mark = "✗" if wrong else "●" if differs else " "
        style = "label-focused" if self.editor.has_focus else "label"
        style = "trouble" if wrong else "label-differs" if differs and style == "label" else style
        words = set_cell_size(f"{mark} {self.setting.name}", LABEL)
        return Segment(words, self._style(style))

    def _note(self, room: int) -> list[tuple[str, bool]]:
        """Return pieces of what fits beside the editor; the rule of thumb is the bright one."""
        spec = self.setting
        if room < LEAST:
            return []
        if room < BOTH:
            recipe = f"recipe: {safe_text(self.standing.recipe_text)}"
            if self.standing.differs:
                return [(_cut(recipe, room), False)]
            return [(clauses(spec.guidance, room), False)]
        left = room - cell_len(spec.help) - 2
        guidance = clauses(spec.guidance, left)
        return [(_cut(spec.help, room), False), ("  ", False), (guidance, True)]

    def _trouble_lines(self, width: int) -> list[str]:
        trouble = safe_text(self.standing.trouble)
        return (
            textwrap.wrap(
                f"└ {trouble}", max(width - 3, 10), initial_indent="  ", subsequent_indent="    "
            )
            if trouble
            else []
        )

    @property
    def _form(self) -> Widget:
        parent = self.parent
        return parent if isinstance(parent, Widget) else self

    def _style(self, part: str) -> Style:
        return self._form.get_component_rich_style(f"row--{part}")

    def _strip(self, segments: list[Segment]) -> Strip:
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)


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
        suggester=PathSuggester() if setting.name == "dataset" else None,
    )
