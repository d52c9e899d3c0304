"""Places in the space behind a generator, in words and numbers alone: what the app explores.

The process that has the generator makes points and images of them; a place itself needs no tensors,
and means the same to whoever reads it later.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from ganterm.core.errors import ConfigError

MAX_SEED: Final = 2**63 - 1
MAX_TRUNCATION: Final = 2.0
FARTHEST: Final = 100.0
"""How far a slider goes at most, in standard deviations; far beyond anything that is drawn well."""
_MOST_MOVES: Final = 4096
_LONGEST_VECTOR: Final = 1 << 19
"""Characters; 98,304 numbers, more than any generator's styles have."""

Way = Literal["spherical", "linear"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
"""How one place leads to another: along the sphere of latents, or straight."""

Moves = tuple[tuple[str, float], ...]
"""Directions by their key, and where along each, in standard deviations from the mean."""


@dataclass(frozen=True)
class LatentPoint:
    """One point, and how it is drawn.

    Attributes:
        seed: the point is that of the first image that `ganterm sample` draws with it.
        vector: a point that was found, in place of the seed: base64 of float32, little-endian.
        moves: where the point then goes along directions.
        truncation: how far from the mean of all points it stays; 1 leaves it where it is.
        label: the class, for a conditional generator.
    """

    seed: int = 0
    vector: str = ""
    moves: Moves = ()
    truncation: float = 1.0
    label: int | None = None

    def moved(self, key: str, value: float) -> LatentPoint:
        """Return the place at `value` along the direction `key`."""
        others = tuple(move for move in self.moves if move[0] != key)
        return replace(self, moves=(*others, (key, min(max(value, -FARTHEST), FARTHEST))))

    def at(self, key: str) -> float | None:
        """Return where along `key` it was moved to; None where it was not."""
        return dict(self.moves).get(key)

    def to_json(self) -> dict[str, Any]:
        """Return what `place_from` reads again; what is as usual is left out."""
        found: dict[str, Any] = {"vector": self.vector} if self.vector else {"seed": self.seed}
        if self.moves:
            found["moves"] = [[key, value] for key, value in self.moves]
        if self.truncation != 1:
            found["truncation"] = self.truncation
        if self.label is not None:
            found["label"] = self.label
        return found


@dataclass(frozen=True)
class Walk:
    """The point at the fraction `at`, 0 to 1, of the way from one place to another."""

    a: LatentPoint
    b: LatentPoint
    at: float = 0.0
    way: Way = "spherical"

    def to_json(self) -> dict[str, Any]:
        """Return what `scene_from` reads again."""
        return {"a": self.a.to_json(), "b": self.b.to_json(), "at": self.at, "way": self.way}


@dataclass(frozen=True)
class Mix:
    """The styles of one place before the layer `crossover`, of another from it on."""

    a: LatentPoint
    b: LatentPoint
    crossover: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return what `scene_from` reads again."""
        return {"a": self.a.to_json(), "b": self.b.to_json(), "crossover": self.crossover}


Scene = LatentPoint | Walk | Mix
"""What one image is drawn of."""


def scene_from(given: object) -> Scene:
    """Return the scene that JSON describes; raises `ConfigError` where it describes none."""
    fields = _mapping(given, "a scene")
    if "a" not in fields:
        return place_from(fields)
    a, b = place_from(fields["a"]), place_from(fields.get("b"))
    if "crossover" in fields:
        return Mix(a, b, _whole(fields["crossover"], "crossover", 0, 1000))
    way = fields.get("way", WAYS[0])
    if way not in WAYS:
        raise ConfigError(f"A walk is {' or '.join(WAYS)}, not {way!r}.")
    return Walk(a, b, _real(fields.get("at", 0.0), "at", 0.0, 1.0), way)


def place_from(given: object) -> LatentPoint:
    """Return the place that JSON describes; raises `ConfigError` where it describes none."""
    fields = _mapping(given, "a place")
    label = fields.get("label")
    return LatentPoint(
        seed=_whole(fields.get("seed", 0), "seed", 0, MAX_SEED),
        vector=_vector(fields.get("vector", "")),
        moves=_moves(fields.get("moves", [])),
        truncation=_real(fields.get("truncation", 1.0), "truncation", 0.0, MAX_TRUNCATION),
        label=None if label is None else _whole(label, "label", 0, 1 << 20),
    )


def _mapping(given: object, what: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError(f"{what} is an object, not {type(given).__name__}.")
    return given


def _whole(given: object, name: str, low: int, high: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        raise ConfigError(f"{name} is a whole number from {low} to {high}.")
    return given


def _real(given: object, name: str, low: float, high: float) -> float:
    if not isinstance(given, (int, float)) or not low <= given <= high:
        raise ConfigError(f"{name} is a number from {low:g} to {high:g}.")
    return float(given)


def _vector(given: object) -> str:
    if isinstance(given, str) and len(given) <= _LONGEST_VECTOR:
        with contextlib.suppress(binascii.Error, ValueError):
            if len(base64.b64decode(given, validate=True)) % 4 == 0:
                return given
    raise ConfigError("vector is base64 of float32 numbers.")


def _moves(given: object) -> Moves:
    if not isinstance(given, Sequence) or len(given) > _MOST_MOVES:
        raise ConfigError("moves is a list of pairs of a direction and a number.")
    found = []
    for each in given:
        if not (isinstance(each, Sequence) and len(each) == 2 and isinstance(each[0], str)):
            raise ConfigError("moves is a list of pairs of a direction and a number.")
        found.append((each[0], _real(each[1], "a move", -FARTHEST, FARTHEST)))
    return tuple(found)
