"""Spectral normalisation does not hold the discriminator's layers at 1."""

from __future__ import annotations

from ganterm.config import RunConfig
from ganterm.core.quantities import layers_in
from ganterm.core.records import MetricsRecord
from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.finding import Symptom

FAR, NEAR = 0.25, 0.1
"""Distance of a largest singular value from 1 where the trouble begins and where it is over."""


class SpectralNorm(Detector[MetricsRecord]):
    """A layer's largest singular value is far from the 1 that normalisation should hold it at.

    The power iteration takes one step a batch and lags behind weights that change too fast.
    """

    code = "spectral-norm"
    name = "Spectral normalisation slips"
    kind = MetricsRecord

    def __init__(self) -> None:
        super().__init__()
        self.layer = ""
        self.value = 1.0

    def take(self, record: MetricsRecord, config: RunConfig) -> None:
        """Take in the layer that is the farthest from 1, where they were measured."""
        known = {name: value for name, value in layers_in(record.values).items() if value}
        if known:
            self.layer, self.value = max(known.items(), key=lambda layer: abs(layer[1] - 1))

    def symptom(self) -> Symptom | None:
        """Return the trouble where a layer is far from 1."""
        if abs(self.value - 1) < FAR:
            return None
        return Symptom(
            f"Spectral normalisation slips: the largest singular value of D's layer {self.layer} "
            f"is {self.value:.3g} and not 1; its weights change faster than it can follow.",
            {"singular_value": self.value},
        )

    def relief(self) -> Symptom | None:
        """Tell of layers that are all near to 1."""
        if abs(self.value - 1) > NEAR:
            return None
        return Symptom(
            f"Every largest singular value of D is within {NEAR:g} of 1 again.",
            {"singular_value": self.value},
        )
