"""Drawing a digit by hand, and seeing the nearest one that the generator makes."""

from __future__ import annotations

import base64
from functools import partial

from textual import on

from ganterm.render.raster import Raster
from ganterm.runs.places import Place
from ganterm.tui.explore.answers import images_of
from ganterm.tui.screens.explorer_panes import Pane
from ganterm.tui.screens.keeping import KeepingScreen
from ganterm.tui.screens.serving import Message
from ganterm.tui.widgets.sketch_pad import SketchPad, SketchPanel


class SketchingScreen(KeepingScreen):
    """A screen with a pad."""

    @property
    def sketch(self) -> SketchPanel:
        """The pad."""
        return self.query_one(SketchPanel)

    @property
    def sketches(self) -> bool:
        """Whether the keys are the pad's, and the image is what is nearest to the sketch."""
        return self.active == "sketch" and not self.alone

    @property
    def shown_image(self) -> Raster | None:
        """The image that is seen: on the pad's pane, what was found."""
        return self.exploration.nearest if self.sketches else super().shown_image

    @property
    def shown_place(self) -> Place | None:
        """The place of that image; None where it is yet to come."""
        return self.exploration.found if self.sketches else super().shown_place

    def go_to(self, pane: Pane) -> None:
        """Show a pane; before the pad, get ready for what will be drawn on it."""
        super().go_to(pane)
        if pane == "sketch" and self.exploration.opened:
            self.ask("prepare", lambda _ready: None)
            self.on_opened()

    def on_opened(self) -> None:
        """Look for what is on the pad, unless that was found here before."""
        here = self.exploration
        if self.sketches and not here.pad.empty and here.pad.ink != here.sought:
            self.search()

    @on(SketchPad.Drawn)
    def search(self) -> None:
        """Look for the image that is nearest to what is drawn; an earlier search ends."""
        here, ink = self.exploration, self.exploration.pad.ink
        if here.opened is None:
            self.draw()
        elif here.pad.empty:
            here.find_nothing()
        else:
            self.ask("sketch", partial(self._find, ink), pixels=base64.b64encode(ink).decode())
        self.show()

    def _find(self, ink: bytes, answer: Message) -> None:
        here, images = self.exploration, images_of(answer)
        if not images or here.pad.empty:
            return
        here.nearest = images[0]
        here.found = Place(vector=str(answer["vector"]), label=answer["label"])
        steps = f"step {answer['step']} of {answer['steps']}"
        going = f", {steps} …" if answer.get("going") else ""
        here.searched = f"error {float(answer['distance']):.4f}{going}"
        here.sought = b"" if going else ink
        self.show()

    def move_pen(self, dx: int, dy: int) -> None:
        """Move the pen by pixels."""
        if self.exploration.pad.move(dx, dy):
            self.search()
        else:
            self.show()

    def press_pen(self) -> None:
        """Lower the pen, or lift it."""
        self.exploration.pad.press()
        self.search()

    def rubber(self) -> None:
        """Let the pen wipe, or draw again."""
        self.exploration.pad.rubber = not self.exploration.pad.rubber
        self.show()

    def clear(self) -> None:
        """Wipe the pad."""
        self.exploration.pad.clear()
        self.search()

    def take_found(self) -> None:
        """Go to the place that was found."""
        if self.exploration.found is None:
            self.app.say("Draw something first.")
            return
        self.exploration.visit(self.exploration.found)
        self.go_to("sliders")
        self.draw()

    def undo(self) -> None:
        """Take the last stroke back; elsewhere, go back to the place before."""
        if not self.sketches:
            super().undo()
        elif self.exploration.pad.undo():
            self.search()
