"""What every generator and every discriminator is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.utils import parametrize
from torch.overrides import handle_torch_function, has_torch_function_unary

from ganterm.components.networks.conditioning import LabelJoin, LabelPlanes, LabelProjection
from ganterm.components.networks.facts import DiscriminatorParts, DiscriminatorSpec, GeneratorSpec


def whole_batch(rows: Tensor) -> Tensor:
    """Return the rows (M, …) of the whole batch, of which `rows` (N, …) are those at hand.

    They are all there is, unless several processes train together: those of the others come by
    PyTorch's override of functions then, differentiable as they are.
    """
    if has_torch_function_unary(rows):
        whole: Tensor = handle_torch_function(whole_batch, (rows,), rows)
        return whole
    return rows


class MinibatchDiscrimination(nn.Module):
    """Batch statistics of features (Salimans et al. 2016, arXiv:1606.03498, section 3.2).

    Features f(x_i) are projected to a matrix M_i of `kernels` rows of `kernel_dim` values, and
    o(x_i)_b = Σ_{j≠i} exp(-‖M_i,b - M_j,b‖₁). The paper's sum has the term j = i as well, which is
    1 whatever the image; without it a batch of one image has the statistics 0.

    The projection is an `nn.Linear` so that spectral normalisation reaches it; it has no bias,
    which the differences would cancel.
    """

    def __init__(self, features: int, *, kernels: int = 32, kernel_dim: int = 5) -> None:
        super().__init__()
        self.kernels = kernels
        self.kernel_dim = kernel_dim
        self.projection = nn.Linear(features, kernels * kernel_dim, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Turn features (N, features) into statistics (N, kernels) in [0, N - 1]."""
        rows = self.projection(features).unflatten(1, (self.kernels, self.kernel_dim))
        # bfloat16 cannot tell a sum of N - 1 near-equal terms from the next
        rows = rows.to(torch.promote_types(rows.dtype, torch.float32))
        # not torch.cdist, whose backward has no derivative of its own for gradient penalties
        others = whole_batch(rows).unsqueeze(0)
        distances = (rows.unsqueeze(1) - others).abs().sum(3)  # (N, N, kernels)
        similarities: Tensor = torch.exp(-distances).sum(1) - 1.0
        return similarities


class Generator(nn.Module, ABC):
    """A network from latent vectors (N, z_dim) to images (N, C, H, W) in [-1, 1].

    One that is conditioned on `classes` needs the class of each image as well; elsewhere that is 0.

    Attributes:
        data: what it makes.
        default_class: the class that a conditional generator makes where it is given no labels.
    """

    default_class: int | None = None

    def __init__(self, spec: GeneratorSpec) -> None:
        super().__init__()
        self.z_dim = spec.z_dim
        self.data = spec.data
        self.classes = spec.classes

    @abstractmethod
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latent vectors (N, z_dim) into images (N, C, H, W) in [-1, 1].

        `labels` (N,) are classes from 0, for a conditional generator, which raises `ValueError`
        without them unless it has a default class; another leaves them aside.
        """

    @property
    def entrance(self) -> nn.Module:
        """The module that latents (N, z_dim) are given to first."""
        return self

    def labels_for(self, z: Tensor, labels: Tensor | None) -> Tensor | None:
        """Return `labels`, or where there are none the default class of each latent (N, z_dim)."""
        if labels is None and self.default_class is not None:
            return torch.full((z.shape[0],), self.default_class, device=z.device)
        return labels


class SequentialGenerator(Generator):
    """A generator that is one stack of layers, as the classic families have it.

    Where it is conditional the layers take the latent vector and what the label became, joined.
    """

    def __init__(self, layers: nn.Sequential, spec: GeneratorSpec) -> None:
        super().__init__(spec)
        self.join = LabelJoin(spec.classes, spec.z_dim) if spec.classes else None
        self.layers = layers

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn latent vectors (N, z_dim) into images (N, C, H, W) in [-1, 1]."""
        if self.join is not None:
            z = self.join(z, self.labels_for(z, labels))
        images: Tensor = self.layers(z)
        return images


class Discriminator(nn.Module):
    """A body from images to features, and a linear head from features to one logit per image.

    Without a head the projection of the class is all of the logit.

    With minibatch discrimination the batch statistics are joined to the features. The head is
    linear, so a linear layer over the features with the statistics appended is the sum of two:
    `head(features) + minibatch_head(statistics)`; the published head stays as it is. A class adds
    to the logit by projection of the features, or stands beside the channels of the image.
    """

    def __init__(self, parts: DiscriminatorParts, spec: DiscriminatorSpec) -> None:
        super().__init__()
        self.body = parts.body
        self.head = parts.head
        self.minibatch: MinibatchDiscrimination | None = None
        self.minibatch_head: nn.Linear | None = None
        if spec.minibatch_discrimination:
            self.minibatch = MinibatchDiscrimination(parts.feature_count)
            self.minibatch_head = nn.Linear(self.minibatch.kernels, 1, bias=False)
        self.planes: LabelPlanes | None = None
        self.projection: LabelProjection | None = None
        if spec.classes and spec.conditioning == "concat":
            self.planes = LabelPlanes(spec.classes)
        elif spec.classes:
            self.projection = LabelProjection(parts.feature_count, spec.classes, parts.class_std)

    @property
    def batch_independent(self) -> bool:
        """Whether a logit is a function of its image and the weights alone, while training too.

        Then it makes no difference how images are divided into batches, nor how many passes there
        are. Statistics of a batch, dropout, and spectral normalisation, which goes on iterating at
        every pass, make one.
        """
        return not any(
            isinstance(layer, (_BatchNorm, _DropoutNd, MinibatchDiscrimination))
            or parametrize.is_parametrized(layer)
            for layer in self.modules()
        )

    @property
    def blocks(self) -> list[list[nn.Parameter]]:
        """The parameters of the body by block, from the image on.

        A block is a part of the body with weights, and the normalisations that follow it.
        """
        found: list[list[nn.Parameter]] = []
        for part in getattr(self.body, "in_order", self.body.children()):
            parameters = list(part.parameters())
            if found and all(each.dim() < 2 for each in parameters):
                found[-1] += parameters
            elif parameters:
                found.append(parameters)
        return found

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Turn images (N, C, H, W) in [-1, 1] into logits (N,): above 0 means 'real'.

        `labels` (N,) are the classes from 0 that the images are said to have, for a conditional
        discriminator, which raises `ValueError` without them; another leaves them aside.
        """
        features = self.body(images if self.planes is None else self.planes(images, labels))
        # reshape, not flatten: images of a wrong size must fail instead of yielding more logits
        logits: Tensor = features.new_zeros(())
        if self.head is not None:
            logits = self.head(features).reshape(images.shape[0])
        if self.minibatch is not None and self.minibatch_head is not None:
            statistics = self.minibatch(features.flatten(1))  # (N, kernels)
            logits = logits + self.minibatch_head(statistics).squeeze(1)
        if self.projection is not None:
            logits = logits + self.projection(features.flatten(1), labels)
        return logits


def count_parameters(module: nn.Module) -> int:
    """Return the number of learnable values of `module`, all parameter tensors together."""
    return sum(parameter.numel() for parameter in module.parameters())
