"""The latent space of a generator: an image as large as it goes, and what moves it."""

from __future__ import annotations

from typing import Final, Literal, get_args

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from ganterm.render.colour import Charset, ColourMode
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.runs.layout import RunDir
from ganterm.runs.places import LatentPoint
from ganterm.tui.actions import Action
from ganterm.tui.explore.exploration import SPAN, Exploration, scene_words
from ganterm.tui.screens.explorer_tools import Bookmarks, Sketching, Walking
from ganterm.tui.screens.exploring import ExplorerController
from ganterm.tui.screens.panes import PanedScreen
from ganterm.tui.widgets.explorer_panels import PlaceList, SketchPad, SketchPanel, WalkPanel
from ganterm.tui.widgets.footer import ActionFooter
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.sliders import Sliders, rows_of
from ganterm.tui.widgets.toned import ChoiceLine, Header, LinePart, PartLine

Pane = Literal["sliders", "walk", "places", "sketch"]
PANES: Final[tuple[Pane, ...]] = get_args(Pane)
_WIDE_COLUMNS, _WIDE_ROWS = 150, 40
"""The least screen that has room for everything."""
_STRIP_COLUMNS, _STRIP_ROWS = 100, 36
"""The least that has room for the strip below."""
_SIDE_COLUMNS: Final = 46
_LEAST_STRIP, _MOST_STRIP = 7, 11
"""Rows of the strip with its title."""
_AROUND: Final = 4
"""Rows above and below the body."""
_FAMILIES: Final = {"f": "from the weights (SeFa)", "d": "single dimensions"}
_ON_THE_PAD: Final = {"press": "pen", "delete": "wipe"}


