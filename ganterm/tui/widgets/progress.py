"""How far a run is: a bar, and what else is to be said of it in numbers."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from ganterm.client.feed import RunFeed
from ganterm.client.wording import STATES
from ganterm.render import words
from ganterm.render.colour import Charset
from ganterm.render.curve import bar
from ganterm.render.text import safe_text

_SHARE = 0.3
_LEAST_BAR, _MOST_BAR = 10, 60
_GAP = "  "


class ProgressLine(Widget, can_focus=False):
    """One line; what has no room on a narrow screen goes from the right."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "progress-line--done",
        "progress-line--text",
        *(f"progress-line--{tone}" for tone in ("good", "warn", "bad", "muted")),
    }
    DEFAULT_CSS = """
    ProgressLine {
        height: 1;
        & > .progress-line--done { color: $text-accent; background: $panel; }
        & > .progress-line--text { color: $text; }
        & > .progress-line--muted { color: $text-muted; background: $panel; }
        & > .progress-line--good { color: $text-success; background: $panel; }
        & > .progress-line--warn { color: $text-warning; background: $panel; }
        & > .progress-line--bad { color: $text-error; background: $panel; }
    }
    """

    def __init__(self, *, charset: Charset) -> None:
        super().__init__()
        self._charset = charset
        self._fraction = 0.0
        self._tone = "muted"
        self._parts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All words of the line, whatever its width."""
        return _GAP.join(self._parts)

    def show(self, feed: RunFeed | None) -> None:
        """Show how far a run is; an unchanged line is not painted again."""
        fraction = min(feed.step / feed.steps, 1.0) if feed and feed.steps else 0.0
        tone = STATES[feed.view.state][1] if feed else "muted"
        parts = tuple(part for part in parts_of(feed, time.time()) if part) if feed else ()
        shown = (fraction, tone, parts)
        if shown != (self._fraction, self._tone, self._parts):
            self._fraction, self._tone, self._parts = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = self.get_component_rich_style("progress-line--text")
        names = {"good", "warn", "bad", "muted"}
        done = self.get_component_rich_style(
            f"progress-line--{self._tone if self._tone in names else 'done'}"
        )
        wide = min(max(int(width * _SHARE), _LEAST_BAR), _MOST_BAR)
        segments = [
            Segment(" ", self.rich_style),
            Segment(bar(self._fraction, wide, charset=self._charset), done),
        ]
        room = width - wide - 1
        for part in self._parts:
            if cell_len(part) + len(_GAP) > room:
                break
            segments.append(Segment(_GAP + part, text))
            room -= cell_len(part) + len(_GAP)
        return Strip(segments).adjust_cell_length(width, self.rich_style)


def parts_of(feed: RunFeed, now: float) -> list[str]:
    """Return what is said beside the bar, the weightiest first; empty where it is not known."""
    status = feed.view.status
    epoch = feed.latest("epoch")
    of_epochs = f" of {feed.epochs}" if feed.epochs else ""
    memory = status.memory_bytes if status and feed.view.alive else None
    began = status.started if status and feed.view.alive else 0.0
    newest = feed.checkpoints[-1].step if feed.checkpoints else None
    return [
        f"{100 * min(feed.step / feed.steps, 1.0):.1f} %" if feed.steps else "",
        f"epoch {epoch:.1f}{of_epochs}" if epoch is not None else "",
        f"memory {words.size(memory)}" if memory else "",
        f"checkpoint at {newest:,}" if newest is not None else "",
        f"{words.duration(now - began)} so far" if began and now > began else "",
        safe_text(f"on {feed.host}") if feed.host and feed.view.alive is None else "",
    ]
