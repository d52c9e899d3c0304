"""Inception's features come from a file that the user supplies, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torchvision.models import inception_v3

from ganterm.core.errors import DataError
from ganterm.evaluation.inception import load_inception
from tests.hostile import EVIL, bomb, script


def test_weights_of_torchvision_give_2048_features_of_any_image(tmp_path: Path) -> None:
    path = tmp_path / "inception.pth"
    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    torch.save(network.state_dict(), path)
    judge = load_inception(path)
    looks = judge.look(torch.randint(0, 256, (3, 1, 28, 28), dtype=torch.uint8))
    assert looks.features.shape == (3, 2048)
    assert looks.probabilities.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert judge.words == "torchvision's Inception v3, from inception.pth"
    assert (judge.published, judge.classes) == (False, ())
    assert load_inception(path).digest == judge.digest


def test_weights_as_they_were_published_are_taken(tmp_path: Path) -> None:
    """In the format before torch 1.6, from before batch normalisation counted its batches."""
    path = tmp_path / "inception.pth"
    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    state = {
        name: value
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    torch.save(state, path, _use_new_zipfile_serialization=False)
    assert torch.equal(load_inception(path).network.fc.weight, network.fc.weight)


@pytest.mark.parametrize("write", EVIL)
def test_a_file_that_would_run_code_is_refused(
    tmp_path: Path, write: Callable[[Path, Path], None]
) -> None:
    """One sentence says so, and nothing has run."""
    path, marker = tmp_path / "inception.pth", tmp_path / "ran"
    write(path, marker)
    with pytest.raises(DataError, match="could run code") as refused:
        load_inception(path)
    assert "\n" not in str(refused.value)
    assert not marker.exists()


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "bomb": (bomb, "packed as torch.save never does"),
    "program": (script, "is a program"),
    "another network": (
        lambda p: torch.save({"weight": torch.zeros(1)}, p),
        "does not hold the weights",
    ),
    "other shapes": (
        lambda p: torch.save(
            {
                name: torch.zeros(1)
                for name in inception_v3(weights=None, init_weights=False).state_dict()
            },
            p,
        ),
        "does not hold the weights",
    ),
    "a list": (lambda p: torch.save([1, 2], p), "does not hold the weights"),
    "numbers": (lambda p: torch.save({"weight": 1, 2: 3}, p), "does not hold the weights"),
    "NaN": (lambda p: torch.save({"weight": torch.tensor([float("nan")])}, p), "NaN or infinity"),
}


@pytest.mark.parametrize(("write", "words"), OTHERS.values(), ids=OTHERS)
def test_any_other_file_is_refused_in_a_sentence(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    """Damaged, hostile or of something else: a `DataError` says which."""
    path = tmp_path / "inception.pth"
    write(path)
    with pytest.raises(DataError, match=words):
        load_inception(path)
