"""Holds fitting of square tensors: exact where it can be, in range and in pieces everywhere."""

import pytest
import torch

from ganterm.core.errors import ConfigError
from ganterm.data.fit import PIECE, check_shape, fit_images, in_pieces


def noise(count: int, channels: int, side: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(
        0, 256, (count, channels, side, side), dtype=torch.uint8, generator=generator
    )


def test_padding_keeps_every_pixel_and_adds_black() -> None:
    images = noise(3, 1, 28)
    fitted = fit_images([images], 3, image_size=32, channels=1)
    assert torch.equal(fitted[:, :, 2:30, 2:30], images)
    fitted[:, :, 2:30, 2:30] = 0
    assert not fitted.any()


@pytest.mark.parametrize("size", [7, 8, 28, 64])
def test_flat_images_stay_flat(size: int) -> None:
    images = torch.full((2, 1, 16, 16), 200, dtype=torch.uint8)
    fitted = fit_images([images], 2, image_size=size, channels=1, fit="resize")
    assert fitted.shape == (2, 1, size, size)
    assert fitted.dtype == torch.uint8
    assert fitted.is_contiguous()
    assert set(fitted.flatten().tolist()) == {200}


def test_shrinking_averages_instead_of_skipping() -> None:
    stripes = torch.zeros((1, 1, 32, 32), dtype=torch.uint8)
    stripes[..., ::4] = 200  # between the points that plain bilinear sampling looks at
    fitted = fit_images([stripes], 1, image_size=8, channels=1)
    assert fitted.float().sub(50).abs().max() < 15


def test_grey_becomes_three_equal_channels_and_colour_its_luma() -> None:
    images = noise(2, 1, 8)
    colour = fit_images([images], 2, image_size=8, channels=3)
    assert torch.equal(colour, images.expand(-1, 3, -1, -1))
    assert torch.equal(fit_images([colour], 2, image_size=8, channels=1), images)
    red = torch.zeros((1, 3, 4, 4), dtype=torch.uint8)
    red[:, 0] = 255
    grey = fit_images([red], 1, image_size=4, channels=1)
    assert set(grey.flatten().tolist()) == {76}


def test_pieces_give_what_the_whole_gives() -> None:
    images = noise(PIECE + 5, 1, 4)
    pieces = list(in_pieces(images))
    assert [len(piece) for piece in pieces] == [PIECE, 5]
    told: list[int] = []
    fitted = fit_images(
        pieces,
        len(images),
        image_size=6,
        channels=1,
        progress=lambda what, done, total, unit: told.append(done),
    )
    assert torch.equal(fitted, fit_images([images], len(images), image_size=6, channels=1))
    assert told == [PIECE, PIECE + 5]


@pytest.mark.parametrize(("size", "channels"), [(0, 1), (-3, 1), (5000, 1), (28, 2), (28, 5)])
def test_shapes_that_make_no_sense_are_refused(size: int, channels: int) -> None:
    with pytest.raises(ConfigError):
        check_shape(size, channels)
