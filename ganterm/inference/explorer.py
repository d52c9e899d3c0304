"""Images of places: what the app asks for in words and numbers becomes points and pixels here."""

from __future__ import annotations

import base64
from collections.abc import Generator as Progress
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganterm.core.errors import ConfigError
from ganterm.inference.directions import BASES, Axes, Ranking, frame_of, rank_dimensions
from ganterm.inference.interpolation import linear, spherical
from ganterm.inference.load import Trained
from ganterm.inference.projection import (
    Candidates,
    ProjectedPoint,
    Projection,
    ProjectionSettings,
    candidates_of,
)
from ganterm.inference.sample import latent_of, latents, to_uint8
from ganterm.inference.space import draw, mixed, truncated
from ganterm.runs.places import LatentPoint, Mix, Scene

FACTORISED = "f"
"""First letter of the keys of directions from the weights; the rest is the rank from 0."""
DIMENSION = "d"
"""First letter of the keys of dimensions; the rest is the number."""
SEARCH = ProjectionSettings(steps=150, starts=4)
"""How the image nearest to a sketch is looked for: a few seconds, beside a training run too."""
_RANKING_SEED = 0
"""The base points over which dimensions are ranked; the same ones wherever one is."""
_BETWEEN = {"linear": linear, "spherical": spherical}


@dataclass(frozen=True)
class ExplorerView:
    """One image, and the point that it shows."""

    image: Tensor
    """(C, H, W), uint8."""
    point: Tensor
    """(...), before truncation unless it is one on the way between two places."""
    label: int | None

    @property
    def vector(self) -> str:
        """The point as `LatentPoint.vector` holds it."""
        return encoded(self.point)


