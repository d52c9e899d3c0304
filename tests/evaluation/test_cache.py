"""A judge comes with ganterm or is trained once and kept; what is damaged is trained anew."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from ganterm.core.errors import DataError
from ganterm.evaluation import cache, classifier, kept
from ganterm.evaluation.cache import judge_path, obtain_judge
from ganterm.evaluation.classifier import Classifier, fit_classifier
from ganterm.evaluation.judge import ClassifierJudge, PointJudge
from ganterm.evaluation.splits import ImageSource, split_dataset
from tests.evaluation.conftest import DIGITS

OTHER = 7
"""A seed of which no judge comes with ganterm."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a judge of little training kept where a test may harm it; its path."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(classifier, "IMAGES", 1500)
    obtain_judge(DIGITS, seed=OTHER)
    return judge_path(DIGITS, OTHER)


def fail(*_: object, **__: object) -> None:
    raise AssertionError("it was trained again")


@pytest.mark.parametrize(
    ("name", "side", "least"), [("digits", 8, 0.97), ("mnist", 28, 0.99)], ids=["digits", "mnist"]
)
def test_judges_come_with_ganterm(
    name: str, side: int, least: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They need neither training nor the images, whatever `fit` is, and are small."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "fit_classifier", fail)
    source = ImageSource(dataset=name, image_size=side, channels=1, fit="pad")
    judge = obtain_judge(source)
    assert isinstance(judge, ClassifierJudge)
    assert judge.accuracy > least
    assert judge.classes == tuple("0123456789")
    assert name in judge.words
    assert judge.digest == kept.digest_of(judge.network.state_dict())
    assert (cache.SHIPPED / judge_path(source).name).stat().st_size <= 2_000_000
    assert not list(tmp_path.iterdir())


def test_what_is_shipped_is_what_its_command_makes(data: Path) -> None:
    """The judge of the digits is as accurate as it says, on images that it has not learnt from."""
    judge = obtain_judge(DIGITS)
    assert isinstance(judge, ClassifierJudge)
    held_out = split_dataset(DIGITS).held_out
    assert held_out.labels is not None
    right = judge.look(held_out.images).probabilities.argmax(dim=1) == held_out.labels
    assert float(right.double().mean()) == pytest.approx(judge.accuracy, abs=0.002)


def test_what_is_kept_is_not_trained_again(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "fit_classifier", fail)
    assert obtain_judge(DIGITS, seed=OTHER).digest in read_facts(own).values()


def read_facts(path: Path) -> dict[str, str]:
    found = kept.read(path)
    assert found is not None
    return found[1]


def test_a_judge_is_the_same_whatever_the_threads(own: Path) -> None:
    """What is harmed is trained anew to the same weights, on more threads too."""
    before = read_facts(own)
    harmed = bytearray(own.read_bytes())
    harmed[-5] ^= 0x40
    own.write_bytes(harmed)
    torch.set_num_threads(2)
    try:
        assert obtain_judge(DIGITS, seed=OTHER).digest == before["digest"]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert read_facts(own) == before


def test_a_changed_word_is_damage_too(own: Path) -> None:
    """A file that claims another accuracy is not believed."""
    before = read_facts(own)["accuracy"]
    told = own.read_bytes()
    assert told.count(before.encode()) == 1
    own.write_bytes(told.replace(before.encode(), before.replace("0", "9", 1).encode()))
    assert kept.read(own) is None


def test_two_at_once_train_one(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits for the first, says so, and takes what is kept."""
    own.unlink()
    trained, waited = [], threading.Event()

    def slowly(*images: Any, **settings: Any) -> Classifier:
        trained.append(settings["seed"])
        assert waited.wait(60)
        return fit_classifier(*images, **settings)

    def told(what: str, done: int, total: int | None, unit: str) -> None:
        if what.startswith("Waiting for another"):
            waited.set()

    monkeypatch.setattr(cache, "fit_classifier", slowly)
    monkeypatch.setattr(cache, "_LOOK_SECONDS", 0.02)
    with ThreadPoolExecutor() as threads:
        both = [threads.submit(obtain_judge, DIGITS, seed=OTHER, progress=told) for _ in range(2)]
        one, other = (each.result() for each in both)
    assert trained == [OTHER]
    assert one.digest == other.digest


def test_a_judge_of_other_images_is_not_taken(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept.read(own)
    assert found is not None
    kept.keep(own, found[0], {**found[1], "images": "00000000"})
    monkeypatch.setattr(cache, "fit_classifier", fail)
    with pytest.raises(AssertionError, match="trained again"):
        obtain_judge(DIGITS, seed=OTHER)


def test_a_place_that_cannot_be_written_is_told_before_the_training(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "fit_classifier", fail)
    with pytest.raises(DataError, match=r"cannot be kept in .*set GANTERM_DATA_DIR"):
        obtain_judge(DIGITS, seed=OTHER)


def test_unlabelled_images_make_no_classifier(data: Path, tmp_path: Path) -> None:
    for number in range(120):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match=r"has no labels .*--judge self-supervised"):
        obtain_judge(ImageSource(dataset=str(tmp_path), image_size=8, channels=1))


def test_images_that_are_too_small_make_no_judge(data: Path) -> None:
    with pytest.raises(DataError, match="at least 8 pixels, not 4"):
        obtain_judge(ImageSource(dataset="digits", image_size=4, channels=1))


def test_the_ring_judges_itself(data: Path) -> None:
    assert isinstance(
        obtain_judge(ImageSource(dataset="ring", image_size=28, channels=1)), PointJudge
    )


def test_two_folders_of_one_name_are_two_judges(data: Path) -> None:
    paths = {
        judge_path(ImageSource(dataset=f"/{home}/pictures", image_size=8, channels=1))
        for home in "ab"
    }
    assert len(paths) == 2
