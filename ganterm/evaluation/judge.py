"""A judge: what looks at images, what it is called, and how far it can be trusted."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from ganterm.components.datasets import Dataset
from ganterm.components.datasets.mixture import near
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.classifier import Classifier, scaled
from ganterm.evaluation.embedder import Embedder, in_parts
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.trust import Trust

CHUNK = 100
"""Images looked at together: what a layer makes of more does not stay in the cache."""


class Judge(Protocol):
    """Gives features and class probabilities for images."""

    @property
    def digest(self) -> str:
        """Names it: what was scored by judges of two digests cannot be compared."""

    @property
    def words(self) -> str:
        """What it is, and how well it knows its classes."""

    @property
    def trust(self) -> str:
        """What it sees and what it cannot tell, in words; empty where it was not examined."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of its classes; none where they say nothing about the images."""

    def look(self, images: torch.Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at images as the data holds them: uint8 (N, C, H, W), or float32 points."""


@dataclass(frozen=True)
class ClassifierJudge:
    """A classifier trained on the labelled images of one dataset.

    `accuracy` is its share of right answers on images it was not trained on, in [0, 1].
    """

    network: Classifier
    dataset: str
    digest: str
    classes: tuple[str, ...]
    accuracy: float
    examination: Trust | None = None

    @property
    def words(self) -> str:
        """Its dataset and its accuracy."""
        return f"classifier of {self.dataset}, {self.accuracy:.2%} right on held-out images"

    @property
    def trust(self) -> str:
        """As its examination found."""
        return self.examination.words if self.examination else ""

    @property
    def facts(self) -> dict[str, str]:
        """What is to be kept beside its weights."""
        classes, accuracy = json.dumps(self.classes), repr(self.accuracy)
        return {"digest": self.digest, "classes": classes, "accuracy": accuracy}

    def look(self, images: torch.Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at uint8 images (N, C, H, W) of the size and channels it was trained on."""
        features, probabilities = [], []
        with torch.no_grad():
            for start in range(0, len(images), CHUNK):
                found, logits = self.network(scaled(images[start : start + CHUNK]))
                features.append(found)
                probabilities.append(logits.softmax(dim=1))
                progress("Looking at images", start + len(found), len(images), "images")
        return Embeddings(torch.cat(features), torch.cat(probabilities))


@dataclass(frozen=True)
class StackedJudge:
    """Judges images of which each channel is an image that another judge knows.

    Features are those of the channels side by side, and the probability of a class is that of its
    digits, one a channel, independent of each other.
    """

    judge: Judge
    dataset: str
    classes: tuple[str, ...]
    trust: str = ""

    @property
    def digest(self) -> str:
        """That of the judge of the channels."""
        return f"{self.judge.digest}-stacked"

    @property
    def words(self) -> str:
        """What it is made of."""
        return f"{self.judge.words}, for each channel of {self.dataset}"

    def look(self, images: torch.Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at uint8 images (N, C, H, W): features (N, C * 64), probabilities (N, 10 ** C)."""
        count, channels = images.shape[:2]
        found = self.judge.look(images.flatten(0, 1)[:, None], progress=progress)
        each = found.probabilities.reshape(count, channels, -1)
        classes = each[:, 0]
        for channel in range(1, channels):
            classes = (classes[:, :, None] * each[:, channel, None]).flatten(1)
        return Embeddings(found.features.reshape(count, -1), classes)


@dataclass(frozen=True)
class EmbedderJudge:
    """A network that learnt from `learnt` images of a dataset without their labels."""

    network: Embedder
    dataset: str
    digest: str
    learnt: int
    examination: Trust | None = None
    classes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it learnt from."""
        return f"self-supervised on {self.learnt:,} images of {Path(self.dataset).name}"

    @property
    def trust(self) -> str:
        """As its examination found."""
        return self.examination.words if self.examination else ""

    @property
    def facts(self) -> dict[str, str]:
        """What is to be kept beside its weights."""
        return {"digest": self.digest, "learnt": str(self.learnt)}

    def look(self, images: torch.Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at uint8 images (N, C, H, W) of the size and channels it was trained on."""
        features = []
        with torch.no_grad():
            for part in in_parts(images, CHUNK):
                features.append(self.network(self.network.prepared(part)))
                done = CHUNK * (len(features) - 1) + len(part)
                progress("Looking at images", done, len(images), "images")
        found = torch.cat(features)
        return Embeddings(found, found.new_zeros(len(found), 0))


class PointJudge:
    """Judges points as they are: they are their own features, the nearest Gaussian the class.

    A point beyond three sigma of each is of no class: all are as likely. Points of no mixture have
    one class, which says nothing.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._centres, self._sigma = dataset.centres, dataset.sigma
        name = dataset.name or f"points-{zlib.crc32(repr(dataset.centres).encode()):08x}"
        self.digest = f"{name}-exact"
        self.words = "the plane itself"
        if self._centres:
            self.words += f", with the nearest of the {len(self._centres)} Gaussians for a class"
        self.classes = dataset.spec.classes if self._centres else ()
        self.trust = ""

    def look(self, images: torch.Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        """Look at float32 points (N, D, 1, 1) or (N, D)."""
        points = images.flatten(1)
        centres = points.new_tensor(self._centres or ((0.0,) * points.shape[1],))
        nearest = torch.cdist(points, centres).argmin(dim=1)
        classes = torch.nn.functional.one_hot(nearest, len(centres)).float()
        if self._centres:
            beyond = ~near(points, self._centres, self._sigma).any(dim=1)
            classes[beyond] = 1 / len(centres)
        return Embeddings(points, classes)
