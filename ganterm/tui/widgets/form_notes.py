"""What is said beside the form of a new run: of the setting at hand, and what the run takes."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from ganterm.client.describe import Description
from ganterm.client.preflight import MUCH_DISK, MUCH_MEMORY, size
from ganterm.config import RunConfig
from ganterm.config.draft import Standing
from ganterm.config.length import steps_of
from ganterm.render.text import safe_text
from ganterm.tui.widgets.field import Setting


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
        """Return the words."""
        return self.words


class FieldHelp(WordsBox):
    """Help, rule of thumb, what it must be and what the recipe says, as far as there is room."""

    def describe(self, setting: Setting, standing: Standing) -> None:
        """Speak of another setting, or of how this one stands now."""
        parts = [Content.styled(setting.name, "bold $accent"), Content(f"  {setting.help}")]
        if standing.trouble:
            parts.append(Content.styled(f"\n✗ {safe_text(standing.trouble)}", "$text-error"))
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
    took = _span(seconds)
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
    took = _span(known.seconds_per_1000_steps * steps / 1000)
    return f"Run: {counted}, about {took}", f"run {took}"


def _span(seconds: float) -> str:
    """Return an estimate no more exact than it can be."""
    if seconds < 10:
        return f"{max(seconds, 0.1):.1f} s"
    for limit, length, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86400:,.0f} days"
