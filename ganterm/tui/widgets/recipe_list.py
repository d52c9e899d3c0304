"""The recipes to start from, with what the one under the cursor is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ganterm.config.presets import Preset, Presets
from ganterm.render.text import safe_text

_NAME_WIDTH = 17


class RecipeList(Vertical, can_focus=False):
    """A list of recipes over what is to be said of one."""

    DEFAULT_CSS = """
    RecipeList {
        height: auto;
        & OptionList {
            height: auto;
            max-height: 22;
            border: none;
            padding: 0;
            background: $surface;
            scrollbar-size-vertical: 1;
        }
        & .purpose { height: auto; padding: 1 1 0 1; color: $text-muted; }
    }
    """

    @dataclass
    class Chosen(Message):
        """A person wants to start from another recipe."""

        recipe: str

    def __init__(self, presets: Presets, chosen: str) -> None:
        super().__init__()
        self._presets = presets
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Put the list over the purpose."""
        yield OptionList(*self._options())
        yield Static("", classes="purpose")

    def on_mount(self) -> None:
        """Begin at what is chosen."""
        self.option_list.highlighted = self._index(self._chosen)
        self._say(self._chosen)

    @property
    def option_list(self) -> OptionList:
        """The list itself."""
        return self.query_one(OptionList)

    def show(self, presets: Presets, chosen: str) -> None:
        """Mark another recipe as chosen, or show others."""
        if presets != self._presets or chosen != self._chosen:
            self._presets, self._chosen = presets, chosen
            self.option_list.clear_options()
            self.option_list.add_options(self._options())
            self.option_list.highlighted = self._index(chosen)
            self._say(chosen)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what the recipe under the cursor is for."""
        event.stop()
        self._say(self._found[event.option_index].recipe.name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose it."""
        event.stop()
        self.post_message(self.Chosen(self._found[event.option_index].recipe.name))

    @property
    def _found(self) -> Sequence[Preset]:
        return self._presets.found

    def _options(self) -> list[Option]:
        return [Option(self._line(preset)) for preset in self._found]

    def _line(self, preset: Preset) -> Content:
        name, config = preset.recipe.name, preset.config
        mark = "●" if name == self._chosen else " "
        aside = f" {safe_text(config.dataset)[:12]} {config.data_spec.size_words}"
        return Content.assemble(
            (f"{mark} {name:<{_NAME_WIDTH}}", "bold" if mark != " " else ""), (aside, "$text-muted")
        )

    def _index(self, name: str) -> int | None:
        names = [preset.recipe.name for preset in self._found]
        return names.index(name) if name in names else None

    def _say(self, name: str) -> None:
        index = self._index(name)
        about = self.query_one(".purpose", Static)
        if index is None:
            about.update(Content(safe_text(name)))
            return
        recipe = self._found[index].recipe
        said = [Content.styled(safe_text(recipe.title), "bold $text")]
        said += [
            Content(f"\n{safe_text(text)}") for text in (recipe.purpose, recipe.source) if text
        ]
        about.update(Content.assemble(*said))
