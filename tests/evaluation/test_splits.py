"""Real images are divided so that a judge never sees what it judges by."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from ganterm.core.errors import DataError
from ganterm.data.images import ImageSet
from ganterm.data.importer import import_dataset
from ganterm.evaluation.splits import ImageSource, Splits, checksum, split_dataset

DIGITS = ImageSource(dataset="digits", image_size=8, channels=1)


def rows(images: ImageSet) -> set[bytes]:
    return {image.numpy().tobytes() for image in images.images}


def sizes(division: Splits) -> tuple[int, int, int, int]:
    return (
        len(division.learnt),
        len(division.held_out),
        len(division.real),
        len(division.second),
    )


def test_without_a_test_split_half_of_the_images_are_learnt_from() -> None:
    assert sizes(split_dataset(DIGITS)) == (899, 898, 449, 449)


def test_no_image_is_in_two_sets() -> None:
    division = split_dataset(DIGITS)
    learnt, real, second = rows(division.learnt), rows(division.real), rows(division.second)
    assert not learnt & real
    assert not learnt & second
    assert not real & second


def test_labels_go_with_their_images() -> None:
    division = split_dataset(DIGITS)
    for part in (division.learnt, division.real, division.second):
        assert part.labels is not None
        assert len(part.labels) == len(part)
        assert part.labels.bincount(minlength=10).min() > len(part) * 0.06


def test_the_same_seed_divides_alike_and_another_does_not() -> None:
    one, same, other = split_dataset(DIGITS), split_dataset(DIGITS), split_dataset(DIGITS, seed=1)
    assert torch.equal(one.real.images, same.real.images)
    assert checksum(one.real) != checksum(other.real)


def test_the_ring_is_drawn_and_not_what_is_trained_on() -> None:
    division = split_dataset(ImageSource(dataset="ring", image_size=28, channels=1))
    assert division.real.images.shape == (10_000, 2, 1, 1)
    assert not torch.equal(division.real.images, division.second.images)


def test_too_few_images_are_refused(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match=r"has 5 images, and judging takes at least 100"):
        split_dataset(ImageSource(dataset=str(tmp_path), image_size=8, channels=1))


def test_mnist_is_judged_by_its_test_images_and_some_held_back(
    mnist_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    import_dataset("mnist", mnist_files)
    division = split_dataset(ImageSource(dataset="mnist", image_size=28, channels=1))
    assert sizes(division) == (50_000, 10_000, 10_000, 10_000)
