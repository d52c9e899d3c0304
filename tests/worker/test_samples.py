"""The sample grid shows the images of its latent vectors, in rows."""

from pathlib import Path

import torch

from ganterm.config import resolve
from ganterm.latent.sample import generate, latents
from ganterm.render.sheet import load_sheet
from ganterm.training.build import build
from ganterm.worker.samples import rasters_of, write_grid
from tests.runs.helpers import temps_in


def test_a_grid_holds_the_images(tmp_path: Path) -> None:
    """They can be taken out again, in order; drawing leaves the generator in training."""
    config = resolve({"recipe": "dcgan-8x8"}).config
    generator = build(config, torch.device("cpu")).generator.train()
    z = latents(6, config.z_dim, seed=1)
    path = tmp_path / "step-00000001.png"
    write_grid(path, generator, z, 3)
    assert load_sheet(path) == rasters_of(generate(generator, z))
    assert generator.training
    assert temps_in(tmp_path) == []


def test_images_in_colour_become_rasters() -> None:
    """(N, C, H, W) becomes row-major pixels with their channels together."""
    images = torch.arange(2 * 3 * 4 * 5, dtype=torch.uint8).reshape(2, 3, 4, 5)
    rasters = rasters_of(images)
    assert [(r.width, r.height, r.channels) for r in rasters] == [(5, 4, 3)] * 2
    assert rasters[1].pixels == images[1].permute(1, 2, 0).contiguous().numpy().tobytes()
