"""What the explorer's screen shows: the image, the words above it, the panes beside it."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from ganterm.render.text import safe_text
from ganterm.tui.explore.exploration import SPAN
from ganterm.tui.explore.words import scene_words
from ganterm.tui.screens.sketching import SketchingScreen
from ganterm.tui.widgets.choice_line import ChoiceLine
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.header import Header, Part
from ganterm.tui.widgets.part_line import PartLine
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.place_list import PlaceList
from ganterm.tui.widgets.sketch_pad import SketchPanel
from ganterm.tui.widgets.sliders import SliderRow, Sliders
from ganterm.tui.widgets.walk_panel import WalkPanel

_FAMILIES: Final = {"f": "from the weights (SeFa)", "d": "single dimensions"}


class ExplorerView(SketchingScreen):
    """The widgets of the screen, and what they show of what was chosen and drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header()
        yield PartLine(id="place")
        yield Static("", id="trouble")
        yield ChoiceLine(id="classes")
        yield ChoiceLine(id="panes")
        with Container(id="body"):
            yield PictureGrid(id="picture")
            yield Sliders(id="sliders")
            yield SketchPanel(id="sketch")
            yield WalkPanel(id="walk")
            yield PlaceList(id="places")
            yield PictureGrid(id="strip")
        yield ActionFooter("explorer")

    def divide(self) -> None:
        """Show what there is room for, as it stands."""
        super().divide()
        self._show_panes()

    def show(self) -> None:
        """Show everything as it stands; what has not changed is not painted."""
        if not self.is_mounted:
            return
        self._show_header()
        self._show_place()
        if self._show_lines():
            self.divide()
        else:
            self._show_panes()
        self._show_images()
        here = self.exploration
        offered = (
            *(self.active, here.showing, here.trail.can_undo, here.trail.can_redo),
            *(bool(here.kept), here.opened),
        )
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _show_panes(self) -> None:
        """Show what is seen beside the image; nobody waits for the rest."""
        here = self.exploration
        if self.sliders.display:
            self.sliders.show(self._slider_rows(), here.chosen)
        if self.places.display:
            self.places.show(self.rows)
        walk = self.query_one(WalkPanel)
        if walk.display:
            walk.show(here, self.tone)
        if self.sketch.display:
            self.sketch.show(here.pad, self.tone, here.searched)

    def _slider_rows(self) -> list[SliderRow]:
        here = self.exploration
        return [
            SliderRow(
                direction.number,
                None if value is None else value / SPAN,
                "" if value is None else f"{value:+.2f}",
                moved=here.place.at(direction.key) is not None,
            )
            for direction in here.directions
            for value in (here.value(direction),)
        ]

    def _show_images(self) -> None:
        here, image = self.exploration, self.shown_image
        waiting = "draw something" if self.sketches else f"{here.saying or 'nothing yet'} …"
        self.query_one("#picture", PictureGrid).show(
            [image] if image else [], self.tone, words="" if here.trouble else waiting
        )
        if self.has_strip:
            direction = here.direction
            title = f"direction {direction.number}: " if direction else ""
            title = f"{title}-{SPAN:g} to {SPAN:g}"
            title = "from A to B" if here.showing == "walk" else title
            self.query_one("#strip", PictureGrid).show(here.strip, self.tone, title=title)

    def _show_header(self) -> None:
        here, opened = self.exploration, self.exploration.opened
        self.query_one(Header).show(
            Part(here.run.name if here.run else "", "title", 9),
            Part("explored", "text", 8),
            Part(opened.words if opened else "", "text", 7),
            Part(f"{here.saying} …" if here.saying else "", "warn", 6),
            Part(f"directions {_FAMILIES[here.family]}" if opened else "", "muted", 2),
        )

    def _show_place(self) -> None:
        here, trail = self.exploration, self.exploration.trail
        classes = here.opened.classes if here.opened else ()
        seen = "nearest to the sketch" if self.sketches else scene_words(here.scene, classes)
        count = len(trail.places)
        self.query_one("#place", PartLine).show(
            Part(seen, "title", 9),
            Part(f"{trail.at + 1} of {count}" if count > 1 else "", "muted", 4),
            Part("playing" if self.plays else "", "good", 5),
            Part(self.tone.words, "muted", 3),
        )

    def _show_lines(self) -> bool:
        """Show the lines that are there at times alone; tell whether their number changed."""
        here = self.exploration
        classes = here.opened.classes if here.opened else ()
        line, trouble = self.query_one("#classes", ChoiceLine), self.query_one("#trouble", Static)
        before = (line.display, trouble.display)
        line.display, trouble.display = bool(classes), bool(here.trouble)
        line.show(classes, here.place.label or 0, "n next class")
        if here.trouble:
            trouble.update(Content(f"✗ {safe_text(here.trouble)} Any change tries again."))
        return before != (line.display, trouble.display)
