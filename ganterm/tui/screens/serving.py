"""A screen that has a process draw for it: requests, and what is done with their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from textual.timer import Timer

from ganterm.runs.serving import Message, Server
from ganterm.tui.base import AppScreen

IDLE_SECONDS: Final = 600.0
"""How long the process is kept while the screen is not seen: it fills some 400 MB."""
_LOOK_SECONDS: Final = 1.0

Then = Callable[[Message], object]


class ServingScreen(AppScreen):
    """Starts the process when something is asked of it, and ends it with the app.

    Attributes:
        server: the process, which may not be there yet, or not any more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self._then: dict[int, Then] = {}
        self._descriptor: int | None = None
        self._idle: Timer | None = None

    def on_mount(self) -> None:
        """Look after the process now and then: it may hang without a word."""
        self.set_interval(_LOOK_SECONDS, self.hear)

    def on_unmount(self) -> None:
        """End the process with the screen."""
        self.end_server()

    def on_screen_suspend(self) -> None:
        """Keep the process a while."""
        self._idle = self.set_timer(IDLE_SECONDS, self.end_server)

    def on_screen_resume(self) -> None:
        """Keep the process."""
        if self._idle is not None:
            self._idle.stop()

    def prepare(self) -> None:
        """Have a process opened that is to be started; what is asked of it then comes after."""
        raise NotImplementedError

    def fail(self, sentence: str) -> None:
        """Tell that an answer is an error, or that there is no process any more."""
        raise NotImplementedError

    def ask(self, do: str, then: Then, **fields: Any) -> None:
        """Send a request; `then` is given every answer to it that is no error.

        Where there is no process, one is prepared, and nothing is asked of it yet. What is opened
        takes the place of what was: no answer of that comes any more.
        """
        if not self.server.running and do != "open":
            self.prepare()
            return
        if do == "open":
            self._then.clear()
        request = self.server.ask(do, **fields)
        if self.server.trouble:
            self._listen()
            self.fail(self.server.trouble)
            return
        self._then[request] = then
        self._listen()

    def hear(self) -> None:
        """Take what has been answered."""
        running = self.server.running
        messages = self.server.poll()
        self._listen()
        died = running and not self.server.running
        if messages or died:
            self.call_next(self._take, messages, died)

    def end_server(self) -> None:
        """End the process; what is asked next starts another one."""
        self._stop_listening()
        self.server.close()
        self._then.clear()

    def _take(self, messages: list[Message], died: bool) -> None:
        for message in messages:
            number = message.get("id")
            then = self._then.get(number) if isinstance(number, int) else None
            if then is None:
                continue
            if not message.get("going"):
                self._then.pop(int(message["id"]), None)
            if error := message.get("error"):
                self.fail(str(error))
            elif not message.get("skipped"):
                then(message)
        if died:
            self._then.clear()
            self.fail(self.server.trouble)

    def _listen(self) -> None:
        """Hear the process as soon as it says something."""
        descriptor = self.server.fileno()
        if descriptor != self._descriptor:
            self._stop_listening()
            self._descriptor = descriptor
            if descriptor is not None:
                asyncio.get_running_loop().add_reader(descriptor, self.hear)

    def _stop_listening(self) -> None:
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = None