class ExplorerScreen(PanedScreen[Pane]):
    """What the generator of the run that is watched can make.

    A big image stands beside one pane of four, or beside all of them where there is room.
    """

    SCOPE = "explorer"
    CSS_PATH = "explorer.tcss"
    AUTO_FOCUS = "#sliders"
    panes = PANES
    PANE_WORDS = ("1 sliders", "2 A to B", "3 places", "4 sketch")

    sliders = getters.query_one("#sliders", Sliders)
    places = getters.query_one(PlaceList)
    sketch = getters.query_one(SketchPanel)

    def __init__(self) -> None:
        super().__init__()
        self.explorer = ExplorerController(
            self,
            show=self.show,
            divide=self.divide,
            has_strip=lambda: bool(self.query_one("#strip").display),
            seen=lambda: (self.shown_place, self.shown_image),
            opened=lambda: self.sketching.resume() if self.sketches else None,
        )
        self.walking = Walking(self, self.explorer)
        self.bookmarks = Bookmarks(self, self.explorer)
        self.sketching = Sketching(self, self.explorer)
        self._offered: tuple[object, ...] = ()

    @property
    def exploration(self) -> Exploration:
        return self.explorer.exploration

    def compose(self) -> ComposeResult:
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

    def on_mount(self) -> None:
        self.app.watched_signal.subscribe(self, self._turn_to)
        self.explorer.process.watch()

    def on_unmount(self) -> None:
        self.explorer.process.end()

    def on_screen_resume(self) -> None:
        self.explorer.process.wake()
        self._turn_to()

    def on_screen_suspend(self) -> None:
        self.walking.stop()
        self.explorer.process.rest()

    def _turn_to(self, _run: RunDir | None = None) -> None:
        """Explore the run that is watched; it may be another one than before."""
        if self.is_seen and self.app.watched is not None:
            before = self.exploration
            self.explorer.explore(self.app.watched)
            if self.exploration is not before:
                self.bookmarks.read()
        self.show()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        super().on_descendant_focus(event)
        if self.sketches:
            self.walking.stop()
        self.show()

    # What is seen

    @property
    def sketches(self) -> bool:
        """Whether the keys are the pad's, and the image is what is nearest to the sketch."""
        return self.active == "sketch" and not self.alone

    @property
    def shown_image(self) -> Raster | None:
        """The image that is seen: on the pad's pane, what was found."""
        return self.exploration.nearest if self.sketches else self.exploration.image

    @property
    def shown_place(self) -> LatentPoint | None:
        """The place of that image; None where it is yet to come."""
        return self.exploration.found if self.sketches else self.exploration.drawn_place

    def divide(self) -> None:
        width, height = self.size
        lines = [self.query_one(f"#{name}") for name in ("classes", "trouble")]
        rows = height - _AROUND - sum(bool(line.display) for line in lines)
        wide = not self.alone and width >= _WIDE_COLUMNS and height >= _WIDE_ROWS
        strip = not self.alone and width >= _STRIP_COLUMNS and height >= _STRIP_ROWS
        strip = strip and not self._in_characters and (wide or self.active != "sketch")
        below = strip and not wide
        picture = self._picture_width(rows - (_LEAST_STRIP if below else 0), width)
        # What the picture, which is enlarged by whole numbers, leaves of the height.
        left = min(max(rows - (picture - 2) // 2, _LEAST_STRIP), _MOST_STRIP)
        body = self.query_one("#body")
        layout = "-alone" if self.alone else "-wide" if wide else "-strip" if strip else "-plain"
        body.set_classes(layout)
        if wide:
            body.styles.grid_columns = f"{picture} 1fr {_SIDE_COLUMNS}"
            body.styles.grid_rows = f"1fr 1fr {_MOST_STRIP}"
        else:
            body.styles.grid_columns = "1fr" if self.alone else f"{picture} 1fr"
            body.styles.grid_rows = f"1fr {left}" if below else "1fr"
        self.query_one("#strip").display = strip
        # Sliders and sketch take turns in one place.
        turned = {"sliders" if self.active == "sketch" else "sketch"}
        seen = {*PANES} - turned if wide else {self.active}
        for pane in PANES:
            self.query_one(f"#{pane}").display = not self.alone and pane in seen
        self.name_panes()
        self._show_body()
        if not self.exploration.trouble:
            self.explorer.draw_strip()

    @property
    def _in_characters(self) -> bool:
        """Whether characters stand for brightness: so small an image cannot be read then."""
        canvas = self.app.options.canvas
        return canvas.charset is Charset.ASCII or canvas.colour is ColourMode.NONE

    def _picture_width(self, rows: int, width: int) -> int:
        """Return the cells that the image takes: it is enlarged by whole numbers."""
        opened = self.exploration.opened
        height, wide = opened.size if opened else (28, 28)
        room = min(2 * rows * wide // height, width // 2)
        return (room // wide * wide if room >= wide else room) + 2

    def show(self) -> None:
        """Show everything as it stands; what has not changed is not painted."""
        if not self.is_mounted:
            return
        self._show_header()
        self._show_place()
        if self._show_lines():
            self.divide()
        else:
            self._show_body()
        here = self.exploration
        offered = (
            *(self.active, here.showing, here.trail.can_undo, here.trail.can_redo),
            *(bool(here.kept), here.opened),
        )
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _show_body(self) -> None:
        """Show the images, and what is seen beside them; nobody waits for the rest."""
        here, tone = self.exploration, self.explorer.tone
        if self.sliders.display:
            self.sliders.show(rows_of(here), here.chosen)
        if self.places.display:
            self.places.show(self.bookmarks.rows)
        walk = self.query_one(WalkPanel)
        if walk.display:
            walk.show(here, tone)
        if self.sketch.display:
            self.sketch.show(here.pad, tone, here.searched)
        image = self.shown_image
        waiting = "draw something" if self.sketches else f"{here.saying or 'nothing yet'} …"
        self.query_one("#picture", PictureGrid).show(
            [image] if image else [], tone, words="" if here.trouble else waiting
        )
        strip = self.query_one("#strip", PictureGrid)
        if strip.display:
            direction = here.direction
            title = f"direction {direction.number}: " if direction else ""
            title = f"{title}-{SPAN:g} to {SPAN:g}"
            title = "from A to B" if here.showing == "walk" else title
            strip.show(here.strip, tone, title=title)

    def _show_header(self) -> None:
        here, opened = self.exploration, self.exploration.opened
        self.query_one(Header).show(
            LinePart(here.run.name if here.run else "", "title", 9),
            LinePart("explored", "text", 8),
            LinePart(opened.words if opened else "", "text", 7),
            LinePart(f"{here.saying} …" if here.saying else "", "warn", 6),
            LinePart(f"directions {_FAMILIES[here.family]}" if opened else "", "muted", 2),
        )

    def _show_place(self) -> None:
        here, trail = self.exploration, self.exploration.trail
        classes = here.opened.classes if here.opened else ()
        seen = "nearest to the sketch" if self.sketches else scene_words(here.scene, classes)
        count = len(trail.places)
        self.query_one("#place", PartLine).show(
            LinePart(seen, "title", 9),
            LinePart(f"{trail.at + 1} of {count}" if count > 1 else "", "muted", 4),
            LinePart("playing" if self.walking.plays else "", "good", 5),
            LinePart(self.explorer.tone.words, "muted", 3),
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

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        here, sketch = self.exploration, self.active == "sketch"
        can = {
            "rubber": sketch,
            "undo": sketch or here.trail.can_undo,
            "redo": here.trail.can_redo,
            "next_class": bool(here.opened and here.opened.classes),
            "previous_class": bool(here.opened and here.opened.classes),
            "delete": sketch or bool(here.kept),
            "take": self.active != "sliders" or here.showing == "walk",
        }
        return True if can.get(action, True) else None

    def called(self, action: Action) -> str:
        """Call what a key does on the pad by its name there."""
        return (_ON_THE_PAD if self.sketches else {}).get(action.id, super().called(action))

    def go_to(self, pane: Pane) -> None:
        self.alone = False
        super().go_to(pane)
        if pane == "sketch":
            self.sketching.prepare()

    @on(SketchPad.Drawn)
    def _search(self) -> None:
        self.sketching.search()

    @on(Sliders.Moved, "#sliders")
    def _slide(self, event: Sliders.Moved) -> None:
        self.explorer.slide(event.index, event.value)

    @on(Sliders.Turned, "#sliders")
    def _nudge(self, event: Sliders.Turned) -> None:
        self.explorer.turn(event.index, event.by)

    @on(Sliders.Moved, "#way")
    def _walk_to(self, event: Sliders.Moved) -> None:
        self.walking.walk_to((event.value + 1) / 2)

    @on(Sliders.Turned, "#way")
    def _walk_on(self, event: Sliders.Turned) -> None:
        if event.by:
            self.walking.walk(event.by)

    @on(ChoiceLine.Chosen, "#classes")
    def _choose_class(self, event: ChoiceLine.Chosen) -> None:
        self.explorer.turn_class(event.index - (self.exploration.place.label or 0))

    @on(PlaceList.Opened)
    def _open_place(self) -> None:
        self.bookmarks.open_chosen()

    def vertically(self, by: int) -> None:
        if self.sketches:
            self.sketching.move(0, by)
        elif self.active == "places":
            self.places.move(by)
        elif self.active == "walk":
            self.walking.next_way()
        else:
            self.explorer.choose(by)

    def sideways(self, by: int, far: bool = False) -> None:
        self.walking.stop()
        if self.sketches:
            self.sketching.move(by * (4 if far else 1), 0)
        elif self.active == "walk":
            self.walking.walk(by, far=far)
        else:
            self.explorer.nudge(by, far=far)

    def press(self) -> None:
        """Lower the pen or lift it; elsewhere, play the walk or stop it."""
        if self.sketches:
            self.sketching.press()
        else:
            self.walking.play()
        self.show()

    def delete(self) -> None:
        """Wipe the pad; elsewhere, delete the bookmark chosen."""
        if self.sketches:
            self.sketching.clear()
        else:
            self.bookmarks.delete()

    def undo(self) -> None:
        """Take the last stroke back; elsewhere, go back to the place before."""
        if self.sketches:
            self.sketching.undo()
        else:
            self.explorer.undo()

    def take(self) -> None:
        """Go to what is shown: the place chosen, the one on the way, or the one found."""
        if self.active == "places":
            self.bookmarks.open_chosen()
        elif self.sketches and self.exploration.found is None:
            self.app.say("Draw something first.")
        elif (self.sketches or self.exploration.showing == "walk") and (place := self.shown_place):
            self.walking.stop()
            self.exploration.visit(place)
            self.go_to("sliders")
            self.explorer.draw()

    def watch_run(self) -> None:
        if self.exploration.run is not None:
            self.app.watch_run(self.exploration.run)

    def leave(self) -> None:
        """Go one step back: from the trouble, the walk, to the sliders, to where one came from."""
        if self.exploration.trouble:
            self.exploration.trouble = ""
            self.show()
        elif self.exploration.showing == "walk":
            self.walking.stop()
            self.exploration.showing = "place"
            self.explorer.draw()
        elif self.alone:
            self.toggle_alone()
        elif self.active != PANES[0]:
            self.go_to(PANES[0])
        else:
            self.app.go_back()
