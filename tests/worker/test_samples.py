"""The sample grids show the images of the latent vectors, in rows, and real ones."""

from pathlib import Path

import pytest
import torch
from torch.nn.functional import avg_pool2d

from ganterm.config import resolve
from ganterm.data import load
from ganterm.data.images import ImageSet
from ganterm.engine.build import build
from ganterm.engine.events import Metrics
from ganterm.engine.loop import Trainer
from ganterm.inference.sample import generate, latents
from ganterm.render.sheet import load_sheet, rows_of_sheet
from ganterm.worker.look import Look, PatchDistance
from ganterm.worker.samples import (
    Fixed,
    fixed_of,
    fixed_pictures,
    rasters_of,
    write_grid,
    write_real,
)
from tests.runs.helpers import temps_in

DIGITS = load("digits", image_size=8).images
BLACK = ImageSet(torch.zeros(4, 1, 2, 2, dtype=torch.uint8), None, name="black")


def test_a_grid_holds_the_images(tmp_path: Path) -> None:
    """They can be taken out again, in order; drawing leaves the generator in training."""
    config = resolve({"recipe": "dcgan-8x8"}).config
    generator = build(config, torch.device("cpu")).generator.train()
    z = latents(6, config.z_dim, seed=1)
    path = tmp_path / "step-00000001.png"
    write_grid(path, generator, Fixed(z, 3))
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
    write_real(path, ImageSet(images, None, name="x"), 2)
    assert [sheet.pixels[0] for sheet in load_sheet(path)] == [0, 10, 20, 30]
    assert [(sheet.width, sheet.height) for sheet in load_sheet(path)] == [(3, 2)] * 4
    assert temps_in(tmp_path) == []


def test_a_set_smaller_than_the_grid_is_shown_whole(tmp_path: Path) -> None:
    """No image comes twice."""
    images = torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1)
    write_real(tmp_path / "real.png", ImageSet(images, None, name="x"), 3)
    assert [sheet.pixels[0] for sheet in load_sheet(tmp_path / "real.png")] == [0, 1, 2, 3, 4]


def test_real_images_are_drawn_once(tmp_path: Path) -> None:
    """A run that goes on keeps those it has been compared with."""
    path = tmp_path / "real.png"
    path.write_bytes(b"there already")
    write_real(path, BLACK, 2)
    assert path.read_bytes() == b"there already"


def test_each_class_has_a_row_of_the_same_latents(tmp_path: Path) -> None:
    """A column has one style; the sheet says what its rows are; the preview has a few of each."""
    config = resolve({"recipe": "dcgan-8x8", "conditional": "projection", "sample_grid": 3}).config
    classes = ("nought", "one", "two", "three", "four")
    data = config.data_spec.with_classes(classes)
    generator = build(config, torch.device("cpu"), data).generator
    fixed = fixed_of(config, data)
    assert fixed.labels is not None
    assert fixed.labels.tolist() == [label for label in range(5) for _ in range(3)]
    assert all(torch.equal(fixed.z[3 * row : 3 * row + 3], fixed.z[:3]) for row in range(5))
    path = tmp_path / "step-00000001.png"
    write_grid(path, generator, fixed)
    pictures = rasters_of(generate(generator, fixed.z, fixed.labels))
    assert load_sheet(path) == pictures
    assert rows_of_sheet(path) == classes
    preview = fixed.preview()
    assert (preview.columns, len(preview.z)) == (3, 15)
    assert rasters_of(fixed_pictures(generator, preview)) == pictures


def test_a_preview_has_as_many_of_each_class() -> None:
    """Of ten classes two, of eighty the first 64 and one of each, of points all."""
    config = resolve({"recipe": "dcgan-8x8", "conditional": "projection"}).config
    ten = fixed_of(config, config.data_spec.with_classes("0123456789")).preview()
    assert ten.labels is not None
    assert (ten.columns, ten.labels.tolist()) == (2, [label for label in range(10) for _ in "ab"])
    eighty = fixed_of(config, config.data_spec.with_classes(tuple(map(str, range(80))))).preview()
    assert eighty.labels is not None
    assert eighty.labels.tolist() == list(range(64))
    assert len(eighty.rows) == 64
    config = resolve({"recipe": "ring", "conditional": "projection"}).config
    ring = fixed_of(config, config.data_spec.with_classes("ab"))
    assert ring.labels is not None
    assert ring.labels[:4].tolist() == [0, 1, 0, 1]
    few = ring.preview()
    assert few.labels is not None
    assert len(few.labels) == len(few.z) == 16
    config = resolve({"recipe": "ring"}).config
    assert not fixed_of(config, config.data_spec).rows


def test_a_plain_sheet_says_nothing_of_its_rows(tmp_path: Path) -> None:
    """So that it may be laid out anew for any screen."""
    write_real(tmp_path / "real.png", BLACK, 2)
    assert rows_of_sheet(tmp_path / "real.png") == ()


@pytest.mark.parametrize("times", [1, 3])
def test_patches_are_as_far_from_real_ones_as_images_look(times: int) -> None:
    """Other real images are as near as any; blurred ones, noise and one image for all are far."""
    real = DIGITS.repeat_interleave(times, 2).repeat_interleave(times, 3)
    distance = PatchDistance(real[:1000])
    others = real[1000 : 1000 + distance.count]
    noise = torch.randint(0, 256, others.shape, generator=torch.Generator().manual_seed(0))
    blurred = avg_pool2d(others.float(), 5, 1, 2)
    assert 0.7 < distance.of(others) < 1.5
    for far in (noise, blurred, others.float().mean(dim=0).expand_as(others)):
        assert distance.of(far.to(torch.uint8)) > 2.5


def test_a_look_leaves_networks_and_random_numbers_as_they_are() -> None:
    """What comes after is the same; layers of D are measured where they are normalised."""
    settings = {"recipe": "dcgan-8x8", "steps": 4, "epochs": 0, "log_every": 1}
    weights = []
    for looking in (True, False):
        config = resolve({**settings, "spectral_norm": True}).config
        trainer = Trainer(config, DIGITS[:64], torch.device("cpu"))
        if looking:
            trainer.look = Look(trainer, trainer.networks.generator, DIGITS[:64])
        told = [event.values for event in trainer.run() if isinstance(event, Metrics)]
        layers = {name for each in told for name in each if name.startswith("singular_value ")}
        assert (len(layers), "patch_distance" in told[-1]) == ((3, True) if looking else (0, False))
        state = trainer.networks.generator.state_dict()
        weights.append(torch.cat([tensor.flatten().float() for tensor in state.values()]))
    assert torch.equal(*weights)


def test_few_images_and_points_have_no_patches() -> None:
    config = resolve({"recipe": "ring"}).config
    points = load("ring").images
    trainer = Trainer(config, points, torch.device("cpu"))
    assert Look(trainer, trainer.networks.generator, points)() == {}
    config = resolve({"recipe": "dcgan-8x8"}).config
    trainer = Trainer(config, DIGITS[:20], torch.device("cpu"))
    assert Look(trainer, trainer.networks.generator, DIGITS[:20])() == {}
