"""Answers of the process that draws are read without trust."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ganterm.render.raster import Raster
from ganterm.tui.explore.process import Direction, OpenedRun, directions_of, images_of

SENT = {
    "count": 2,
    "width": 2,
    "height": 1,
    "channels": 1,
    "pixels": base64.b64encode(bytes([1, 2, 3, 4])).decode(),
}


def test_images_come_apart() -> None:
    """Each with its own pixels."""
    assert images_of(SENT) == [Raster(2, 1, 1, b"\x01\x02"), Raster(2, 1, 1, b"\x03\x04")]


@pytest.mark.parametrize(
    "changed",
    [{"count": 3}, {"channels": 2}, {"pixels": "no"}, {"pixels": None}, {"width": "wide"}],
    ids=str,
)
def test_what_makes_no_sense_is_no_image(changed: dict[str, Any]) -> None:
    assert images_of({**SENT, **changed}) == []
    assert images_of({}) == []


def test_foreign_names_are_made_safe() -> None:
    """A class may be called after a folder of anyone's."""
    opened = OpenedRun.of(
        {
            "step": 5,
            "steps": [5],
            "weights": "generator",
            "size": 28,
            "classes": ["\x1b[31mred"],
            "layers": 0,
        }
    )
    assert "\x1b" not in opened.classes[0]
    assert opened.words == "step 5, plain weights"


def test_directions_have_their_number_and_strength() -> None:
    assert directions_of({"directions": [["d17", 0.25]]}) == (Direction("d17", 0.25),)
    assert Direction("d17", 0.25).number == "17"
