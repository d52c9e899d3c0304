"""The space behind a generator: an image as large as it goes, and what moves it."""

from __future__ import annotations

from typing import Final

from textual import events, on

from ganterm.runs.layout import RunDir
from ganterm.tui.actions import Action
from ganterm.tui.screens.explorer_panes import PANES
from ganterm.tui.screens.explorer_view import ExplorerView
from ganterm.tui.widgets.choice_line import ChoiceLine

_ON_THE_PAD: Final = {"press": "pen", "delete": "wipe"}


class ExplorerScreen(ExplorerView):
    """What the generator of the run that is watched can make."""

    SCOPE = "explorer"
    CSS_PATH = "explorer.tcss"
    AUTO_FOCUS = "#sliders"

    def on_screen_resume(self) -> None:
        """Explore the run that is watched; it may be another one than before."""
        super().on_screen_resume()
        self._turn_to()

    def on_mount(self) -> None:
        """Follow the run that is watched."""
        self.app.watched_signal.subscribe(self, self._turn_to)

    def _turn_to(self, _run: RunDir | None = None) -> None:
        if self.is_seen and self.app.watched is not None:
            self.explore(self.app.watched)
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

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if not self.is_mounted:
            return True
        here = self.exploration
        if action == "rubber":
            return True if self.active == "sketch" else None
        if action == "undo":
            return True if self.active == "sketch" or here.trail.can_undo else None
        if action == "redo":
            return True if here.trail.can_redo else None
        if action in {"next_class", "previous_class"}:
            return True if here.opened and here.opened.classes else None
        if action == "delete":
            return True if self.active == "sketch" or here.kept else None
        if action == "take":
            return True if self.active != "sliders" or here.showing == "walk" else None
        return True

    def called(self, action: Action) -> str:
        """Call what a key does on the pad by its name there."""
        return (_ON_THE_PAD if self.sketches else {}).get(action.id, super().called(action))

    @on(ChoiceLine.Chosen, "#classes")
    def _choose_class(self, event: ChoiceLine.Chosen) -> None:
        self.exploration.turn_class(event.index - (self.exploration.place.label or 0))
        self.draw()

    def vertically(self, by: int) -> None:
        if self.sketches:
            self.move_pen(0, by)
        elif self.active == "places":
            self.places.move(by)
        elif self.active == "walk":
            self.next_way()
        else:
            self.choose(by)

    def sideways(self, by: int, far: bool = False) -> None:
        self.stop_playing()
        if self.sketches:
            self.move_pen(by * (4 if far else 1), 0)
        elif self.active == "walk":
            self.walk(by, far=far)
        else:
            self.nudge(by, far=far)

    def press(self) -> None:
        """Lower the pen or lift it; elsewhere, play the walk or stop it."""
        if self.sketches:
            self.press_pen()
        else:
            self.play()
        self.show()

    def delete(self) -> None:
        """Wipe the pad; elsewhere, delete the bookmark chosen."""
        if self.sketches:
            self.clear()
        else:
            self.forget()

    def take(self) -> None:
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

    def open_run(self) -> None:
        """Watch the run as it trains, or as it did."""
        if self.exploration.run is not None:
            self.app.watch_run(self.exploration.run)

    def leave(self) -> None:
        """Go one step back: from the trouble, the walk, to the sliders, to where one came from."""
        if self.exploration.trouble:
            self.exploration.trouble = ""
            self.show()
        elif self.exploration.showing == "walk":
            self.stop_playing()
            self.exploration.showing = "place"
            self.draw()
        elif self.alone:
            self.toggle_alone()
        elif self.active != PANES[0]:
            self.go_to(PANES[0])
        else:
            self.app.go_back()
