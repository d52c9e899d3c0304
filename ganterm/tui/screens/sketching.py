"""Drawing a digit by hand, and seeing the nearest one that the generator makes."""

from __future__ import annotations

import base64

from textual import on

from ganterm.render.raster import Raster
from ganterm.runs.places import Place
from ganterm.runs.serving import Message
from ganterm.tui.explore.answers import images_of
from ganterm.tui.screens.explorer_panes import Pane
from ganterm.tui.screens.keeping import KeepingScreen
from ganterm.tui.widgets.sketch_pad import SketchPad, SketchPanel


class SketchingScreen(KeepingScreen):
    """A screen with a pad.

    Attributes:
        nearest: the image that was found. found: the place that it is of.
    """

    def __init__(self) -> None:
        super().__init__()
        self.nearest: Raster | None = None
        self.found: Place | None = None
        self.searched = ""

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
        return self.nearest if self.sketches else super().shown_image

    @property
    def shown_place(self) -> Place | None:
        """The place of that image; None where it is yet to come."""
        return self.found if self.sketches else super().shown_place

    def go_to(self, pane: Pane) -> None:
        """Show a pane; before the pad, get ready for what will be drawn on it."""
        super().go_to(pane)
        if pane == "sketch" and self.exploration.opened:
            self.ask("prepare", lambda _ready: None)

    @on(SketchPad.Drawn)
    def search(self) -> None:
        """Look for the image that is nearest to what is drawn; an earlier search ends."""
        pad = self.sketch.pad
        if self.exploration.opened is None:
            self.draw()
        elif pad.empty:
            self.nearest, self.found, self.searched = None, None, ""
        else:
            self.ask("sketch", self._find, pixels=base64.b64encode(pad.ink).decode())
        self.show()

    def _find(self, answer: Message) -> None:
        images = images_of(answer)
        if not images:
            return
        self.nearest = images[0]
        self.found = Place(vector=str(answer["vector"]), label=answer["label"])
        steps = f"step {answer['step']} of {answer['steps']}"
        going = f", {steps} …" if answer.get("going") else ""
        self.searched = f"error {float(answer['distance']):.4f}{going}"
        self.show()

    def move_pen(self, dx: int, dy: int) -> None:
        """Move the pen by pixels."""
        if self.sketch.pad.move(dx, dy):
            self.search()
        else:
            self.show()

    def press_pen(self) -> None:
        """Lower the pen, or lift it."""
        self.sketch.pad.press()
        self.search()

    def action_rubber(self) -> None:
        """Let the pen wipe, or draw again."""
        self.sketch.pad.rubber = not self.sketch.pad.rubber
        self.show()

    def action_clear(self) -> None:
        """Wipe the pad."""
        self.sketch.pad.clear()
        self.search()

    def take_found(self) -> None:
        """Go to the place that was found."""
        if self.found is None:
            self.ganterm.say("Draw something first.")
            return
        self.exploration.visit(self.found)
        self.go_to("sliders")
        self.draw()

    def action_undo(self) -> None:
        """Take the last stroke back; elsewhere, go back to the place before."""
        if not self.sketches:
            super().action_undo()
        elif self.sketch.pad.undo():
            self.search()
