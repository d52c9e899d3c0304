"""How networks are told the class of an image: labels joined to z, to images, or to features."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from ganterm.components.networks.facts import DiscriminatorSpec, GeneratorSpec

LABEL_DIM = 32
"""Values a label becomes beside z, unless z itself has fewer."""
LABEL_PLANES = 8
"""Planes a label becomes beside an image's channels."""


class LabelJoin(nn.Module):
    """Appends a learned vector of each image's class to its latent vector.

    Conditional GANs (Mirza & Osindero 2014, arXiv:1411.1784). The vectors begin ~ N(0, 1), as
    latents are, and have at most the length of z, so that neither drowns the other.
    """

    def __init__(self, classes: int, z_dim: int) -> None:
        super().__init__()
        self.classes = classes
        self.embedding = nn.Embedding(classes, min(z_dim, LABEL_DIM))
        self.outputs = z_dim + self.embedding.embedding_dim

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Join latents (N, z_dim) and labels (N,) to (N, outputs).

        Raises `ValueError` without labels.
        """
        return torch.cat([z, self.embedding(needed(labels)).to(z.dtype)], dim=1)


class LabelPlanes(nn.Module):
    """Appends planes of a learned value each to an image's channels: the class, at every pixel.

    It is what is left of joining labels to an image by concatenation when every layer that sees it
    may be a convolution.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, LABEL_PLANES)

    def forward(self, images: Tensor, labels: Tensor | None) -> Tensor:
        """Join images (N, C, H, W) and labels (N,) to (N, C + 8, H, W).

        Raises `ValueError` without labels.
        """
        values = self.embedding(needed(labels)).to(images.dtype)[:, :, None, None]
        return torch.cat([images, values.expand(-1, -1, *images.shape[2:])], dim=1)


class LabelProjection(nn.Module):
    """The inner product of an image's features with a learned vector of its class.

    Added to the logit it makes a projection discriminator (Miyato & Koyama 2018,
    arXiv:1802.05637). The vectors are the rows of an `nn.Linear`, that is a head for each class,
    so that they begin as a head does, unless they have an `std`, and that spectral normalisation
    reaches them.
    """

    def __init__(self, features: int, classes: int, std: float | None = None) -> None:
        super().__init__()
        self.heads = nn.Linear(features, classes, bias=False)
        if std is not None:
            nn.init.normal_(self.heads.weight, 0.0, std)

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """Turn features (N, features) and labels (N,) into what they add to the logits (N,).

        Raises `ValueError` without labels.
        """
        values: Tensor = self.heads(features).gather(1, needed(labels)[:, None])
        return values.squeeze(1)


def joined(spec: GeneratorSpec) -> GeneratorSpec:
    """Return the specification of the layers behind a `LabelJoin`; the same without classes."""
    if not spec.classes:
        return spec
    return dataclasses.replace(spec, z_dim=spec.z_dim + min(spec.z_dim, LABEL_DIM))


def widened(spec: DiscriminatorSpec) -> DiscriminatorSpec:
    """Return the specification of the layers behind `LabelPlanes`; the same where none stand."""
    if not (spec.classes and spec.conditioning == "concat"):
        return spec
    return dataclasses.replace(spec, data=spec.data.with_channels(spec.channels + LABEL_PLANES))


def needed(labels: Tensor | None) -> Tensor:
    """Return `labels`; raises `ValueError` where a conditional network was given none."""
    if labels is None:
        raise ValueError("a class-conditional network needs labels")
    return labels
