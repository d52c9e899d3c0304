"""Growing: which resolution stands when, and what real images look like meanwhile."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from ganterm.components.networks.growth import Growth, Stage, enlarged, sizes_of
from ganterm.core.dataspec import ImageSize, Size


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (8, (4, 8)),
        (28, (7, 14, 28)),
        (32, (4, 8, 16, 32)),
        (30, (15, 30)),
        (7, (7,)),
        ("48x64", ("6x8", "12x16", "24x32", "48x64")),
        ("8x128", ("4x64", "8x128")),
    ],
)
def test_sizes_double_from_at_least_four_pixels(
    size: ImageSize, sizes: tuple[ImageSize, ...]
) -> None:
    assert sizes_of(Size.of(size)) == tuple(map(Size.of, sizes))


def test_each_resolution_stands_and_the_next_fades_in() -> None:
    growth = Growth(levels=3, grow=100, fade=50)
    stages = [growth.stage(images) for images in (0, 99, 100, 125, 149, 150, 249, 250, 275, 300)]
    assert stages == [
        *(Stage(0), Stage(0)),
        *(Stage(1, 0.0), Stage(1, 0.5), Stage(1, 0.98)),
        *(Stage(1), Stage(1)),
        *(Stage(2, 0.0), Stage(2, 0.5), Stage(2)),
    ]
    assert growth.stage(10**12) == Stage(2)


def test_without_a_fade_the_resolution_switches_at_once() -> None:
    growth = Growth(levels=3, grow=100, fade=0)
    assert [growth.stage(images) for images in (99, 100, 199, 200)] == [
        *(Stage(0), Stage(1), Stage(1), Stage(2))
    ]


@pytest.mark.parametrize("fade", [0, 50])
def test_it_knows_after_how_many_images_it_is_done(fade: int) -> None:
    growth = Growth(levels=3, grow=100, fade=fade)
    assert growth.stage(growth.images) == Stage(2)
    assert growth.stage(growth.images - 1) != Stage(2)


def test_one_resolution_has_nothing_to_grow_to() -> None:
    assert Growth(levels=1, grow=100, fade=50).stage(0) == Stage(0)


def test_real_images_have_no_more_detail_than_the_networks() -> None:
    growth = Growth(levels=3, grow=100, fade=50)
    images = torch.randn(2, 3, 28, 28)
    lowest, middle = functional.avg_pool2d(images, 4), functional.avg_pool2d(images, 2)
    torch.testing.assert_close(growth.shrunk(images, 0), lowest)
    torch.testing.assert_close(growth.shrunk(images, 100), enlarged(lowest))
    torch.testing.assert_close(growth.shrunk(images, 125), (enlarged(lowest) + middle) / 2)
    torch.testing.assert_close(growth.shrunk(images, 150), middle)
    torch.testing.assert_close(growth.shrunk(images, 275), (enlarged(middle) + images) / 2)
    assert growth.shrunk(images, 300) is images
