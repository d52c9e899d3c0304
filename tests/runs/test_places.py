"""Places in words and numbers: what is written is read again, and what is none is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ganterm.core.errors import ConfigError
from ganterm.runs.places import FARTHEST, LatentPoint, Mix, Scene, Walk, place_from, scene_from

VECTOR = base64.b64encode(bytes(8)).decode()
SOMEWHERE = LatentPoint(7, "", (("f3", 1.25), ("d1", -2.0)), 0.7, 4)


@pytest.mark.parametrize(
    "scene",
    [
        LatentPoint(),
        SOMEWHERE,
        LatentPoint(vector=VECTOR),
        Walk(SOMEWHERE, LatentPoint(1), 0.25, "linear"),
        Mix(LatentPoint(1), SOMEWHERE, 3),
    ],
    ids=lambda scene: type(scene).__name__,
)
def test_a_scene_comes_back_from_json(scene: Scene) -> None:
    """Whatever is drawn can be asked for in a line of JSON."""
    assert scene_from(json.loads(json.dumps(scene.to_json()))) == scene


def test_a_place_is_moved_along_one_direction_at_a_time() -> None:
    """The newest value of a direction counts, and none goes beyond all bounds."""
    moved = LatentPoint().moved("f0", 1.0).moved("f1", 2.0).moved("f0", -1.0)
    assert dict(moved.moves) == {"f1": 2.0, "f0": -1.0}
    assert moved.at("f0") == -1.0
    assert moved.at("f2") is None
    assert LatentPoint().moved("f0", 1e9).at("f0") == FARTHEST


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {"seed": -1},
        {"seed": True},
        {"seed": 1.5},
        {"seed": 2**63},
        {"vector": "not base64"},
        {"vector": "AAA="},
        {"vector": 3},
        {"moves": 3},
        {"moves": ["f0"]},
        {"moves": [["f0", float("nan")]]},
        {"moves": [["f0", "1"]]},
        {"moves": [[0, 1.0]]},
        {"moves": [["f0", 0.0]] * 5000},
        {"truncation": -0.1},
        {"truncation": float("inf")},
        {"label": "seven"},
        {"a": {}},
        {"a": {}, "b": {}, "at": 2},
        {"a": {}, "b": {}, "way": "round"},
        {"a": {}, "b": {}, "crossover": 0.5},
    ],
    ids=str,
)
def test_what_is_no_scene_is_refused_in_a_sentence(given: Any) -> None:
    """Nothing that is sent or kept can be more than numbers within bounds."""
    with pytest.raises(ConfigError, match=r"\.$"):
        scene_from(given)


def test_what_is_left_out_is_as_usual() -> None:
    """An empty object is the place of seed 0."""
    assert place_from({}) == LatentPoint()
