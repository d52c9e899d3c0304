"""What a run takes: parameters, time of 1,000 steps, time of the whole run."""

from __future__ import annotations

from textual.content import Content

from ganterm.config import RunConfig
from ganterm.config.length import steps_of
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs.describe import Description
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
        words_ = "Put right what is wrong to see what the run takes."
        return [(words_, words_)]
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
        ]
    return [*lines, _whole(steps, known)]


def _pace(known: Description) -> tuple[str, str]:
    if not known.final:
        return "timing a few steps …", "timing …"
    seconds = known.seconds_per_1000_steps
    if seconds is None:
        note = safe_text(known.note) or "The time of a step is not known."
        return note, note
    took = _about(seconds)
    return f"1,000 steps: {took} on {known.device}", f"1,000 steps {took} on {known.device}"


def _whole(steps: int | None, known: Description | None) -> tuple[str, str]:
    if steps is None:
        return "", ""
    counted = f"{steps:,} step{'' if steps == 1 else 's'}"
    if known is None or known.seconds_per_1000_steps is None:
        return f"Run: {counted}", f"run {counted}"
    took = _about(known.seconds_per_1000_steps * steps / 1000)
    return f"Run: {counted}, {took}", f"run {took}"


def _about(seconds: float) -> str:
    """Return an estimate no more exact than it can be."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    unit = 1 if seconds < 120 else 60
    return f"about {words.duration(round(seconds / unit) * unit).removesuffix(' 0 s')}"
