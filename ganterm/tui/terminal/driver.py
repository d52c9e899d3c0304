"""Textual's terminal driver without questions, sparing, and with an ear for a terminal's end.

Textual asks the terminal what it can do. Over a slow link the answer may come when the app has
left, and the shell would take it for typing; so nothing is asked here, and what others asked is
not taken for keys. And Textual paints regions; what of them the terminal shows already is not sent
again.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
import selectors
import signal
import termios
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

# The one way to turn what was typed into Textual's events; its drivers use it as well.
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from ganterm.tui.terminal.painter import Painter

LAST_SECONDS: Final = 1.0
"""How long leaving a terminal that hung up may take; then the process just ends."""
_LOOK_SECONDS: Final = 2.0
"""How often the terminal is looked after, for the case that nobody tells of its end."""

_INPUT_SECONDS: Final = 0.1
"""How often it is looked whether keys still count, and whether an Escape stands alone."""

KEYS_SECONDS: Final = 0.3
"""How long `ESC [` and `ESC ]` wait for more; then somebody pressed Alt and a bracket."""
ANSWER_SECONDS: Final = 2.0
"""How long the rest of an answer may take; then it is given up, and what came of it dropped."""

_ANSWER: Final = re.compile(
    # Strings: OSC, DCS, APC, PM and SOS; no keyboard sends them.
    r"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"
    # Private sequences: attributes, modes, the keyboard protocol. Those with `<` are the mouse.
    r"|\x1b\[[?>=][0-9;:]*[ -/]*[@-~]"
    # Device status, terminal parameters, the window and the cursor; F3 has other parameters.
    r"|\x1b\[[0-9;]*[cntxy]"
    r"|\x1b\[(?!1;\d{1,2}R)\d+;\d+R"
)
_BEGUN: Final = re.compile(r"\x1b(?:[\]P_^X][^\x07\x1b]*\x1b?|\[[?>=]?[0-9;:]*[ -/]*)$")


class Answers:
    """Takes out of what is typed what the terminal answers to questions of others.

    An earlier program, a shell's prompt or a multiplexer may have asked; over a slow link the
    answer comes when the app has the keyboard. Taken for keys it would do things:
    `ESC ] 11 ; r g b : ...` would resume a run, branch it and open the menu.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held = ""
        self._since = 0.0

    def without(self, text: str) -> str:
        """Return what was typed; the beginning of what may be an answer is held until its end."""
        if not text:
            return self._given_up()
        kept = _ANSWER.sub("", self._held + text)
        begun = _BEGUN.search(kept)
        self._held = begun[0] if begun else ""
        self._since = self._clock()
        return kept[: begun.start()] if begun else kept

    def _given_up(self) -> str:
        """Return what was held once it has turned out to be keys."""
        waited = self._clock() - self._since
        keys = len(self._held) <= 2
        if not self._held or waited < (KEYS_SECONDS if keys else ANSWER_SECONDS):
            return ""
        held, self._held = self._held, ""
        return held if keys else ""


class QuietDriver(LinuxDriver):
    """Asks the terminal nothing, and ends the app when its terminal has gone.

    Attributes:
        painter: knows what the terminal shows; `forget` makes the next painting a whole one.
    """

    _watched = False

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.painter = Painter()

    def start_application_mode(self) -> None:
        """Take over the terminal; called in the app's event loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            # Not `add_signal_handler`: the loop may be held up by a terminal that takes nothing.
            signal.signal(number, lambda number, _frame: self._leave(loop, number))
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._watch, args=(loop,), daemon=True).start()
        self.painter.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._heed_resizing()

    def stop_application_mode(self) -> None:
        """Give the terminal back, with nothing of the app left on it."""
        # GNU screen, as it comes, has no second screen to go back to.
        self.write("\x1b[H\x1b[2J")
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Send what makes the terminal look as `data` says."""
        if sparing := self.painter.paint(data):
            super().write(sparing)

    def run_input_thread(self) -> None:
        """Read keys and mouse until the app leaves its terminal."""
        parser, answers = XTermParser(self._debug), Answers()
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                data = b""
                if selector.select(_INPUT_SECONDS):
                    try:
                        data = os.read(self.fileno, 1 << 12)
                    except OSError:
                        return  # The terminal has gone; `_watch` sees to that.
                    if not data:
                        return
                typed = answers.without(decode(data))
                for message in (*(parser.feed(typed) if typed else ()), *parser.tick()):
                    self.process_message(message)

    def _heed_resizing(self) -> None:
        """Know nothing of a terminal that moved its lines about to fit another size."""
        told = signal.getsignal(signal.SIGWINCH)

        def heed(number: int, frame: FrameType | None) -> None:
            self.painter.forget()
            if callable(told):
                told(number, frame)

        signal.signal(signal.SIGWINCH, heed)

    @property
    def backlog(self) -> int:
        """How many paintings wait for a terminal that is slower than the app."""
        writer = self._writer_thread
        return writer._queue.qsize() if writer is not None else 0

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        while not threading.Event().wait(_LOOK_SECONDS):
            try:
                termios.tcgetattr(self.fileno)
            except termios.error:
                self._leave(loop, signal.SIGHUP)
                return

    def _leave(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        # Whatever the last words to a dead terminal wait for, the end comes.
        watchdog = threading.Timer(LAST_SECONDS, os._exit, [128 + number])
        watchdog.daemon = True
        watchdog.start()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: self._app.exit(return_code=128 + number))

    def _request_terminal_sync_mode_support(self) -> None:
        pass

    def _query_in_band_window_resize(self) -> None:
        pass
