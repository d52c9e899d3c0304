"""What a person must know about a run at once, in words, with the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widgets import Static

from ganterm.client.feed import RunFeed, offers_of
from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs.state import RunView
from ganterm.tui.lines import folded

SLOW_SECONDS = 10.0
"""How long a living worker may say nothing before a word is said about it."""
_LOG_LINES = 3
_MOST_ROWS, _FEW_ROWS, _TALL = 6, 4, 30
"""Lines that it takes at most, on a tall screen and on others."""
_MORE = " … (4: log)"
"""Where the rest is said."""


@dataclass(frozen=True)
class Notice:
    """A sentence or two, in a tone."""

    text: str
    tone: str = "muted"


class Banner(Static):
    """Hidden unless there is something to say; what is long is told in full by the log."""

    DEFAULT_CSS = """
    Banner {
        height: auto;
        padding: 0 1;
        background: $surface;
        color: $text-muted;
        &.-warn { color: $text-warning; }
        &.-bad { color: $text-error; }
    }
    """

    def __init__(self) -> None:
        super().__init__("")
        self.display = False
        self.notice: Notice | None = None

    def show(self, notice: Notice | None) -> None:
        if notice == self.notice:
            return
        self.notice = notice
        self.display = notice is not None
        if notice is not None:
            self.set_class(notice.tone == "warn", "-warn")
            self.set_class(notice.tone == "bad", "-bad")
            self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        if self.notice is None:
            return
        text = safe_text(self.notice.text, newline=True)
        size = self.app.size
        most = _MOST_ROWS if size.height >= _TALL else _FEW_ROWS
        self.update(Content("\n".join(clipped(text.split("\n"), size.width - 2, most))))


def clipped(paragraphs: Sequence[str], width: int, rows: int) -> list[str]:
    """Return safe text in at most `rows` lines: of the longest paragraphs the beginning alone."""
    laid = [list(folded(each, width, 2)) for each in paragraphs]
    while sum(map(len, laid)) > rows and (longest := max(laid, key=len))[1:]:
        longest.pop()
        room = min(cell_len(longest[-1]), width - len(_MORE))
        longest[-1] = set_cell_size(longest[-1], room).rstrip() + _MORE
    return [line for lines in laid for line in lines]


def notice_of(feed: RunFeed, now: float) -> Notice | None:
    """Return what must be said about a run at the time `now`, seconds since 1970."""
    stated, diagnosed = _state(feed, now), _diagnosis(feed)
    if not diagnosed:
        return stated
    if stated is None:
        return Notice(diagnosed, "warn")
    tone = "bad" if stated.tone == "bad" else "warn"
    return Notice(f"{stated.text}\n{diagnosed}", tone)


def _diagnosis(feed: RunFeed) -> str:
    """Return the trouble that stands and the key that does something about it; may be empty."""
    troubles = feed.troubles
    if not troubles:
        return ""
    more = f" And {len(troubles) - 1} more." if len(troubles) > 1 else ""
    said = f"! {_sentence(troubles[0].message)}{more}"
    offers = offers_of(feed)
    if offers:
        how = "" if offers[0].live else "begins another run: "
        others = f"   H: {len(offers) - 1} more" if len(offers) > 1 else ""
        said += f"\n  h: {how}{offers[0].remedy.label}{others}"
    return said


def _state(feed: RunFeed, now: float) -> Notice | None:
    view = feed.view
    if feed.trouble:
        return Notice(_sentence(feed.trouble), "bad")
    match view.state:
        case "crashed":
            return Notice(_crash(feed), "bad")
        case "failed":
            return Notice(f"{_sentence(view.message or 'it failed')}\nr trains it on.", "bad")
        case "unknown":
            return Notice(_unknown(view, now), "warn")
        case "queued":
            return Notice(f"Queued: {view.message}. r starts it now.", "muted")
        case "new":
            return Notice("No worker has begun with it yet. r starts one.", "muted")
        case "stopped":
            return Notice(f"{_sentence(view.message or 'it was stopped')} r trains it on.")
        case "finished" if view.message:
            return Notice(_sentence(view.message))
        case "running" | "starting" if (silent := silence(view, now)) >= SLOW_SECONDS:
            return Notice(
                f"No word from the worker for {words.duration(silent)}. It is alive: it holds the "
                "run's lock.",
                "muted",
            )
    return None


def silence(view: RunView, now: float) -> float:
    """Return the seconds since a worker was last heard of."""
    return max(now - view.status.updated, 0.0) if view.status else 0.0


def _crash(feed: RunFeed) -> str:
    said = [
        f"The worker died without a word after step {feed.view.step:,}: killed, or out of memory."
    ]
    if feed.log:
        said += [f"  {line}" for line in feed.log[-_LOG_LINES:]]
    else:
        said.append("  It printed nothing.")
    if way := feed.run.restart:
        said.append(f"To go on, {way}.")
    else:
        said.append(
            f"r trains on from its last checkpoint, and so does `ganterm resume {feed.run.word}`."
        )
    return "\n".join(said)


def _unknown(view: RunView, now: float) -> str:
    if view.status is None:
        return f"Its state cannot be told: {_sentence(view.message)}"
    return (
        f"Its worker is on another machine, {view.status.host}, and was last heard of "
        f"{words.duration(silence(view, now))} ago. Whether it lives cannot be told from here."
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
