"""Style mixing: the coarse layers of one image, the fine layers of another.

Karras et al. 2018, arXiv:1812.04948, section 3.1. What the first layers decide is the pose and the
shape, what the last ones decide is the stroke.
"""

from __future__ import annotations

import torch
from torch import Tensor


def mixed(coarse: Tensor, fine: Tensor, crossover: int) -> Tensor:
    """Return styles (..., layers, w_dim) of `coarse` before layer `crossover`, of `fine` from it.

    0 is `fine` alone, the number of layers `coarse` alone. Both are broadcast.
    """
    layer = torch.arange(coarse.shape[-2], device=coarse.device)[:, None]
    return torch.where(layer < crossover, coarse, fine)
