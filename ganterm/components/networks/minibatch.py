"""Minibatch discrimination: let the discriminator see how alike the images of a batch are."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
        distances = (rows.unsqueeze(1) - rows.unsqueeze(0)).abs().sum(3)  # (N, N, kernels)
        similarities: Tensor = torch.exp(-distances).sum(1) - 1.0
        return similarities
