"""The space behind a generator: an image as large as it goes, and what moves it."""

from __future__ import annotations

from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from ganterm.render.text import safe_text
from ganterm.tui.actions import bindings
from ganterm.tui.explore.exploration import SPAN
from ganterm.tui.explore.words import scene_words
from ganterm.tui.screens.explorer_panes import PANES
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


class ExplorerScreen(SketchingScreen):
    """What the generator of the run that is watched can make."""

    SCOPE = "explorer"
    BINDINGS = bindings("explorer")
    CSS_PATH = "explorer.tcss"
    AUTO_FOCUS = "#sliders"

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

    def on_screen_resume(self) -> None:
        """Explore the run that is watched; it may be another one than before."""
        super().on_screen_resume()
        if self.ganterm.watched is not None:
            self.explore(self.ganterm.watched)
        self.show()

    def on_screen_suspend(self) -> None:
        """Let nothing move that is not seen."""
        self.stop_playing()
        super().on_screen_suspend()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus, and show what belongs to the pane."""
        super().on_descendant_focus(event)
        if self.sketches:
            self.stop_playing()
        self.show()

    # What it shows

    def show(self) -> None:
        """Show everything as it stands; what has not changed is not painted."""
        if not self.is_mounted:
            return
        self._show_words()
        here, opened = self.exploration, self.exploration.opened
        rows = [
            SliderRow(
                direction.number,
                None if value is None else value / SPAN,
                "" if value is None else f"{value:+.2f}",
                moved=here.place.at(direction.key) is not None,
            )
            for direction in here.directions
            for value in (here.value(direction),)
        ]
        self.sliders.show(rows, here.chosen)
        self.places.show(self.rows)
        self.query_one(WalkPanel).show(here, self.tone)
        if opened:
            self.sketch.begin(opened.side)
        self.sketch.show(self.tone, self.searched)
        self._show_images()
        self.refresh_bindings()

    def _show_images(self) -> None:
        image = self.nearest if self.sketches else self.image
        waiting = "draw something" if self.sketches else f"{self.saying or 'nothing yet'} …"
        self.query_one("#picture", PictureGrid).show(
            [image] if image else [], self.tone, words="" if self.trouble else waiting
        )
        direction = self.exploration.direction
        if self.exploration.showing == "walk":
            title = "from A to B"
        else:
            number = direction.number if direction else ""
            title = f"direction {number}: -{SPAN:g} to {SPAN:g}"
        self.query_one("#strip", PictureGrid).show(self.strip, self.tone, title=title)

    def _show_words(self) -> None:
        here, opened = self.exploration, self.exploration.opened
        name = self._run.name if self._run else ""
        busy = f"{self.saying} …" if self.saying else ""
        self.query_one(Header).show(
            Part(name, "title", 9),
            Part("explored", "text", 8),
            Part(opened.words if opened else "", "text", 7),
            Part(busy, "warn", 6),
            Part(f"directions {_FAMILIES[here.family]}" if opened else "", "muted", 2),
        )
        classes = opened.classes if opened else ()
        trail = here.trail
        sketching = self.sketches
        self.query_one("#place", PartLine).show(
            Part(
                "nearest to the sketch" if sketching else scene_words(here.scene, classes),
                "title",
                9,
            ),
            Part(
                f"{trail.at + 1} of {len(trail.places)}" if len(trail.places) > 1 else "",
                "muted",
                4,
            ),
            Part("playing" if self.plays else "", "good", 5),
            Part(self.tone.words, "muted", 3),
        )
        line = self.query_one("#classes", ChoiceLine)
        changed = line.display != bool(classes)
        line.display = bool(classes)
        line.show(classes, here.place.label or 0, "k next class")
        trouble = self.query_one("#trouble", Static)
        changed = changed or trouble.display != bool(self.trouble)
        trouble.display = bool(self.trouble)
        trouble.update(Content(f"✗ {safe_text(self.trouble)} Any change tries again."))
        if changed:
            self.divide()

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if not self.is_mounted:
            return True
        here = self.exploration
        if action in {"rubber", "clear"}:
            return True if self.active == "sketch" else None
        if action == "undo":
            return True if self.active == "sketch" or here.trail.can_undo else None
        if action == "redo":
            return True if here.trail.can_redo else None
        if action in {"next_class", "previous_class"}:
            return True if here.opened and here.opened.classes else None
        if action == "forget":
            return True if self.kept else None
        if action == "take":
            return True if self.active != "sliders" or here.showing == "walk" else None
        return True

    @on(ChoiceLine.Chosen, "#classes")
    def _choose_class(self, event: ChoiceLine.Chosen) -> None:
        self.exploration.turn_class(event.index - (self.exploration.place.label or 0))
        self.draw()

    def _vertically(self, by: int) -> None:
        if self.sketches:
            self.move_pen(0, by)
        elif self.active == "places":
            self.places.move(by)
        elif self.active == "walk":
            self.action_next_way()
        else:
            self.choose(by)

    def _sideways(self, by: int, *, far: bool = False) -> None:
        self.stop_playing()
        if self.sketches:
            self.move_pen(by * (4 if far else 1), 0)
        elif self.active == "walk":
            self.walk(by, far=far)
        else:
            self.nudge(by, far=far)

    def action_up(self) -> None:
        """Choose what is above; in the sketch, move the pen."""
        self._vertically(-1)

    def action_down(self) -> None:
        """Choose what is below; in the sketch, move the pen."""
        self._vertically(1)

    def action_less(self) -> None:
        """Move the slider or the pen to the left."""
        self._sideways(-1)

    def action_more(self) -> None:
        """Move the slider or the pen to the right."""
        self._sideways(1)

    def action_much_less(self) -> None:
        """Move it far to the left."""
        self._sideways(-1, far=True)

    def action_much_more(self) -> None:
        """Move it far to the right."""
        self._sideways(1, far=True)

    def action_press(self) -> None:
        """Lower the pen or lift it; elsewhere, play the walk or stop it."""
        if self.sketches:
            self.press_pen()
        else:
            self.play()
        self.show()

    def action_take(self) -> None:
        """Go to what is shown: the place chosen, the one on the way, or the one found."""
        if self.sketches:
            self.take_found()
        elif self.active == "places":
            self.open_chosen()
        elif self.exploration.showing == "walk" and (place := self.shown_place):
            self.stop_playing()
            self.exploration.visit(place)
            self.go_to("sliders")
            self.draw()

    # Leaving

    def action_watch(self) -> None:
        """Watch the run as it trains, or as it did."""
        if self._run is not None:
            self.ganterm.watch_run(self._run)

    def action_leave(self) -> None:
        """Go one step back: from the trouble, the walk, to the sliders, to where one came from."""
        if self.trouble:
            self.trouble = ""
            self.show()
        elif self.exploration.showing == "walk":
            self.stop_playing()
            self.exploration.showing = "place"
            self.draw()
        elif self.alone:
            self.action_alone()
        elif self.active != PANES[0]:
            self.go_to(PANES[0])
        else:
            self.ganterm.leave_explorer()
