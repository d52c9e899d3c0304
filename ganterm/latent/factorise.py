"""Directions from a generator's weights alone: closed-form factorisation.

SeFa (Shen and Zhou 2021, arXiv:2007.06600): the first layer turns a step n of the latent into A n,
whatever the latent was. The unit steps that make the most of it are the eigenvectors of A^T A with
the largest eigenvalues. No image is drawn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganterm.errors import ConfigError
from ganterm.latent.exploration import Ranking
from ganterm.networks import Generator
from ganterm.networks.stylegan import StyleGenerator


def factorise(generator: Generator) -> Ranking:
    """Return the directions that the first layer stretches most; a strength is by how much.

    Raises ConfigError for a generator whose first layer is neither linear nor a convolution.
    """
    return directions_of(first_weight(generator))


def directions_of(weight: Tensor) -> Ranking:
    """Return the right singular vectors of a matrix (outputs, d) and its singular values.

    The sign of a direction is free; here its largest component is positive.
    """
    _, strengths, directions = torch.linalg.svd(weight.double().cpu(), full_matrices=False)
    largest = directions.abs().argmax(dim=1, keepdim=True)
    directions = directions * directions.gather(1, largest).sign()
    return Ranking(directions.float(), strengths.float())


def style_weights(generator: StyleGenerator) -> Tensor:
    """Return the matrix (outputs, w_dim) by which all layers together read their style."""
    readers = [module.style for module in generator.synthesis.modules() if hasattr(module, "style")]
    return torch.cat([reader.weight for reader in readers if isinstance(reader, nn.Linear)])


def first_weight(generator: Generator) -> Tensor:
    """Return the matrix (outputs, z_dim) by which the first layer multiplies a latent.

    What a label is multiplied by, behind the latent, is left out.
    """
    for layer in generator.modules():
        if isinstance(layer, nn.Linear):
            return layer.weight[:, : generator.z_dim]
        if isinstance(layer, nn.ConvTranspose2d):
            # Of a latent as z_dim images of one pixel: (z_dim, outputs, k, k).
            return layer.weight[: generator.z_dim].flatten(1).T
    raise ConfigError("This generator's first layer is not linear, so it cannot be factorised.")
