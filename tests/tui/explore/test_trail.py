"""The places one came by: gone back to, gone on from, and not endlessly many."""

from __future__ import annotations

from ganterm.runs.places import LatentPoint
from ganterm.tui.explore.exploration import KEPT, Trail


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
