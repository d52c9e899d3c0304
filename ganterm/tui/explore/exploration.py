"""Where one stands in the space behind a generator, and what the big image shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from ganterm.render.raster import Raster
from ganterm.render.text import safe_text
from ganterm.runs.bookmarks import Bookmark
from ganterm.runs.layout import RunDir
from ganterm.runs.places import MAX_TRUNCATION, WAYS, LatentPoint, Mix, Scene, Walk, Way
from ganterm.tui.explore.pad import Pad
from ganterm.tui.explore.process import Direction, OpenedRun

KEPT: Final = 500


class Trail:
    """Places in the order of their visits; one of them is where one is."""

    def __init__(self, first: LatentPoint) -> None:
        self._places = [first]
        self._at = 0
        self._doing = ""

    @property
    def place(self) -> LatentPoint:
        """Where one is."""
        return self._places[self._at]

    @property
    def places(self) -> tuple[LatentPoint, ...]:
        """All of them, the first first."""
        return tuple(self._places)

    @property
    def at(self) -> int:
        """Which of them one is at."""
        return self._at

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at < len(self._places) - 1

    def visit(self, place: LatentPoint, doing: str = "") -> None:
        """Go to a place; what came after the present one is forgotten.

        Steps of one and the same `doing`, as of one slider, become one place.
        """
        if place == self.place:
            return
        kept = self._places[: self._at + 1]
        if doing and doing == self._doing and len(kept) > 1:
            kept = kept[:-1]
        self._places = [*kept, place][-KEPT:]
        self._at = len(self._places) - 1
        self._doing = doing

    def undo(self) -> bool:
        """Go to the place before; tell whether there was one."""
        return self.go(self._at - 1)

    def redo(self) -> bool:
        """Go to the place after; tell whether there was one."""
        return self.go(self._at + 1)

    def go(self, at: int) -> bool:
        """Go to a place by its number; tell whether there is such a one."""
        if not 0 <= at < len(self._places):
            return False
        self._at = at
        self._doing = ""
        return True


def place_words(place: LatentPoint, classes: Sequence[str] = ()) -> str:
    """Return which place it is: `seed 7, 2 moved, truncation 0.7, class 3`."""
    parts = ["a found point" if place.vector else f"seed {place.seed}"]
    if place.moves:
        parts.append(f"{len(place.moves)} moved")
    if place.truncation != 1:
        parts.append(f"truncation {place.truncation:g}")
    if classes:
        parts.append(f"class {class_name(place.label, classes)}")
    return ", ".join(parts)


def class_name(label: int | None, classes: Sequence[str]) -> str:
    """Return the name of a class; without a choice it is the first."""
    at = label or 0
    return safe_text(classes[at]) if at < len(classes) else str(at)


def scene_words(scene: Scene, classes: Sequence[str] = ()) -> str:
    """Return what an image shows."""
    if isinstance(scene, Walk):
        kind = "arc" if scene.way == "spherical" else "straight line"
        return f"{scene.at:.0%} of the {kind} from A to B"
    if isinstance(scene, Mix):
        return f"layers before {scene.crossover} of A, the others of B"
    return place_words(scene, classes)


SPAN: Final = 3.0
"""How far the sliders go to both sides, in standard deviations."""
STEP: Final = 0.25
LONG_STEP: Final = 1.0
TRUNCATION_STEP: Final = 0.1
WALK_STEP: Final = 0.05
LONG_WALK_STEP: Final = 0.25
FRAMES: Final = 7
"""Images in the strip."""

Showing = Literal["place", "walk"]


@dataclass(frozen=True)
class Pick:
    """An end of a walk: the place, and its image as it was seen there."""

    place: LatentPoint
    image: Raster | None = None


class Exploration:
    """All that a person has chosen in one run, and what became of it.

    Attributes:
        run: the run; None before there is one. made: which run of that name it is.
        step: of the checkpoint that is wanted; None for the newest.
        opened: the generator; None while there is none.
        directions: the sliders, the strongest first. family: of which kind they are.
        chosen: which of them the keys move.
        values: where the place that was drawn last is along each direction, by its key.
        trail: where one is, and was.
        a: where a walk begins. b: where it ends. at: how far along it one is, 0 to 1.
        way: along which way. crossover: the layer from which B's styles are taken; None walks.
        showing: what the image is of.
        kept: the bookmarks of the run.
        image: what was drawn last, and `drawn` of which scene. vector: the point of that.
        strip: the images beside it, of the scenes `striped`.
        pad: what is sketched by hand, and `sought` the ink that a search has come to an end for.
        nearest: the image that was found. found: the place that it is of. searched: what is said.
        saying: what the process is at; trouble: what went wrong last.
    """

    def __init__(self, run: RunDir | None = None, made: object = None) -> None:
        self.run, self.made = run, made
        self.step: int | None = None
        self.opened: OpenedRun | None = None
        self.directions: tuple[Direction, ...] = ()
        self.family = "f"
        self.chosen = 0
        self.values: dict[str, float] = {}
        self.trail = Trail(LatentPoint())
        self.a: Pick | None = None
        self.b: Pick | None = None
        self.at = 0.0
        self.way: Way = WAYS[0]
        self.crossover: int | None = None
        self.showing: Showing = "place"
        self.kept: list[Bookmark] = []
        self.image: Raster | None = None
        self.drawn: Scene | None = None
        self.vector = ""
        self.strip: list[Raster] = []
        self.striped: list[Scene] = []
        self.pad = Pad()
        self.sought = b""
        self.nearest: Raster | None = None
        self.found: LatentPoint | None = None
        self.searched = ""
        self.saying = ""
        self.trouble = ""

    @property
    def place(self) -> LatentPoint:
        """Where one is."""
        return self.trail.place

    @property
    def direction(self) -> Direction | None:
        """The one that the keys move along."""
        return self.directions[self.chosen] if self.chosen < len(self.directions) else None

    @property
    def scene(self) -> Scene:
        """What the image is to show."""
        if self.showing == "walk" and self.a and self.b:
            if self.crossover is not None:
                return Mix(self.a.place, self.b.place, self.crossover)
            return Walk(self.a.place, self.b.place, self.at, self.way)
        return self.place

    @property
    def drawn_place(self) -> LatentPoint | None:
        """The place whose image is seen; None where the image is yet to come."""
        scene = self.scene
        if isinstance(scene, LatentPoint):
            return scene
        if self.drawn != scene or not self.vector:
            return None
        end = self.b if self.at >= 0.5 and self.b else self.a
        return LatentPoint(vector=self.vector, label=end.place.label if end else None)

    @property
    def frames(self) -> list[Scene]:
        """What the strip is to show: the way along the slider, or that from A to B."""
        shares = [index / (FRAMES - 1) for index in range(FRAMES)]
        scene = self.scene
        if isinstance(scene, Walk):
            return [replace(scene, at=share) for share in shares]
        if isinstance(scene, Mix) and self.opened:
            layers = self.opened.layers
            return [replace(scene, crossover=round(share * layers)) for share in shares]
        if self.direction is None or not isinstance(scene, LatentPoint):
            return []
        key = self.direction.key
        return [scene.moved(key, round(SPAN * (2 * share - 1), 3)) for share in shares]

    def value(self, direction: Direction) -> float | None:
        """Return where along a direction one is; None before that is known."""
        moved = self.place.at(direction.key)
        return self.values.get(direction.key) if moved is None else moved

    # What can be chosen

    def take_directions(self, family: str, directions: Sequence[Direction]) -> None:
        if family != self.family:
            self.chosen = 0
        self.family, self.directions = family, tuple(directions)
        self.chosen = min(self.chosen, max(len(self.directions) - 1, 0))

    def choose(self, at: int) -> None:
        """Choose a slider; there is none before the first and after the last."""
        self.chosen = min(max(at, 0), max(len(self.directions) - 1, 0))

    def nudge(self, by: float) -> bool:
        """Move the chosen slider; tell whether it could be."""
        direction = self.direction
        value = self.value(direction) if direction else None
        if direction is None or value is None:
            return False
        # Onto the next of even values, so that the middle is met again.
        step = abs(by)
        goal = (round(value / step + (0.501 if by > 0 else -0.501))) * step
        return self.slide(goal)

    def slide(self, value: float) -> bool:
        """Put the chosen slider at a value; tell whether it moved."""
        direction = self.direction
        if direction is None:
            return False
        value = min(max(round(value, 3), -SPAN), SPAN)
        self.visit(self.place.moved(direction.key, value), f"slide {direction.key}")
        return True

    def visit(self, place: LatentPoint, doing: str = "") -> None:
        """Go to a place, which is shown from now on."""
        self.trail.visit(place, doing)
        self.showing = "place"

    def truncate(self, by: float) -> None:
        """Stay nearer to the mean, or go further from it."""
        psi = min(max(round(self.place.truncation + by, 2), 0.0), MAX_TRUNCATION)
        self.visit(replace(self.place, truncation=psi), "truncate")

    def turn_class(self, by: int) -> bool:
        """Take the next class; tell whether there are any."""
        classes = self.opened.classes if self.opened else ()
        if not classes:
            return False
        label = ((self.place.label or 0) + by) % len(classes)
        self.visit(replace(self.place, label=label), "class")
        return True

    def open(self, opened: OpenedRun) -> None:
        """Have a generator; what another one has drawn and found is not its own.

        Between styles there is no arc.
        """
        if self.opened is None or self.opened.step != opened.step:
            self.drawn, self.vector = None, ""
            self.find_nothing()
        if self.pad.size != opened.size:
            self.pad = Pad(opened.size)
        self.striped = []
        self.opened = opened
        if opened.layers:
            self.way = "linear"
        else:
            self.crossover = None

    def find_nothing(self) -> None:
        """Have nothing that is near to the sketch."""
        self.nearest, self.found, self.searched, self.sought = None, None, "", b""

    def next_way(self) -> None:
        """Walk on the other way: on the arc or straight; where there are styles, straight or mixed.

        A mix begins with the coarse half of the layers.
        """
        layers = self.opened.layers if self.opened else 0
        if layers:
            self.crossover = layers // 2 if self.crossover is None else None
        else:
            self.way = WAYS[(WAYS.index(self.way) + 1) % len(WAYS)]

    def walk(self, by: float) -> bool:
        """Go along the way from A to B; tell whether there is one."""
        if not (self.a and self.b):
            return False
        self.showing = "walk"
        if self.crossover is not None and self.opened:
            layer = self.crossover + (1 if by > 0 else -1)
            self.crossover = min(max(layer, 0), self.opened.layers)
        else:
            self.at = min(max(round(self.at + by, 3), 0.0), 1.0)
        return True

    def walk_to(self, share: float) -> bool:
        """Go to a share of the way; tell whether there is one."""
        if self.crossover is not None and self.opened:
            self.crossover = round(share * self.opened.layers)
            return self.walk_on
        self.at = min(max(round(share, 3), 0.0), 1.0)
        return self.walk_on

    @property
    def walk_on(self) -> bool:
        """Show the way; tell whether there is one."""
        if self.a and self.b:
            self.showing = "walk"
        return self.showing == "walk"
