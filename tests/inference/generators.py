"""Small generators with random weights, as they come from a checkpoint."""

import torch
from torch import nn

from ganterm.components.networks.base import Generator, SequentialGenerator
from ganterm.components.networks.facts import GeneratorSpec
from ganterm.components.networks.from_config import generator_from
from ganterm.config import resolve
from ganterm.core.dataspec import DataSpec


def of_layers(*layers: nn.Module, z_dim: int, image_size: int) -> Generator:
    """Give a generator of grey images made of these layers."""
    spec = GeneratorSpec(z_dim=z_dim, data=DataSpec.image(image_size, 1))
    return SequentialGenerator(nn.Sequential(*layers), spec).eval().requires_grad_(False)


def small(recipe: str, **settings: object) -> Generator:
    """Give the generator of a recipe, narrow, in evaluation mode, its weights frozen."""
    config = resolve({"dataset": "digits", "width": 0.125, **settings, "recipe": recipe}).config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = generator_from(config, config.data_spec.with_classes("0123456789"))
    return generator.eval().requires_grad_(False)
