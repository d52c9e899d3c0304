"""How far a task in a process of its own is, in one line."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ganterm.client.tasks import Task, TaskProgress
from ganterm.render import words
from ganterm.render.text import safe_text

_LOOK_SECONDS = 0.2
_BAR = 20
_PADDING = 2


class TaskBar(Static):
    """Follows one task at a time, and says why it failed until that is forgotten.

    Attributes:
        followed: the task. here: what the screen is about; a task about another thing names it.
    """

    DEFAULT_CSS = """
    TaskBar {
        height: auto;
        max-height: 5;
        padding: 0 1;
        color: $accent;
        &.-failed { color: $text-error; background: $surface; }
    }
    """

    @dataclass
    class Ended(Message):
        """A task is over: what it was about, and why it failed, if it did."""

        name: str
        error: str

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self.followed: Task | None = None
        self.here = ""
        self._hint = ""
        self._error = ""
        self._about = ""

    def on_mount(self) -> None:
        self._timer = self.set_interval(_LOOK_SECONDS, self.update_progress, pause=True)

    def on_unmount(self) -> None:
        if self.followed is not None:
            self.followed.cancel()

    @property
    def failed(self) -> bool:
        """Whether it shows why a task failed."""
        return self.has_class("-failed")

    def forget(self) -> None:
        """Hide why a task failed."""
        if self.failed:
            self.remove_class("-failed")
            self.display = False

    def follow(self, task: Task, hint: str = "") -> None:
        """Show a task that has begun; `hint` says how to break it off."""
        self.followed, self._hint, self._about = task, hint, task.name
        self.remove_class("-failed")
        self.display = True
        self._timer.resume()
        self.update_progress()

    def cancel(self) -> None:
        if self.followed is not None:
            self.followed.cancel()
            self.update_progress()

    def update_progress(self) -> None:
        """Show how far the task is; tell when it is over."""
        about = f"{self._about}: " if self.here not in {"", self._about} else ""
        if self.followed is None:
            self.update(Content(safe_text(f"✗ {about}{self._error} Esc hides this.")))
            return
        progress = self.followed.poll()
        self.update(self._said(safe_text(about) + line(progress)))
        if progress.ended:
            self.followed, self._error = None, progress.error
            self._timer.pause()
            self.display = bool(progress.error)
            self.set_class(self.display, "-failed")
            self.post_message(self.Ended(self._about, progress.error))
            self.update_progress()

    def _said(self, words: str) -> Content:
        """Return words, with the hint where both have room in one line."""
        hint = f"   {self._hint}" if self._hint else ""
        room = self.app.size.width - _PADDING
        if cell_len(words + hint) > room:
            return Content(words)
        return Content.assemble(Content(words), Content.styled(hint, "$text-muted"))


def line(progress: TaskProgress) -> str:
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
