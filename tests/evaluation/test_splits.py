"""Real images are divided so that a judge never sees what it judges by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganterm.components.scores.copies import copies
from ganterm.core.errors import DataError
from ganterm.data import load
from ganterm.data.images import ImageSet
from ganterm.data.importer import import_dataset
from ganterm.evaluation.splits import ImageSource, RealImages, crc_of, real_images, split_dataset

DIGITS = ImageSource(dataset="digits", image_size=8, channels=1)


def rows(images: ImageSet) -> set[bytes]:
    return {image.numpy().tobytes() for image in images.images}


def sets(real: RealImages) -> tuple[set[bytes], set[bytes], set[bytes]]:
    assert real.trained is not None
    trained = {image.numpy().tobytes() for image in real.trained}
    return rows(real.real), rows(real.second), trained


def test_without_a_test_split_a_judge_learns_from_half_of_the_images() -> None:
    division = split_dataset(DIGITS)
    assert (len(division.learnt), len(division.held_out)) == (899, 898)
    assert not rows(division.learnt) & rows(division.held_out)


@pytest.mark.parametrize(
    ("holdout", "count", "others", "trained"), [(0, 449, 449, 1797), (0.1, 180, 718, 1617)]
)
def test_what_is_judged_by_is_what_was_left_out(
    holdout: float, count: int, others: int, trained: int
) -> None:
    """Where nothing was, it is said; no judge has learnt from any of it."""
    found = real_images(DIGITS, holdout=holdout)
    real, second, learnt_by_run = sets(found)
    assert found.held_out is bool(holdout)
    assert (len(real), len(second), len(learnt_by_run)) == (count, others, trained)
    assert bool(real & learnt_by_run) is not found.held_out
    assert not real & second
    assert not (real | second) & rows(split_dataset(DIGITS).learnt)
    if found.places is not None:
        assert found.trained is not None
        assert torch.equal(found.trained[found.places[:, 0]], found.real.images)


def test_what_a_mirroring_run_is_judged_by_is_mirrored_by_half() -> None:
    """So is what copies are looked for among, but for themselves; one judge is that of all runs."""
    plain, found = real_images(DIGITS), real_images(replace(DIGITS, flip=True))
    mirrored = (found.real.images != plain.real.images).flatten(1).any(1)
    assert int(mirrored.sum()) == len(plain.real) // 2
    assert torch.equal(found.real.images[mirrored], plain.real.images[mirrored].flip(3))
    assert plain.trained is not None
    assert found.trained is not None
    assert torch.equal(found.trained, torch.cat([plain.trained, plain.trained.flip(3)]))
    assert copies(found.real.images, found.trained, places=found.places) < 0.02
    assert replace(DIGITS, flip=True).told == DIGITS.told
    few = real_images(replace(DIGITS, flip=True), holdout=0.013).places
    assert few is not None
    left_out = few[:, 0] < 0
    assert left_out.any()
    assert (few[left_out] < 0).all()


def test_training_leaves_out_what_judging_takes() -> None:
    trained = load("digits", image_size=8).divided(0.1)[0]
    found = real_images(DIGITS, holdout=0.1)
    assert found.trained is not None
    assert torch.equal(trained.images, found.trained)


def test_labels_go_with_their_images() -> None:
    division, found = split_dataset(DIGITS), real_images(DIGITS)
    for part in (division.learnt, found.real, found.second):
        assert part.labels is not None
        assert len(part.labels) == len(part)
        assert part.labels.bincount(minlength=10).min() > len(part) * 0.06


def test_the_same_seed_divides_alike_and_another_does_not() -> None:
    one, same, other = real_images(DIGITS), real_images(DIGITS), real_images(DIGITS, seed=1)
    assert torch.equal(one.real.images, same.real.images)
    assert crc_of(one.real.images) != crc_of(other.real.images)


@pytest.mark.parametrize("name", ["test", "val"])
def test_a_folder_called_test_or_val_is_held_out(tmp_path: Path, name: str) -> None:
    """Classes are those of the names, though the other folder lacks one."""
    digits = load("digits", image_size=8)
    assert digits.labels is not None
    for number, (image, label) in enumerate(
        zip(digits.images[:400, 0].numpy(), digits.labels.tolist(), strict=False)
    ):
        split = name if number % 4 == 0 else "train"
        if (split, label) == (name, 0):
            continue
        (tmp_path / split / f"is-{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / split / f"is-{label}" / f"{number}.png")
    source = ImageSource(dataset=str(tmp_path), image_size=8, channels=1)
    found = real_images(source)
    real, _, trained = sets(found)
    assert found.held_out
    assert found.words == "the test split"
    assert not real & trained
    assert found.real.labels is not None
    assert found.classes == tuple(f"is-{label}" for label in range(10))
    shown = {image.numpy().tobytes(): label for image, label in zip(*picked(digits), strict=True)}
    labels = found.real.labels.tolist()
    assert [shown[image.numpy().tobytes()] for image in found.real.images] == labels
    other = real_images(source, split="test")
    assert other.held_out
    assert other.words == "images of the train split"
    assert not real_images(source, split="all").held_out


@pytest.mark.parametrize(
    ("train", "test", "held_out"),
    [("", "class", 40), ("class", "", 40), ("", "", 3)],
    ids=["test alone has labels", "train alone has labels", "a test split of three"],
)
def test_a_test_split_counts_where_it_can(
    tmp_path: Path, train: str, test: str, held_out: int
) -> None:
    """Whether or not it has labels as the other has, but not where its images are too few."""
    images = load("digits", image_size=8).images[:200, 0].numpy()
    for number, image in enumerate(images):
        split = Path("test", test) if number < held_out else Path("train", train)
        (tmp_path / split).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / split / f"{number}.png")
    found = real_images(ImageSource(dataset=str(tmp_path), image_size=8, channels=1))
    assert (found.held_out, found.classes) == (held_out > 3, ())
    assert len(found.real) == (held_out if found.held_out else 49)


def picked(digits: ImageSet) -> tuple[torch.Tensor, list[int]]:
    assert digits.labels is not None
    return digits.images, digits.labels.tolist()


def test_the_ring_is_drawn_and_not_what_is_trained_on() -> None:
    found = real_images(ImageSource(dataset="ring", image_size=28, channels=1))
    assert found.real.images.shape == (10_000, 2, 1, 1)
    assert not torch.equal(found.real.images, found.second.images)
    assert found.trained is None


def test_too_few_images_are_refused(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match=r"has 5 images, and judging takes at least 100"):
        split_dataset(ImageSource(dataset=str(tmp_path), image_size=8, channels=1))


@pytest.fixture
def mnist(mnist_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageSource:
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    import_dataset("mnist", mnist_files)
    return ImageSource(dataset="mnist", image_size=28, channels=1)


def test_mnist_is_judged_by_its_test_images(mnist: ImageSource) -> None:
    found = real_images(mnist)
    assert (len(found.real), len(found.second), found.words) == (10_000, 10_000, "the test split")
    assert found.held_out


@pytest.mark.slow
def test_a_run_on_the_test_split_of_mnist_is_judged_by_the_other(mnist: ImageSource) -> None:
    """As `mlp` trains; by what no judge learnt from."""
    division, found = split_dataset(mnist), real_images(mnist, split="test")
    assert (len(division.learnt), len(division.held_out)) == (50_000, 10_000)
    assert (len(found.real), found.held_out) == (10_000, True)
    assert not rows(found.real) & (rows(division.held_out) | rows(division.learnt))


@pytest.mark.slow
def test_copies_of_mnist_are_found_and_held_out_images_are_none(mnist: ImageSource) -> None:
    found = real_images(mnist)
    assert found.trained is not None
    chosen = found.trained[::60]
    noise = torch.randint(-8, 9, chosen.shape, generator=torch.Generator().manual_seed(0))
    noised = (chosen + noise).clamp(0, 255).to(torch.uint8)
    assert copies(chosen, found.trained) >= 0.99
    assert copies(noised, found.trained) >= 0.99
    assert copies(found.real.images[:1000], found.trained) <= 0.05
