"""Two places, and the way between them."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from ganterm.render.tint import Tone
from ganterm.tui.explore.exploration import Exploration, Pick, place_words
from ganterm.tui.widgets.footer import ActionBar
from ganterm.tui.widgets.part_line import Part, PartLine
from ganterm.tui.widgets.picture_grid import PictureGrid
from ganterm.tui.widgets.sliders import SliderRow, Sliders

_ACTIONS: Final = ("pick_a", "pick_b", "next_way", "press", "take")
_WAYS: Final = {"spherical": "arc", "linear": "straight"}


class WalkPanel(Vertical, can_focus=True):
    """The images of A and B, and how far from one to the other one is."""

    DEFAULT_CSS = """
    WalkPanel {
        height: 1fr;
        #ends { height: 1fr; max-height: 16; }
        #ends PictureGrid { margin: 0 1 0 0; }
        #way { height: 1; }
        &:focus #between { background: $panel; }
        &:focus ActionBar { background: $panel; }
    }
    """

    def compose(self) -> ComposeResult:
        """Put the panel together."""
        yield PartLine(id="between")
        with Horizontal(id="ends"):
            yield PictureGrid(id="end-a")
            yield PictureGrid(id="end-b")
        yield Sliders(id="way")
        yield ActionBar("explorer", _ACTIONS)

    def on_mount(self) -> None:
        """Leave the keys to the panel as a whole."""
        self.query_one("#way", Sliders).can_focus = False

    def show(self, exploration: Exploration, tone: Tone) -> None:
        """Show the ends and the way as they stand."""
        classes = exploration.opened.classes if exploration.opened else ()
        for name, pick in (("a", exploration.a), ("b", exploration.b)):
            grid = self.query_one(f"#end-{name}", PictureGrid)
            images = [pick.image] if pick and pick.image else []
            grid.show(
                images,
                tone,
                title=_title(name.upper(), pick, classes),
                words="" if pick else f"{name} picks {name.upper()}",
            )
        both = exploration.a is not None and exploration.b is not None
        layers = exploration.opened.layers if exploration.opened else 0
        crossover = exploration.crossover
        mixes = crossover is not None and bool(layers)
        share = crossover / layers if crossover is not None and layers else exploration.at
        told = f"{crossover} of {layers}" if mixes else f"{exploration.at:.0%}"
        self.query_one("#way", Sliders).show(
            [SliderRow("A to B", 2 * share - 1 if both else None, told, moved=False)], 0
        )
        self.query_one("#between", PartLine).show(
            Part("from A to B" if both else "pick two places", "title", 9),
            Part("styles mixed" if mixes else _WAYS[exploration.way] if both else "", "text", 8),
            Part("shown" if exploration.showing == "walk" else "", "good", 7),
        )


def _title(name: str, pick: Pick | None, classes: tuple[str, ...]) -> str:
    return f"{name}  {place_words(pick.place, classes)}" if pick else name
