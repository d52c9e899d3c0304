"""The classifier learns in seconds, the same from the same seed, at any size it takes."""

from __future__ import annotations

import pytest
import torch

from ganterm.evaluation import classifier
from ganterm.evaluation.classifier import FEATURES, Classifier, fit_classifier, scaled
from ganterm.evaluation.splits import ImageSource, split_dataset

DIGITS = ImageSource(dataset="digits", image_size=8, channels=1)


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (9, 3), (28, 1), (32, 3), (64, 1)])
def test_it_takes_images_of_any_size(size: int, channels: int) -> None:
    network = Classifier(image_size=size, channels=channels, classes=7).eval()
    images = torch.randint(0, 256, (3, channels, size, size), dtype=torch.uint8)
    features, logits = network(scaled(images))
    assert features.shape == (3, FEATURES)
    assert logits.shape == (3, 7)


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classifier, "MOST_PASSES", 1)
    learnt = split_dataset(DIGITS).learnt
    labels = learnt.labels
    assert labels is not None

    def weights(seed: int) -> torch.Tensor:
        torch.rand(seed + 3)  # what was drawn before must not matter
        network = fit_classifier(learnt.images, labels, classes=10, seed=seed)
        return torch.cat([value.flatten().float() for value in network.state_dict().values()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_progress_ends_where_it_said_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "MOST_PASSES", 1)
    told: list[tuple[int, int | None]] = []
    learnt = split_dataset(DIGITS).learnt
    assert learnt.labels is not None
    fit_classifier(
        learnt.images,
        learnt.labels,
        classes=10,
        seed=0,
        progress=lambda what, done, total, unit: told.append((done, total)),
    )
    assert told[-1] == (7 * 128, 7 * 128)
    assert len(told) == 7


def test_shifts_move_whole_images_and_fill_with_the_background() -> None:
    images = torch.full((4, 1, 8, 8), -1.0)
    images[:, :, 3:5, 3:5] = 1.0
    moved = classifier._shifted(images, torch.Generator().manual_seed(0))
    assert moved.shape == images.shape
    assert torch.equal((moved == 1).sum(dim=(1, 2, 3)), torch.full((4,), 4))
    assert set(moved.flatten().tolist()) == {-1.0, 1.0}
    assert not torch.equal(moved, images)


def test_one_image_is_no_lesson() -> None:
    with pytest.raises(ValueError, match="two images"):
        fit_classifier(torch.zeros(1, 1, 8, 8), torch.zeros(1), classes=10, seed=0)
