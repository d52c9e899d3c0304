"""The sample grids show the images of the latent vectors, in rows, and real ones."""

from pathlib import Path

import torch

from ganterm.config import resolve
from ganterm.latent.sample import generate, latents
from ganterm.render.sheet import load_sheet
from ganterm.training.build import build
from ganterm.worker.samples import rasters_of, write_grid, write_real
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


def test_real_images_are_spread_over_the_set(tmp_path: Path) -> None:
    """Of 40 images in the order of their classes every tenth comes, in a grid of two columns."""
    images = torch.arange(40, dtype=torch.uint8).reshape(40, 1, 1, 1).expand(40, 1, 2, 3)
    path = tmp_path / "real.png"
    write_real(path, images, 2)
    assert [sheet.pixels[0] for sheet in load_sheet(path)] == [0, 10, 20, 30]
    assert [(sheet.width, sheet.height) for sheet in load_sheet(path)] == [(3, 2)] * 4
    assert temps_in(tmp_path) == []


def test_a_set_smaller_than_the_grid_is_shown_whole(tmp_path: Path) -> None:
    """No image comes twice."""
    images = torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1)
    write_real(tmp_path / "real.png", images, 3)
    assert [sheet.pixels[0] for sheet in load_sheet(tmp_path / "real.png")] == [0, 1, 2, 3, 4]


def test_real_images_are_drawn_once(tmp_path: Path) -> None:
    """A run that goes on keeps those it has been compared with."""
    path = tmp_path / "real.png"
    path.write_bytes(b"there already")
    write_real(path, torch.zeros(4, 1, 2, 2, dtype=torch.uint8), 2)
    assert path.read_bytes() == b"there already"
