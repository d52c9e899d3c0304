"""The images that speak for a generator and against it, with real data beside them.

A judge of points keeps no such images; there, the run's own samples are shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from textual import on
from textual.app import ComposeResult

from ganterm.core.records import JudgedRecord
from ganterm.runs.layout import RunDir
from ganterm.tui.feed.change import SampleRef
from ganterm.tui.feed.pictures import READING, Sheet
from ganterm.tui.watch.verdicts import picture_of
from ganterm.tui.widgets.choice_line import ChoiceLine
from ganterm.tui.widgets.picture_pair import PicturePair, PicturePanel

KINDS: Final = ("best", "worst")
_WORDS: Final = {"best": "most convincing", "worst": "least convincing"}


class Extremes(PicturePanel):
    """Shows the best images of a judgement or its worst.

    Attributes:
        kind: which of `KINDS` is shown.
    """

    DEFAULT_CSS = """
    Extremes:focus ChoiceLine {
        background: $panel;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(real=True, id=id)
        self.kind = KINDS[0]
        self._run: RunDir | None = None
        self._record: JudgedRecord | None = None
        self._sample: SampleRef | None = None

    def compose(self) -> ComposeResult:
        yield ChoiceLine(id="extremes")
        yield PicturePair()

    def show(
        self, run: RunDir | None, record: JudgedRecord | None, sample: SampleRef | None = None
    ) -> None:
        """Show another judgement, or the same again; without images of its own, `sample`."""
        if run and any(picture_of(run, record, kind) for kind in KINDS):
            sample = None
        if run != self._run:
            self.pair.unzoom()
        if (run, record, sample) != (self._run, self._record, self._sample):
            self._run, self._record, self._sample = run, record, sample
            self.draw()

    # What can be done

    def turn(self) -> None:
        """Show the worst in the place of the best, or the other way round."""
        self.kind = KINDS[1 - KINDS.index(self.kind)]
        self.draw()

    @on(ChoiceLine.Chosen)
    def _choose(self, event: ChoiceLine.Chosen) -> None:
        event.stop()
        self.kind = KINDS[event.index]
        self.draw()

    # What it looks like

    def draw(self) -> None:
        if not self.is_mounted:
            return
        path = picture_of(self._run, self._record, self.kind) if self._run else None
        if self._sample:
            path = self._sample.path
        real = self._run.real_samples if self._run and self.real else None
        self.pictures.want(*(each for each in (path, real) if each is not None))
        self.pair.show(self._fake(path), self.pictures.beside(real), self.tone)
        said = self.pair.zoomed_words or self.pair.hidden_words or self.tone.words
        line = self.query_one(ChoiceLine)
        if self._sample:
            line.show([f"samples of step {self._sample.step:,}"], 0, said)
        else:
            line.show([_WORDS[kind] for kind in KINDS], KINDS.index(self.kind), said)

    def _fake(self, path: Path | None) -> Sheet:
        if path is None:
            return Sheet(trouble="no picture was kept")
        return self.pictures.get(path) or READING
