"""Images of any program are read as what they are: folders, arrays, IDX files, sheets."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.utils import make_grid, save_image

from ganterm.core.errors import ConfigError, DataError
from ganterm.data.given import Statistics, in_shape, load_given
from ganterm.data.images import ImageSet
from ganterm.render.raster import from_nchw
from ganterm.render.sheet import save_sheet

GREY = torch.randint(0, 256, (12, 1, 16, 16), generator=torch.Generator().manual_seed(0)).byte()
COLOUR = torch.randint(0, 256, (6, 3, 16, 16), generator=torch.Generator().manual_seed(1)).byte()


def loaded(place: Path, **options: Any) -> ImageSet:
    found = load_given(str(place), **options)
    assert isinstance(found, ImageSet)
    return found


def stored(path: Path, array: torch.Tensor) -> Path:
    np.save(path, array.numpy())
    return path


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY[:, 0], GREY),
        (GREY, GREY),
        (GREY.expand(-1, 3, -1, -1), GREY),
        (COLOUR, COLOUR),
        (COLOUR.permute(0, 2, 3, 1), COLOUR),
        (GREY / 255, GREY),
        (GREY / 127.5 - 1, GREY),
        (GREY.float(), GREY),
    ],
)
def test_arrays_of_every_layout_and_range(
    tmp_path: Path, array: torch.Tensor, expected: torch.Tensor
) -> None:
    """What has no colours is grey, whatever its channels; values are told by their range."""
    assert torch.equal(loaded(stored(tmp_path / "a.npy", array)).images, expected)


def test_an_npz_holds_images_or_statistics(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, arr_0=COLOUR.permute(0, 2, 3, 1).numpy(), arr_1=np.arange(6))
    assert torch.equal(loaded(path).images, COLOUR)
    np.savez(path, mu=np.zeros(4), sigma=np.eye(4))
    found = load_given(str(path))
    assert isinstance(found, Statistics)
    assert (found.mean.shape, found.covariance.shape) == ((4,), (4, 4))
    np.savez(path, mu=np.zeros(4), sigma=np.eye(5))
    with pytest.raises(DataError, match=r"mu of shape \(4,\) and sigma of \(5, 5\)"):
        load_given(str(path))
    np.savez(path, first=np.zeros(3), second=np.zeros(3))
    with pytest.raises(DataError, match="holds the arrays first, second: save the images"):
        load_given(str(path))


def test_an_idx_file_packed_or_not(tmp_path: Path) -> None:
    content = b"\0\0\x08\x03" + struct.pack(">3I", 12, 16, 16) + GREY.numpy().tobytes()
    (tmp_path / "plain").write_bytes(content)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(content))
    for name in ("plain", "packed.gz"):
        assert torch.equal(loaded(tmp_path / name).images, GREY)


def test_a_folder_is_read_as_a_dataset(tmp_path: Path) -> None:
    for index, image in enumerate(GREY):
        Image.fromarray(image[0].numpy()).convert("RGB").save(tmp_path / f"{index:02}.png")
    assert torch.equal(loaded(tmp_path).images, GREY)


def test_a_sheet_of_ganterm_is_cut_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    save_sheet(from_nchw(COLOUR.numpy().tobytes(), COLOUR.shape), 4, path)
    found = loaded(path)
    assert torch.equal(found.images, COLOUR)
    assert found.notes == ["sheet.png is a sheet of ganterm with 6 images."]


@pytest.mark.parametrize("padding", [1, 2, 5])
def test_tiles_are_found_by_what_lies_between(tmp_path: Path, padding: int) -> None:
    """Of torchvision's grids, the last row of which is not full."""
    path = tmp_path / "grid.png"
    save_image(make_grid(COLOUR[:5] / 255, nrow=3, padding=padding), path)
    found = loaded(path)
    assert torch.equal(found.images, COLOUR[:5])
    assert found.notes == [f"grid.png is taken for 5 tiles of 16x16, {padding} pixels apart."]


def test_digits_on_black_between_black_lines_are_found(tmp_path: Path) -> None:
    """Their margins are as black as the lines, but do not divide the picture evenly."""
    digits = torch.zeros(24, 1, 28, 28, dtype=torch.uint8)
    digits[:, :, 4:24, 4:24] = torch.randint(1, 256, (24, 1, 20, 20)).byte()
    path = tmp_path / "grid.png"
    save_image(make_grid(digits / 255, nrow=6), path)
    assert torch.equal(loaded(path).images, digits)


def test_tiles_without_anything_between_are_cut_where_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "grid.png"
    save_image(make_grid(GREY[:6] / 255, nrow=3, padding=0), path)
    with pytest.raises(DataError, match=r"48x32 pixels\) is no sheet of equal tiles.*--tile N"):
        load_given(str(path))
    assert torch.equal(loaded(path, tile=16).images, GREY[:6])
    assert torch.equal(loaded(path, tile="32x16").images[0], GREY[[0, 3]].reshape(1, 32, 16))
    for tile in (13, "16x13"):
        with pytest.raises(DataError, match=f"no sheet of tiles of {tile} pixels"):
            load_given(str(path), tile=tile)


@pytest.mark.parametrize("shape", [(48, 64), (32, 9), (9, 32)])
@pytest.mark.parametrize("padding", [1, 3])
@pytest.mark.parametrize("count", [2, 5])
def test_oblong_tiles_are_found_too(
    tmp_path: Path, shape: tuple[int, int], padding: int, count: int
) -> None:
    """Height first; and the size that is given is believed over what is seen."""
    tiles = torch.randint(0, 256, (count, 3, *shape), dtype=torch.uint8)
    path = tmp_path / "grid.png"
    save_image(make_grid(tiles / 255, nrow=3, padding=padding), path)
    size = f"{shape[0]}x{shape[1]}"
    for tile in (None, size):
        found = loaded(path, tile=tile)
        assert torch.equal(found.images, tiles)
        assert found.notes == [
            f"grid.png is taken for {count} tiles of {size}, {padding} pixels apart."
        ]


def test_images_are_brought_to_a_size_and_channels_as_datasets_are() -> None:
    found = in_shape(ImageSet(GREY, None, name="grey"), image_size=32, channels=3)
    assert found.images.shape == (12, 3, 32, 32)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (None, ConfigError, "There is no file or folder"),
        (b"", DataError, "is no .npy, .npz, IDX or image file"),
        (b"PK\x03\x04 and no more", DataError, "damaged, or no .npz"),
        (b"\x93NUMPY and no more", DataError, "damaged, or no array"),
        (b"\0\0\x08\x03" + bytes(4), DataError, "ends inside its header"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, content: bytes | None, error: type[Exception], words: str
) -> None:
    path = tmp_path / "thing"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=words):
        load_given(str(path))


def test_arrays_that_are_no_images_are_refused(tmp_path: Path) -> None:
    for array, words in (
        (torch.zeros(7), "holds no images: its shape"),
        (torch.full((3, 8, 8), torch.nan), "no finite numbers"),
        (torch.full((3, 8, 8), 900.0), "between 900 and 900"),
    ):
        with pytest.raises(DataError, match=words):
            load_given(str(stored(tmp_path / "a.npy", array)))
