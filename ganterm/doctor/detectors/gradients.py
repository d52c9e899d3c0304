"""Gradient norms of both networks over the latest steps, for the detectors that watch them."""

from __future__ import annotations

from typing import Final

from ganterm.core.records import MetricsRecord
from ganterm.doctor.window import Window

NETWORKS: Final = {"grad_norm_g": "G", "grad_norm_d": "D"}


class Norms:
    """The latest norms by field, and the largest that was usual for each so far."""

    def __init__(self, steps: int) -> None:
        self.latest = {key: Window(steps) for key in NETWORKS}
        self.largest = dict.fromkeys(NETWORKS, 0.0)

    def take(self, record: MetricsRecord) -> None:
        """Take in the norms of a metrics record."""
        for key, window in self.latest.items():
            if window.full:
                self.largest[key] = max(self.largest[key], window.median)
            window.add(record.step, record.values.get(key))
