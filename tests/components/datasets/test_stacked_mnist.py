"""Holds stacked MNIST: which digits its channels are, and a judge that knows a thousand modes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganterm.components.datasets import DATASETS, stacked_mnist
from ganterm.components.datasets.stacked_mnist import stacked
from ganterm.core.errors import ConfigError, DataError
from ganterm.data import load
from ganterm.data.catalogue import is_available, missing_splits, published
from ganterm.data.importer import import_dataset
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.judge import StackedJudge
from tests.data.files import write_pair

ZERO_TO_NINE = np.arange(10, dtype=np.uint8)


def test_each_channel_is_a_digit_and_together_they_are_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made of MNIST as it lies here, alike every time, and the test split of other draws."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "home"))
    images = np.repeat(ZERO_TO_NINE, 28 * 28).reshape(10, 28, 28)
    write_pair(tmp_path, "train", images, ZERO_TO_NINE)
    assert not is_available("stacked-mnist", "train")
    assert missing_splits("stacked-mnist", "train") == ("train",)
    with pytest.raises(DataError, match="ganterm data fetch stacked-mnist"):
        load("stacked-mnist", channels=None)
    import_dataset("stacked-mnist", tmp_path)
    assert is_available("stacked-mnist", "train")
    assert published("stacked-mnist", "fetch").name == "mnist"
    monkeypatch.setitem(stacked_mnist.COUNTS, "train", 2000)
    found = load("stacked-mnist", channels=None)
    again = load("stacked-mnist", channels=None)
    digits = found.images[:, :, 0, 0].long()
    assert found.images.shape == (2000, 3, 28, 28)
    assert torch.equal(found.images, again.images)
    assert found.labels is not None
    assert torch.equal(found.labels, digits @ torch.tensor([100, 10, 1]))
    assert found.classes[507] == "507"
    assert len(set(found.labels.tolist())) > 800
    of_others = stacked(images[:, None], ZERO_TO_NINE.astype(np.int64), 2000, 1)
    assert not np.array_equal(of_others[1], found.labels.numpy())


def test_what_is_made_of_others_has_no_files_of_its_own() -> None:
    with pytest.raises(ConfigError, match="tinted-digits comes with ganterm"):
        published("tinted-digits", "fetch")


class Brightness:
    """Takes the brightness of an image for its digit, and is nearly sure."""

    digest, words, trust, classes = "abc", "brightness", "", tuple("0123456789")

    def look(self, images: torch.Tensor, **_: object) -> Embeddings:
        digits = images.flatten(1)[:, 0].long()
        probabilities = torch.nn.functional.one_hot(digits, 10) * 0.9 + 0.01
        return Embeddings(digits[:, None].float(), probabilities)


def test_a_judge_of_one_channel_judges_all_three() -> None:
    """A class is as likely as its three digits together; features are side by side."""
    classes = DATASETS.facts("stacked-mnist").spec.classes
    judge = StackedJudge(Brightness(), "stacked-mnist", classes)
    images = torch.tensor([[5, 0, 7], [9, 9, 9]], dtype=torch.uint8)[..., None, None]
    seen = judge.look(images.expand(2, 3, 4, 4))
    assert seen.features.tolist() == [[5, 0, 7], [9, 9, 9]]
    assert seen.probabilities.shape == (2, 1000)
    assert [judge.classes[index] for index in seen.probabilities.argmax(dim=1)] == ["507", "999"]
    torch.testing.assert_close(seen.probabilities.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(seen.probabilities[0, 517].item(), 0.91 * 0.01 * 0.91)
    assert judge.digest != Brightness.digest
