"""What terminals answer to questions that nobody here asked, kept from being taken for typing.

An earlier program, a shell's prompt or a multiplexer may have asked; over a slow link the answer
comes when the app has the keyboard. Taken for keys it would do things: `ESC ] 11 ; r g b : ...`
would resume a run, branch it and open the menu.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

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
    """Takes answers out of what comes from a terminal, whatever pieces it comes in."""

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
