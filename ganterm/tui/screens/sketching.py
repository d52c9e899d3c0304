"""Drawing a digit by hand, and seeing the nearest one that the generator makes."""

from __future__ import annotations

import base64
from functools import partial

from ganterm.runs.places import LatentPoint
from ganterm.tui.explore.answers import images_of
from ganterm.tui.explore.pad import Pad
from ganterm.tui.screens.exploring import Explorer
from ganterm.tui.screens.serving import Message


class Sketching:
    """Draws on the pad of what is explored, and has the nearest image searched."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer

    @property
    def pad(self) -> Pad:
        """What is drawn."""
        return self._explorer.exploration.pad

    def prepare(self) -> None:
        """Have the search ready before something is drawn."""
        if self._explorer.exploration.opened:
            self._explorer.process.ask("prepare", lambda _ready: None)
            self.resume()

    def resume(self) -> None:
        """Search for what is on the pad, unless that was found in this generator before."""
        here = self._explorer.exploration
        if not here.pad.empty and here.pad.ink != here.sought:
            self.search()

    def search(self) -> None:
        """Search for the image that is nearest to what is drawn; an earlier search ends."""
        here, ink = self._explorer.exploration, self.pad.ink
        if here.opened is None:
            self._explorer.draw()
        elif here.pad.empty:
            here.find_nothing()
        else:
            pixels = base64.b64encode(ink).decode()
            self._explorer.process.ask("sketch", partial(self._found, ink), pixels=pixels)
        self._explorer.show()

    def _found(self, ink: bytes, answer: Message) -> None:
        here, images = self._explorer.exploration, images_of(answer)
        if not images or here.pad.empty:
            return
        here.nearest = images[0]
        here.found = LatentPoint(vector=str(answer["vector"]), label=answer["label"])
        steps = f"step {answer['step']} of {answer['steps']}"
        going = f", {steps} …" if answer.get("going") else ""
        here.searched = f"error {float(answer['distance']):.4f}{going}"
        here.sought = b"" if going else ink
        self._explorer.show()

    def move(self, dx: int, dy: int) -> None:
        """Move the pen by pixels."""
        if self.pad.move(dx, dy):
            self.search()
        else:
            self._explorer.show()

    def press(self) -> None:
        """Lower the pen, or lift it."""
        self.pad.press()
        self.search()

    def turn_pen(self) -> None:
        """Let the pen wipe, or draw again."""
        self.pad.rubber = not self.pad.rubber
        self._explorer.show()

    def clear(self) -> None:
        """Wipe the pad."""
        self.pad.clear()
        self.search()

    def undo(self) -> None:
        """Take the last stroke back."""
        if self.pad.undo():
            self.search()
