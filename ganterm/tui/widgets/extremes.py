"""The images that speak for a generator and against it, with real data beside them.

A judge of points keeps no such images; there, the run's own samples are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Vertical

from ganterm.render.tint import CONTRASTS, TINTS, Tone
from ganterm.runs.layout import RunDir
from ganterm.tui.base import AppBase
from ganterm.tui.feed.change import SampleRef
from ganterm.tui.feed.pictures import READING, Pictures, Sheet
from ganterm.tui.watch.verdicts import picture_of
from ganterm.tui.widgets.choice_line import ChoiceLine
from ganterm.tui.widgets.picture_pair import PicturePair

KINDS: Final = ("best", "worst")
_WORDS: Final = {"best": "most convincing", "worst": "least convincing"}


class Extremes(Vertical, can_focus=True):
    """Shows the best images of a judgement or its worst.

    Attributes:
        kind: which of `KINDS` is shown.
        real: whether real data stand beside.
        tone: in which colours, and with how much contrast.
    """

    app = getters.app(AppBase)

    DEFAULT_CSS = """
    Extremes:focus ChoiceLine {
        background: $panel;
    }
    """
    AUTO_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.kind = KINDS[0]
        self.real = True
        self.tone = Tone()
        self._run: RunDir | None = None
        self._record: Mapping[str, Any] = {}
        self._sample: SampleRef | None = None
        self._pictures: Pictures

    def compose(self) -> ComposeResult:
        """Put the pictures under what they are."""
        yield ChoiceLine(id="extremes")
        yield PicturePair()

    def on_mount(self) -> None:
        """Get ready to read."""
        self._pictures = Pictures(
            lambda: self.app.call_later(self._draw), background=self.app.options.background
        )
        self._draw()

    def on_unmount(self) -> None:
        """Read no more."""
        self._pictures.stop()

    def show(
        self, run: RunDir | None, record: Mapping[str, Any], sample: SampleRef | None = None
    ) -> None:
        """Show another judgement, or the same again; without images of its own, `sample`."""
        if run and any(picture_of(run, record, kind) for kind in KINDS):
            sample = None
        if run != self._run:
            self.pair.unzoom()
        if (run, record, sample) != (self._run, self._record, self._sample):
            self._run, self._record, self._sample = run, record, sample
            self._draw()

    # What can be done

    def turn(self) -> None:
        """Show the worst in the place of the best, or the other way round."""
        self.kind = KINDS[1 - KINDS.index(self.kind)]
        self._draw()

    def toggle_real(self) -> None:
        """Show real data beside, or not."""
        self.real = not self.real
        self._draw()

    def next_tint(self) -> None:
        """Paint in the next colours."""
        after = TINTS.index(self.tone.tint) + 1
        self.tone = replace(self.tone, tint=TINTS[after % len(TINTS)])
        self._draw()

    def next_contrast(self) -> None:
        """Paint with the next contrast."""
        after = CONTRASTS.index(self.tone.contrast) + 1
        self.tone = replace(self.tone, contrast=CONTRASTS[after % len(CONTRASTS)])
        self._draw()

    @on(ChoiceLine.Chosen)
    def _choose(self, event: ChoiceLine.Chosen) -> None:
        event.stop()
        self.kind = KINDS[event.index]
        self._draw()

    @on(PicturePair.Changed)
    def _say_which(self, event: PicturePair.Changed) -> None:
        event.stop()
        self._draw()

    # What it looks like

    @property
    def pair(self) -> PicturePair:
        """The pictures."""
        return self.query_one(PicturePair)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        path = picture_of(self._run, self._record, self.kind) if self._run else None
        if self._sample:
            path = self._sample.path
        real = self._run.real_samples if self._run and self.real else None
        self._pictures.want(*(each for each in (path, real) if each is not None))
        self.pair.show(self._fake(path), self._pictures.beside(real), self.tone)
        said = self.pair.zoomed_words or self.pair.hidden_words or self.tone.words
        line = self.query_one(ChoiceLine)
        if self._sample:
            line.show([f"samples of step {self._sample.step:,}"], 0, said)
        else:
            line.show([_WORDS[kind] for kind in KINDS], KINDS.index(self.kind), said)

    def _fake(self, path: Path | None) -> Sheet:
        if path is None:
            return Sheet(trouble="no picture was kept")
        return self._pictures.get(path) or READING
