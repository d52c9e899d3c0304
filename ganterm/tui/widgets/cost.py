"""What a run takes: parameters, time of 1,000 steps, time of the whole run."""

from __future__ import annotations

from textual.content import Content

from ganterm.client.describe import Description
from ganterm.client.preflight import MUCH_DISK, MUCH_MEMORY, size
from ganterm.config import RunConfig
from ganterm.config.length import steps_of
from ganterm.render.text import safe_text
from ganterm.tui.widgets.words_box import WordsBox


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
