"""The process that draws for the explorer: calls, what is done with their answers, what those say.

They are read with as little trust as a file.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from textual.timer import Timer

from ganterm.client.rpc import Cancelled, Failure, Helper, Partial, Progress, Reply
from ganterm.core.dataspec import Size
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.tui.base import AppScreen

IDLE_SECONDS: Final = 600.0
"""How long the process is kept while the screen is not seen: it fills some 400 MB."""
_LOOK_SECONDS: Final = 1.0
PATIENCE: Final = 30.0
"""Seconds without a word after which a process that owes an image counts as hung."""
PATIENCE_TO_OPEN: Final = 120.0
"""The same while it loads PyTorch and the generator, which takes long on a busy machine."""

Message = dict[str, Any]
"""What has come of a call: pieces that have `going`, of which some say in `says` what is done, and
the result, which has not."""
Then = Callable[[Message], object]


class DrawingProcess:
    """Is started when something is asked of it, and ends with its screen.

    `prepare` has it opened when it is to be started: what is asked of it then comes after. `fail`
    is told that an answer is an error, or that there is no process any more.

    Attributes:
        server: the process, which may not be there yet, or not any more.
    """

    def __init__(
        self, screen: AppScreen, prepare: Callable[[], None], fail: Callable[[str], None]
    ) -> None:
        self.server = Helper("ganterm.worker.explore", name="The process that draws")
        self._screen, self._prepare, self._fail = screen, prepare, fail
        self._then: dict[int, Then] = {}
        self._newest: dict[str, int] = {}
        self._descriptor: int | None = None
        self._idle: Timer | None = None

    def watch(self) -> None:
        """Look after the process now and then: it may hang without a word."""
        self._screen.set_interval(_LOOK_SECONDS, self.poll)

    def rest(self) -> None:
        """Keep the process a while, though its screen is not seen."""
        self._idle = self._screen.set_timer(IDLE_SECONDS, self.end)

    def wake(self) -> None:
        """Keep the process: its screen is seen again."""
        if self._idle is not None:
            self._idle.stop()

    def ask(self, do: str, then: Then, **fields: Any) -> None:
        """Send a call; `then` is given every piece of what comes of it.

        Where there is no process, one is prepared, and nothing is asked of it yet. A call takes the
        place of one of its kind that waits. What is opened takes the place of what was: nothing of
        that comes any more.
        """
        if not self.server.running and do != "open":
            self._prepare()
            return
        if do == "open":
            self.server.cancel()
            self._then.clear()
        elif (older := self._newest.get(do, 0)) in self._then:
            self.server.cancel(older)
        patience = PATIENCE_TO_OPEN if do == "open" else PATIENCE
        call = self._newest[do] = self.server.call(do, fields, patience=patience)
        self._then[call] = then
        self._listen()
        if not self.server.running:
            self.poll()

    def poll(self) -> None:
        """Take what has been answered."""
        replies = self.server.poll()
        self._listen()
        if replies:
            self._screen.call_next(self.take, replies)

    def end(self) -> None:
        """End the process; what is asked next starts another one."""
        self._stop_listening()
        self.server.close()
        self._then.clear()

    def take(self, replies: list[Reply]) -> None:
        for reply in replies:
            if isinstance(reply, Failure):
                if reply.id is None or self._then.pop(reply.id, None) is not None:
                    self._fail(reply.message)
            elif (then := self._then.get(reply.id)) is None:
                continue
            elif isinstance(reply, Cancelled):
                del self._then[reply.id]
            elif isinstance(reply, Progress):
                amount = f" {reply.done} of {reply.total}" if reply.total else ""
                then({"says": reply.what + amount, "going": True})
            elif isinstance(reply, Partial):
                then({**reply.value, "going": True})
            else:
                del self._then[reply.id]
                then(reply.value)

    def _listen(self) -> None:
        """Hear the process as soon as it says something."""
        descriptor = self.server.fileno()
        if descriptor != self._descriptor:
            self._stop_listening()
            self._descriptor = descriptor
            if descriptor is not None:
                asyncio.get_running_loop().add_reader(descriptor, self.poll)

    def _stop_listening(self) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = None


class Direction(NamedTuple):
    """A direction of the space: its key, and how strong it is among its kind."""

    key: str
    strength: float

    @property
    def number(self) -> str:
        """What it is called: its rank, or the number of the dimension."""
        return self.key[1:]


@dataclass(frozen=True)
class OpenedRun:
    """The generator that is there.

    Attributes:
        step: of its checkpoint. steps: of all checkpoints, rising.
        weights: `ema` or `generator`.
        size: of its images.
        classes: names of the classes it is conditioned on.
        layers: how many of its layers take a style; 0 where none does.
    """

    step: int
    steps: tuple[int, ...]
    weights: str
    size: Size
    classes: tuple[str, ...] = ()
    layers: int = 0

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> OpenedRun:
        """Read the answer to `open`."""
        return cls(
            step=int(answer["step"]),
            steps=tuple(int(step) for step in answer["steps"]),
            weights=str(answer["weights"]),
            size=Size.of(answer["size"]),
            classes=tuple(safe_text(str(name)) for name in answer["classes"]),
            layers=int(answer["layers"]),
        )

    @property
    def words(self) -> str:
        """Which weights it has, of which step."""
        return f"step {self.step:,}, {'averaged' if self.weights == 'ema' else 'plain'} weights"


def directions_of(answer: Mapping[str, Any]) -> tuple[Direction, ...]:
    """Read the directions in the answer to `open` or `directions`."""
    return tuple(Direction(str(key), float(strength)) for key, strength in answer["directions"])


def images_of(answer: Mapping[str, Any]) -> Sequence[Raster]:
    """Read the images of an answer; none where they make no sense."""
    try:
        count, width, height, channels = (
            int(answer[name]) for name in ("count", "width", "height", "channels")
        )
        data = base64.b64decode(answer["pixels"], validate=True)
        size = width * height * channels
        parts = [data[at * size : (at + 1) * size] for at in range(count)]
        return [Raster(width, height, channels, part) for part in parts]
    except (KeyError, TypeError, ValueError, binascii.Error):
        return []
