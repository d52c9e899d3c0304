"""What stands beside the form of a new run: recipes, the setting at hand, what the run takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ganterm.client.describe import Description
from ganterm.client.preflight import MUCH_DISK, MUCH_MEMORY, size
from ganterm.config import RunConfig
from ganterm.config.draft import FieldState
from ganterm.config.recipefile import Preset, Presets
from ganterm.config.schema import steps_of
from ganterm.render.text import safe_text
from ganterm.render.words import roughly
from ganterm.tui.widgets.form import Setting


class WordsBox(Widget, can_focus=False):
    """Shows words, wrapped; what the box has no room for is cut off."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.words = Content("")

    def say(self, words: Content) -> None:
        """Show other words; the same ones are not painted again."""
        if words != self.words:
            self.words = words
            self.refresh()

    def render(self) -> Content:
        return self.words


class FieldHelp(WordsBox):
    """Help, rule of thumb, what it must be and what the recipe says, as far as there is room."""

    def describe(self, setting: Setting, standing: FieldState, found: str = "") -> None:
        """Speak of another setting, or of how this one stands now, and what was `found` there."""
        parts = [Content.styled(setting.name, "bold $accent"), Content(f"  {setting.help}")]
        if standing.trouble:
            parts.append(Content.styled(f"\n✗ {safe_text(standing.trouble)}", "$text-error"))
        if found:
            parts.append(Content(f"\n{safe_text(found)}"))
        if setting.guidance:
            parts.append(Content(f"\nRule of thumb: {setting.guidance}."))
        facts = [f"Must be {setting.expectation}." if setting.expectation else ""]
        if standing.differs:
            facts.insert(0, f"Recipe: {safe_text(standing.recipe_text)}.")
        if setting.live:
            facts.append("Can be changed while the run trains.")
        if said := " ".join(filter(None, facts)):
            parts.append(Content.styled(f"\n{said}", "$text-muted"))
        self.say(Content.assemble(*parts))


class Cost(WordsBox):
    """Says it in a few lines, or in one where it has the class `one-line`."""

    def describe(
        self, config: RunConfig | None, known: Description | None, images: int | None
    ) -> None:
        """Speak of `config`; None while it makes no sense. `images` is the dataset's size."""
        lines = cost_lines(config, known, images)
        if self.has_class("one-line"):
            self.say(Content(" " + " · ".join(short for _, short in lines if short)))
        else:
            self.say(Content("\n".join(line for line, _ in lines if line)))


def cost_lines(
    config: RunConfig | None, known: Description | None, images: int | None
) -> list[tuple[str, str]]:
    """Return what a run takes, each thing in a line and in short."""
    if config is None:
        sentence = "Put right what is wrong to see what the run takes."
        return [(sentence, sentence)]
    if known is not None and known.error:
        return [(safe_text(known.error), safe_text(known.error))]
    steps = config.steps or (None if images is None else steps_of(config, images))
    if known is None:
        lines = [("counting parameters …", "counting …")]
    else:
        g, d = known.generator_parameters, known.discriminator_parameters
        lines = [
            (f"G {g:>13,} parameters", f"G {g:,}"),
            (f"D {d:>13,} parameters", f"D {d:,}"),
            _pace(known),
            _weight(known),
        ]
    return [*lines, _whole(steps, known)]


def _pace(known: Description) -> tuple[str, str]:
    if not known.final:
        return "timing a few steps …", "timing …"
    seconds = known.seconds_per_1000_steps
    if seconds is None:
        note = safe_text(known.note) or "The time of a step is not known."
        return note, note
    took = roughly(seconds)
    return f"1,000 steps: about {took} on {known.device}", f"{took}/1,000 steps"


def _weight(known: Description) -> tuple[str, str]:
    """Say what it takes of memory and disk, with what is there where that is less."""
    if not known.checkpoint_bytes:
        return "", ""
    memory, each = size(known.memory_bytes), size(known.checkpoint_bytes)
    short = 0 < known.memory_free < known.memory_bytes
    free = f" ({size(known.memory_free)} free!)" if short else ""
    line = f"about {memory} of memory{free}, {each} a checkpoint"
    much = short or known.memory_bytes >= MUCH_MEMORY or known.checkpoint_bytes >= MUCH_DISK
    return line, f"{memory} memory{free}, {each}/checkpoint" if much else ""


def _whole(steps: int | None, known: Description | None) -> tuple[str, str]:
    if steps is None:
        return "", ""
    counted = f"{steps:,} step{'' if steps == 1 else 's'}"
    if known is None or known.seconds_per_1000_steps is None:
        return f"Run: {counted}", f"run {counted}"
    took = roughly(known.seconds_per_1000_steps * steps / 1000)
    return f"Run: {counted}, about {took}", f"run {took}"


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
        yield OptionList(*self._options())
        yield Static("", classes="purpose")

    def on_mount(self) -> None:
        self.option_list.highlighted = self._index(self._chosen)
        self._say(self._chosen)

    option_list = getters.query_one(OptionList)

    def show(self, presets: Presets, chosen: str) -> None:
        """Mark another recipe as chosen, or show others."""
        if presets != self._presets or chosen != self._chosen:
            self._presets, self._chosen = presets, chosen
            self.option_list.clear_options()
            self.option_list.add_options(self._options())
            self.option_list.highlighted = self._index(chosen)
            self._say(chosen)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._say(self._found[event.option_index].recipe.name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
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
