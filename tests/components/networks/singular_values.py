"""The largest singular values of a network's layers, by an eigenvalue solver."""

from __future__ import annotations

import torch
from torch import nn

from ganterm.components.networks.weights import weighted_layers


@torch.no_grad()
def largest_singular_values(module: nn.Module) -> dict[str, float]:
    """Return the largest singular value of every layer's effective weight, by layer name.

    A convolution's weight counts as the matrix (C_out, C_in·k·k), as in the paper. With spectral
    normalisation each value is 1 within the error of the power iteration. Reading leaves the
    layers' state as it is.
    """
    values = {}
    for name, layer in weighted_layers(module).items():
        training = layer.training
        layer.eval()  # in training mode reading the weight would take a power iteration
        weight = layer.weight
        layer.train(training)
        if isinstance(layer, nn.ConvTranspose2d):
            weight = weight.transpose(0, 1)
        matrix = weight.flatten(1).double()
        # the squares are the eigenvalues of the smaller Gram matrix, far cheaper than the SVD
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        values[name] = torch.linalg.eigvalsh(gram)[-1].clamp(min=0).sqrt().item()
    return values