class Explorer:
    """A generator seen from places.

    Attributes:
        trained: the generator, and where it comes from.
        ranking: the directions that its first layer stretches most, or its dimensions in their
            order where it has no such layer.
    """

    def __init__(self, trained: Trained) -> None:
        self.trained = trained
        self._generator = trained.generator
        self._frame = frame_of(self._generator)
        self.ranking = self._ranked()
        self._axes = {
            FACTORISED: Axes(self._frame, self.ranking.directions),
            DIMENSION: Axes(self._frame, torch.eye(self._frame.dimensions)),
        }
        self._candidates: Candidates | None = None

    @property
    def layers(self) -> int:
        """How many layers take a style of their own; 0 where there are no styles."""
        return self._frame.layers

    @torch.no_grad()
    def views(self, scenes: Sequence[Scene]) -> list[ExplorerView]:
        """Draw scenes, all at once; raises `ConfigError` for one that this generator has not."""
        located = [self._locate(scene) for scene in scenes]
        labels = [label for _, _, label in located]
        images = to_uint8(self._drawn([drawn for _, drawn, _ in located], labels)).cpu()
        return [
            ExplorerView(image, point, label)
            for image, (point, _, label) in zip(images, located, strict=True)
        ]

    def point(self, place: LatentPoint) -> Tensor:
        """Return the point of a place, before truncation."""
        point = self._start(place)
        for key, value in place.moves:
            axes, number = self._axis(key)
            point = axes.moved(point, number, value)
        return point

    def values(self, point: Tensor, family: str) -> list[float]:
        """Return where a point is along every direction of a family, in their own order."""
        return [round(value, 3) for value in self._family(family).values(point).tolist()]

    @property
    def family(self) -> str:
        """Which directions `ranking` has: those from the weights, or the dimensions."""
        return FACTORISED if self.ranking.dimensions is None else DIMENSION

    def measuring(self, label: int | None = None) -> Progress[tuple[int, int], None, Ranking]:
        """Rank the dimensions by what they change in images of class `label`.

        Yields how many dimensions are done, of how many.
        """
        z_dim = self._generator.z_dim
        bases = [self._frame.of(z, label) for z in latents(BASES, z_dim, seed=_RANKING_SEED)]
        return rank_dimensions(self._generator, self._frame, torch.stack(bases), label)

    def prepare_search(self) -> Candidates:
        """Draw what every search begins with, unless it is there."""
        if self._candidates is None:
            self._candidates = candidates_of(self._generator, SEARCH)
        return self._candidates

    def search(self, target: Tensor) -> Projection:
        """Begin to look for the point whose image is nearest to `target`, in any class.

        The target is (C, H, W) in [-1, 1].
        """
        known = self.prepare_search()
        return Projection(self._generator, target, SEARCH, candidates=known)

    def vector_of(self, fit: ProjectedPoint) -> str:
        """Return the point that a search has found as `LatentPoint.vector` holds it."""
        return encoded(self._frame.of(fit.point, fit.label))

    def label_of(self, place: LatentPoint) -> int | None:
        """Return the class that a place is drawn as: its own, or the first."""
        classes = self._generator.classes
        if not classes:
            return None
        label = place.label or 0
        if label >= classes:
            raise ConfigError(f"There is no class {label}; they are 0 to {classes - 1}.")
        return label

    # How a scene becomes a point

    def _locate(self, scene: Scene) -> tuple[Tensor, Tensor, int | None]:
        """Return the point to tell of, the one to draw, and its class."""
        if isinstance(scene, LatentPoint):
            return self.point(scene), self._truncated(scene), self.label_of(scene)
        a, b = (self._truncated(place) for place in (scene.a, scene.b))
        if isinstance(scene, Mix):
            if not self.layers:
                raise ConfigError("Only a style-based generator can mix by layers.")
            point = mixed(a, b, scene.crossover)
            return point, point, self.label_of(scene.b)
        # Styles lie on no sphere, so there is only the straight way between them.
        between = linear if self.layers else _BETWEEN[scene.way]
        point = between(a, b, torch.tensor([scene.at]))[0]
        return point, point, self.label_of(scene.a if scene.at < 0.5 else scene.b)

    def _truncated(self, place: LatentPoint) -> Tensor:
        point = self.point(place)[None]
        return truncated(self._generator, point, place.truncation)[0].cpu()

    def _start(self, place: LatentPoint) -> Tensor:
        if place.vector:
            return self._frame.unpacked(decoded(place.vector))
        z = latent_of(place.seed, self._generator.z_dim)
        return self._frame.of(z, self.label_of(place))

    def _drawn(self, points: Sequence[Tensor], labels: Sequence[int | None]) -> Tensor:
        device = next(self._generator.parameters()).device
        classes = torch.tensor(labels, device=device) if self._generator.classes else None
        return draw(self._generator, torch.stack(list(points)).to(device), classes)

    # Directions

    def _ranked(self) -> Ranking:
        try:
            return self._frame.strongest()
        except ConfigError:
            count = self._frame.dimensions
            return Ranking(torch.eye(count), torch.zeros(count), tuple(range(count)))

    def _family(self, family: str) -> Axes:
        if family not in self._axes:
            raise ConfigError(f"There are no directions {family!r}.")
        return self._axes[family]

    def _axis(self, key: str) -> tuple[Axes, int]:
        """Return what a direction is of, and its number among them."""
        axes = self._family(key[:1])
        number = int(key[1:]) if key[1:].isascii() and key[1:].isdigit() else len(axes)
        if number >= len(axes):
            raise ConfigError(f"There is no direction {key!r}; there are {len(axes)}.")
        return axes, number


def encoded(point: Tensor) -> str:
    """Return a point (...) as `LatentPoint.vector` holds it; styles that are all alike as one."""
    if point.dim() == 2 and bool((point == point[0]).all()):
        point = point[0]
    return base64.b64encode(point.float().contiguous().numpy().astype("<f4").tobytes()).decode()


def decoded(vector: str) -> Tensor:
    """Return the numbers (d,) of a `LatentPoint.vector`; raises `ConfigError` for another size."""
    data = bytearray(base64.b64decode(vector))
    point = torch.frombuffer(data, dtype=torch.float32) if data else torch.zeros(0)
    if not bool(point.isfinite().all()):
        raise ConfigError("That place is not a point: its numbers are not finite.")
    return point
