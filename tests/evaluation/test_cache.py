"""A judge is trained once and kept; what is damaged or of other images is trained anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load, save

from ganterm.core.errors import DataError
from ganterm.evaluation import cache
from ganterm.evaluation.cache import judge_path, obtain_judge
from ganterm.evaluation.judge import ClassifierJudge, PointJudge
from ganterm.evaluation.splits import ImageSource
from tests.evaluation.conftest import DIGITS


@pytest.fixture
def own(judges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the kept judge that a test may harm."""
    shutil.copytree(judges, tmp_path / "data")
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))
    return judge_path(DIGITS)


def fail(*_: object, **__: object) -> None:
    raise AssertionError("it was trained again")


def test_the_judge_of_the_digits_knows_them(data: Path) -> None:
    judge = obtain_judge(DIGITS)
    assert isinstance(judge, ClassifierJudge)
    assert judge.accuracy > 0.97
    assert judge.classes == tuple("0123456789")
    assert "digits" in judge.words


def test_what_is_kept_is_not_trained_again(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = obtain_judge(DIGITS)
    monkeypatch.setattr(cache, "fit_classifier", fail)
    assert obtain_judge(DIGITS).digest == kept.digest


def test_a_damaged_judge_is_trained_anew_to_the_same(own: Path) -> None:
    before = obtain_judge(DIGITS).digest
    harmed = bytearray(own.read_bytes())
    harmed[-5] ^= 0x40
    own.write_bytes(harmed)
    assert obtain_judge(DIGITS).digest == before
    own.write_bytes(b"nothing")
    assert obtain_judge(DIGITS).digest == before
    assert own.stat().st_size > 100_000


def test_a_judge_of_other_images_is_not_taken(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with safe_open(own, framework="pt") as file:
        facts = file.metadata()
    own.write_bytes(save(load(own.read_bytes()), {**facts, "images": "00000000"}))
    monkeypatch.setattr(cache, "fit_classifier", fail)
    with pytest.raises(AssertionError, match="trained again"):
        obtain_judge(DIGITS)


def test_the_file_says_what_it_is(own: Path) -> None:
    with safe_open(own, framework="pt") as file:
        facts = file.metadata()
    assert facts["format"] == "ganterm-judge-1"
    assert json.loads(facts["source"])["dataset"] == "digits"
    assert facts["digest"] == obtain_judge(DIGITS).digest


def test_unlabelled_images_make_no_judge(data: Path, tmp_path: Path) -> None:
    for number in range(120):
        Image.new("L", (8, 8), number).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match=r"has no labels .*--judge mnist"):
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
