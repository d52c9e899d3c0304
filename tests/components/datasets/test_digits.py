"""Holds the embedded digits to scikit-learn's, in shape, range and scaling."""

import gzip
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits as published_digits

from ganterm.components.datasets.digits import load_digits
from ganterm.core.errors import DataError


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


def test_scikit_learn_is_not_imported_for_them() -> None:
    """Its import would take more than a second of every run that is started as it is."""
    code = (
        "import sys; from ganterm.components.datasets.digits import load_digits; load_digits(); "
        "sys.exit(any(name.split('.')[0] in {'sklearn', 'scipy'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"1,2,3\n", mtime=0), b"cut"],
    ids=["empty", "plain", "short", "cut"],
)
def test_a_file_that_is_missing_or_damaged_is_told_with_the_way_out(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, whatever is wrong with it."""
    spec = ModuleSpec("sklearn", None)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    with pytest.raises(DataError, match=r"not in this Python; install scikit-learn anew"):
        load_digits()
    path = tmp_path / "datasets" / "data" / "digits.csv.gz"
    path.parent.mkdir(parents=True)
    whole = gzip.compress(b"0," * 64 + b"1\n")
    path.write_bytes(whole[: len(whole) // 2] if content == b"cut" else content)
    with pytest.raises(DataError, match=r"damaged; install scikit-learn anew"):
        load_digits()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DataError, match="not in this Python"):
        load_digits()
