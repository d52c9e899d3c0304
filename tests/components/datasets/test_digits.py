"""Holds the embedded digits to scikit-learn's, in shape, range and scaling."""

import numpy as np
from sklearn.datasets import load_digits as published_digits

from ganterm.components.datasets.digits import load_digits


def test_shape_type_and_labels() -> None:
    images, labels = load_digits()
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.array_equal(labels, published_digits().target)


def test_scaling_is_the_published_one_within_half_a_grey_level() -> None:
    images, _ = load_digits()
    published = published_digits().images[:, None] / 8 - 1
    assert np.abs(images / 127.5 - 1 - published).max() <= 0.5 / 127.5 + 1e-9
    assert (images.min(), images.max()) == (0, 255)
