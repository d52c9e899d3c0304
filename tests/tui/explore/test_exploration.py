"""What has been chosen: sliders that stop at their ends, walks, mixes, and the strip beside."""

from __future__ import annotations

import pytest

from ganterm.core.dataspec import Size
from ganterm.runs.places import LatentPoint, Mix, Walk
from ganterm.tui.explore.exploration import KEPT, Exploration, Pick, Trail
from ganterm.tui.explore.process import Direction, OpenedRun


@pytest.fixture
def here() -> Exploration:
    """Give one with two sliders and a generator of eight layers and three classes."""
    made = Exploration()
    made.opened = OpenedRun(5, (5,), "ema", Size(28, 28), ("a", "b", "c"), 8)
    made.take_directions("f", [Direction("f0", 2.0), Direction("f1", 1.0)])
    made.values = {"f0": 0.3, "f1": -2.9}
    return made


def test_a_nudge_goes_to_the_next_even_value(here: Exploration) -> None:
    """So that the middle is met again; it stops at either end."""
    seen = []
    for _ in range(3):
        here.nudge(-0.25)
        seen.append(here.place.at("f0"))
    assert seen == [0.25, 0.0, -0.25]
    here.choose(1)
    here.nudge(-0.25)
    here.nudge(-0.25)
    assert here.place.at("f1") == -3.0
    here.nudge(1.0)
    assert here.place.at("f1") == -2.0


def test_nothing_moves_before_it_is_known_where_it_is() -> None:
    assert not Exploration().nudge(0.25)
    assert not Exploration().slide(1.0)
    assert not Exploration().walk(0.1)
    assert not Exploration().turn_class(1)


def test_the_strip_goes_along_the_slider(here: Exploration) -> None:
    """From end to end, wherever the slider is."""
    frames = here.frames
    here.slide(1.5)
    assert here.frames == frames
    assert [place.at("f0") for place in frames if isinstance(place, LatentPoint)] == [
        *(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
    ]


def test_a_walk_and_its_strip(here: Exploration) -> None:
    """From A to B and no further; going anywhere else ends it."""
    here.a, here.b = Pick(LatentPoint(1)), Pick(LatentPoint(2))
    assert here.walk(0.25)
    assert here.scene == Walk(LatentPoint(1), LatentPoint(2), 0.25)
    here.walk(5)
    assert here.at == 1.0
    shares = [frame.at for frame in here.frames if isinstance(frame, Walk)]
    assert (shares[0], shares[3], shares[-1]) == (0.0, 0.5, 1.0)
    here.slide(1.0)
    assert here.showing == "place"


def test_mixing_goes_by_layers(here: Exploration) -> None:
    """A step is a layer, however long it is."""
    here.a, here.b, here.crossover = Pick(LatentPoint(1)), Pick(LatentPoint(2)), 4
    here.walk(0.05)
    assert here.scene == Mix(LatentPoint(1), LatentPoint(2), 5)
    here.walk_to(0.5)
    assert here.crossover == 4
    assert [frame.crossover for frame in here.frames if isinstance(frame, Mix)][-1] == 8


def test_truncation_and_classes(here: Exploration) -> None:
    """Within bounds, and round and round."""
    here.truncate(-0.1)
    assert here.place.truncation == 0.9
    here.truncate(-5)
    assert here.place.truncation == 0.0
    here.truncate(9)
    assert here.place.truncation == 2.0
    assert here.turn_class(-1)
    assert here.place.label == 2


def test_other_directions_begin_at_the_first(here: Exploration) -> None:
    """The same ones anew leave the choice as it is."""
    here.choose(1)
    here.take_directions("f", here.directions)
    assert here.chosen == 1
    here.take_directions("d", [Direction("d9", 1.0)])
    assert here.chosen == 0
    assert here.direction == Direction("d9", 1.0)


def test_ways_are_an_arc_or_straight_and_with_styles_straight_or_mixed() -> None:
    """A mix begins half-way; another generator has other ways."""
    here = Exploration()
    plain, styled = (
        OpenedRun(5, (5,), "ema", Size(28, 28)),
        OpenedRun(5, (5,), "ema", Size(28, 28), layers=8),
    )
    here.open(plain)
    seen: list[object] = [here.way]
    here.next_way()
    seen.append(here.way)
    assert seen == ["spherical", "linear"]
    here.open(styled)
    crossovers = []
    for _ in range(2):
        here.next_way()
        crossovers.append(here.crossover)
    assert crossovers == [4, None]
    here.next_way()
    here.open(plain)
    assert here.crossover is None


def test_every_place_is_gone_back_to_and_on_again() -> None:
    """At either end there is nothing more."""
    trail = Trail(LatentPoint(0))
    for seed in (1, 2):
        trail.visit(LatentPoint(seed))
    assert [trail.undo() for _ in range(3)] == [True, True, False]
    assert trail.place == LatentPoint(0)
    assert trail.redo()
    assert trail.place == LatentPoint(1)
    assert not trail.go(17)
    assert not trail.go(-1)


def test_what_came_after_is_forgotten_where_one_goes_elsewhere() -> None:
    """As everywhere where things can be undone."""
    trail = Trail(LatentPoint(0))
    trail.visit(LatentPoint(1))
    trail.undo()
    trail.visit(LatentPoint(2))
    assert trail.places == (LatentPoint(0), LatentPoint(2))
    assert not trail.redo()


def test_steps_of_one_slider_are_one_place() -> None:
    """Until something else was done, or one went back."""
    trail = Trail(LatentPoint(0))
    counts = []
    for key, value in (("f0", 1.0), ("f0", 2.0), ("f0", 3.0), ("f1", 1.0), ("f0", 0.0)):
        trail.visit(trail.place.moved(key, value), key)
        counts.append(len(trail.places))
    trail.undo()
    trail.visit(trail.place.moved("f0", 1.0), "f0")
    assert [*counts, len(trail.places)] == [2, 2, 2, 3, 4, 4]


def test_the_same_place_again_is_no_step() -> None:
    trail = Trail(LatentPoint(0))
    trail.visit(LatentPoint(0))
    assert trail.places == (LatentPoint(0),)


def test_the_oldest_are_dropped() -> None:
    """Where one is stays what it was."""
    trail = Trail(LatentPoint(0))
    for seed in range(1, KEPT + 10):
        trail.visit(LatentPoint(seed))
    assert len(trail.places) == KEPT
    assert trail.place == LatentPoint(KEPT + 9)
    assert trail.at == KEPT - 1
