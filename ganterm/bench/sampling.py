"""How long a thousand new images take."""

from __future__ import annotations

import time

from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import Settings
from ganterm.bench.workload import config_of, recipe_name
from ganterm.config import RunConfig
from ganterm.data import Progress
from ganterm.data.classes import conditioned_spec
from ganterm.latent.sample import generate, latents
from ganterm.networks import Generator
from ganterm.training.build import build, choose_device, synchronize

IMAGES = 1000
TIMES = 10

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("image_size", "IMAGE SIZE", "count"),
    Column("images", "IMAGES", "count"),
    Column("seconds", "TIME", "ms"),
    Column("images_per_s", "IMAGES/s", "rate"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Generate with each recipe's generator, in turn with the others."""
    configs = {name: config_of(name, settings.device) for name in settings.recipes}
    generators = {name: _generator(config) for name, config in configs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in configs}
    total = (TIMES + 1) * len(configs)
    for done in range(total):
        progress("times", done, total, "thousands")
        name = list(configs)[done % len(configs)]
        taken = _time(generators[name], configs[name].z_dim)
        if done >= len(configs):  # the first time warms up
            seconds[name].append(taken)
    progress("times", total, total, "thousands")
    return Result(
        title="Sampling",
        method=(
            f"{IMAGES:,} images from latent vectors to bytes of pixels, as `ganterm sample` makes "
            f"them once PyTorch is imported and the generator loaded, {TIMES} times in turn after "
            "one that is left out. Weights are untrained, which changes no time."
        ),
        columns=_COLUMNS,
        rows=[_row(name, configs[name], taken) for name, taken in seconds.items()],
    )


def _generator(config: RunConfig) -> Generator:
    return build(config, choose_device(config.device), conditioned_spec(config)).generator


def _time(generator: Generator, z_dim: int) -> float:
    synchronize(next(generator.parameters()).device)
    began = time.perf_counter()
    # The bytes come to the CPU, so that the device is through when it returns.
    generate(generator, latents(IMAGES, z_dim, seed=0))
    return time.perf_counter() - began


def _row(name: str, config: RunConfig, seconds: list[float]) -> dict[str, Value]:
    return {
        "recipe": recipe_name(name),
        "image_size": config.image_size,
        "images": IMAGES,
        "seconds": Spread.of(seconds),
        "images_per_s": Spread.of(IMAGES / each for each in seconds),
    }
