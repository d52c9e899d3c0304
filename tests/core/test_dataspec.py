"""One spec says what data are: of any shape, with what every room derives from it."""

from __future__ import annotations

import msgspec
import pytest
import torch

from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec, ImageSize, Size
from ganterm.data.images import ImageSet


@pytest.mark.parametrize(
    ("data", "tensor", "values", "words", "bounds"),
    [
        (DataSpec.image(28, 1), (1, 28, 28), 784, "28x28", (-1.0, 1.0)),
        (DataSpec(kind="image", shape=(4, 16, 24)), (4, 16, 24), 1536, "16x24", (-1.0, 1.0)),
        (DataSpec.point(2), (2, 1, 1), 2, "2-D", None),
        (DataSpec.point(3), (3, 1, 1), 3, "3-D", None),
    ],
)
def test_shapes_values_and_words(
    data: DataSpec,
    tensor: tuple[int, ...],
    values: int,
    words: str,
    bounds: tuple[float, float] | None,
) -> None:
    assert (data.tensor_shape, data.values, data.size_words) == (tensor, values, words)
    assert (data.value_range, data.is_points) == (bounds, bounds is None)


@pytest.mark.parametrize(
    ("told", "size", "setting"),
    [
        (64, (64, 64), 64),
        ("64", (64, 64), 64),
        ("64x64", (64, 64), 64),
        ("48x64", (48, 64), "48x64"),
    ],
)
def test_a_size_is_one_integer_or_height_first(
    told: ImageSize, size: tuple[int, int], setting: ImageSize
) -> None:
    assert Size.of(told) == size
    assert Size.of(told).setting == setting
    assert Size.of(Size.of(told).setting) == size


@pytest.mark.parametrize("told", ["", "48x", "x64", "48x64x3", "-4", "4.5", "48X64", "٤٨"])
def test_what_is_no_size_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        Size.of(told)


def test_it_goes_through_json_and_takes_classes() -> None:
    data = DataSpec.image(8, 3).with_classes(["cat", "dog"])
    assert data.classes == ("cat", "dog")
    assert msgspec.json.decode(msgspec.json.encode(data), type=DataSpec) == data


def test_a_configuration_and_loaded_images_say_the_same() -> None:
    images = ImageSet(torch.zeros(5, 3, 32, 32, dtype=torch.uint8), None, name="x", classes=("a",))
    config = RunConfig(image_size=32, channels=3)
    assert images.spec == msgspec.structs.replace(config.data_spec, classes=("a",), count=5)
