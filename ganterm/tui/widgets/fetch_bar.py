"""How far the download of a dataset is, in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ganterm.render import words
from ganterm.render.text import safe_text
from ganterm.runs.fetch import Fetch, FetchProgress

_LOOK_SECONDS = 0.2
_BAR = 20


class Fetching(Protocol):
    """A download under way, as `ganterm.runs.fetch.Fetch` is."""

    name: str

    def poll(self) -> FetchProgress:
        """Return how far it is."""
        ...

    def cancel(self) -> None:
        """Break it off."""
        ...


class FetchBar(Static):
    """Follows one download at a time, and says why it failed until that is forgotten."""

    DEFAULT_CSS = """
    FetchBar {
        height: auto;
        max-height: 5;
        padding: 0 1;
        color: $accent;
        &.-failed { color: $text-error; background: $surface; }
    }
    """

    @dataclass
    class Ended(Message):
        """The download of a dataset is over; `error` says why it failed, if it did."""

        dataset: str
        error: str

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self.download: Fetching | None = None

    def on_mount(self) -> None:
        """Look at the download now and then."""
        self._timer = self.set_interval(_LOOK_SECONDS, self.look, pause=True)

    def on_unmount(self) -> None:
        """Break the download off: it ends with the app in any case."""
        if self.download is not None:
            self.download.cancel()

    @property
    def failed(self) -> bool:
        """Whether it shows why a download failed."""
        return self.has_class("-failed")

    def forget(self) -> None:
        """Hide why a download failed."""
        if self.failed:
            self.remove_class("-failed")
            self.display = False

    def start(self, dataset: str) -> None:
        """Begin to download a dataset."""
        self.follow(Fetch(dataset))

    def follow(self, download: Fetching) -> None:
        """Show a download that has begun."""
        self.download = download
        self.remove_class("-failed")
        self.display = True
        self._timer.resume()
        self.look()

    def cancel(self) -> None:
        """Break the download off."""
        if self.download is not None:
            self.download.cancel()
            self.look()

    def look(self) -> None:
        """Show how far the download is; tell when it is over."""
        if self.download is None:
            return
        progress = self.download.poll()
        self.update(Content(line(progress)))
        if progress.ended:
            name, self.download = self.download.name, None
            self._timer.pause()
            self.display = bool(progress.error)
            self.set_class(self.display, "-failed")
            if progress.error:
                self.update(Content(f"✗ {safe_text(progress.error)} Esc hides this."))
            self.post_message(self.Ended(name, progress.error))


def line(progress: FetchProgress) -> str:
    """Return a bar, an amount and what is being done."""
    what, total = safe_text(progress.what), progress.total
    amount = _amount(progress.done, progress.unit) if progress.done else ""
    if not total:
        return " ".join(filter(None, [f"{what} …", amount]))
    full = min(progress.done * _BAR // total, _BAR)
    share = min(100 * progress.done // total, 100)
    return f"{'━' * full}{'·' * (_BAR - full)} {share:3d} %  {amount}  {what}"


def _amount(count: int, unit: str) -> str:
    return words.size(count) if unit == "bytes" else f"{count:,} {safe_text(unit)}"
