"""One spec says what data are: of any shape, with what every room derives from it."""

from __future__ import annotations

import msgspec
import pytest
import torch

from ganterm.config import RunConfig
from ganterm.core.dataspec import DataSpec
from ganterm.data.images import ImageSet


@pytest.mark.parametrize(
    ("data", "tensor", "values", "words", "bounds"),
    [
        (DataSpec.image(28, 1), (1, 28, 28), 784, "28x28", (-1.0, 1.0)),
        (DataSpec(kind="image", shape=(4, 16, 24)), (4, 16, 24), 1536, "24x16", (-1.0, 1.0)),
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


def test_it_goes_through_json_and_takes_classes() -> None:
    data = DataSpec.image(8, 3).with_classes(["cat", "dog"])
    assert data.classes == ("cat", "dog")
    assert msgspec.json.decode(msgspec.json.encode(data), type=DataSpec) == data


def test_a_configuration_and_loaded_images_say_the_same() -> None:
    images = ImageSet(torch.zeros(5, 3, 32, 32, dtype=torch.uint8), None, name="x", classes=("a",))
    config = RunConfig(image_size=32, channels=3)
    assert images.spec == msgspec.structs.replace(config.data_spec, classes=("a",), count=5)
