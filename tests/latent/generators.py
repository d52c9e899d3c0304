"""Small generators with random weights, as they come from a checkpoint."""

import torch

from ganterm.config import resolve
from ganterm.networks import Generator
from ganterm.networks.configured import generator_of


def small(recipe: str, **settings: object) -> Generator:
    """Give the generator of a recipe, narrow, in evaluation mode, its weights frozen."""
    config = resolve({"dataset": "digits", "width": 0.125, **settings, "recipe": recipe}).config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = generator_of(config)
    return generator.eval().requires_grad_(False)
