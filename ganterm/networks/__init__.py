"""Generators and discriminators, one file per family; they know nothing of losses."""

from ganterm.networks.base import Discriminator, Generator, count_parameters
from ganterm.networks.equalised import learning_rates
from ganterm.networks.init import INIT_SCHEMES, init_weights
from ganterm.networks.registry import build_discriminator, build_generator
from ganterm.networks.spec import DiscriminatorSpec, GeneratorSpec
from ganterm.networks.spectral import apply_spectral_norm, largest_singular_values

__all__ = [
    "INIT_SCHEMES",
    "Discriminator",
    "DiscriminatorSpec",
    "Generator",
    "GeneratorSpec",
    "apply_spectral_norm",
    "build_discriminator",
    "build_generator",
    "count_parameters",
    "init_weights",
    "largest_singular_values",
    "learning_rates",
]
