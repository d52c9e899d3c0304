"""One file for each kind of trouble, and the list of them all."""

from typing import Any, Final

from ganterm.doctor.detectors.base import Detector
from ganterm.doctor.detectors.d_too_strong import DTooStrong
from ganterm.doctor.detectors.exploding_gradient import ExplodingGradient
from ganterm.doctor.detectors.g_too_strong import GTooStrong
from ganterm.doctor.detectors.lost_classes import LostClasses
from ganterm.doctor.detectors.memorising import Memorising
from ganterm.doctor.detectors.mode_collapse import ModeCollapse
from ganterm.doctor.detectors.not_finite import NotFinite
from ganterm.doctor.detectors.oscillation import Oscillation
from ganterm.doctor.detectors.plateau import Plateau
from ganterm.doctor.detectors.runaway import Runaway
from ganterm.doctor.detectors.spectral_norm import SpectralNorm
from ganterm.doctor.detectors.stall import Stall
from ganterm.doctor.detectors.vanishing_gradient import VanishingGradient

DETECTORS: Final[tuple[type[Detector[Any]], ...]] = (
    NotFinite,
    ExplodingGradient,
    Runaway,
    ModeCollapse,
    LostClasses,
    VanishingGradient,
    DTooStrong,
    GTooStrong,
    Oscillation,
    Memorising,
    SpectralNorm,
    Stall,
    Plateau,
)
"""In the order in which they speak when several find something in one record."""
