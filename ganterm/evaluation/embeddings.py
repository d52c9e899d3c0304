"""What a judge sees in a set of images."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Features (N, F) and class probabilities (N, K) of N images, float32 on the CPU.

    K is 0 where the judge knows no classes.
    """

    features: torch.Tensor
    probabilities: torch.Tensor

    def __len__(self) -> int:
        return len(self.features)

    def first(self, count: int) -> Embeddings:
        """Return the looks at the first `count` images, or at all if there are fewer."""
        return Embeddings(self.features[:count], self.probabilities[:count])

    def as_tensors(self) -> dict[str, torch.Tensor]:
        """Return both by name, contiguous, for a file."""
        return {
            "features": self.features.contiguous(),
            "probabilities": self.probabilities.contiguous(),
        }
