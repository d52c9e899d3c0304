"""Inception's features come from a file that the user supplies, and from nothing else."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from torchvision.models import inception_v3

from ganterm.errors import DataError
from ganterm.judging.inception import load_inception


def test_weights_of_torchvision_give_2048_features_of_any_image(tmp_path: Path) -> None:
    path = tmp_path / "inception.pth"
    network = inception_v3(weights=None, init_weights=False, transform_input=False)
    torch.save(network.state_dict(), path)
    judge = load_inception(path)
    looks = judge.look(torch.randint(0, 256, (3, 1, 28, 28), dtype=torch.uint8))
    assert looks.features.shape == (3, 2048)
    assert looks.probabilities.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert (judge.words, judge.classes) == ("Inception v3 from inception.pth", ())
    assert load_inception(path).digest == judge.digest


class _Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("harmed"),))  # type: ignore[return-value]


def test_a_file_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.pth"
    with path.open("wb") as file:
        pickle.dump({"weight": _Harm()}, file)
    with pytest.raises(DataError, match="does not hold the weights"):
        load_inception(path)
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(DataError, match="does not hold the weights"):
        load_inception(tmp_path / "other.pth")
    assert not Path("harmed").exists()
