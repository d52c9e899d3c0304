from collections.abc import Mapping
from typing import Any

import pytest

from ganterm.bench import dataset
from ganterm.bench.settings import Settings
from ganterm.data.progress import silent
from tests.bench.helpers import figure


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "IMAGES", 250)
    monkeypatch.setattr(dataset, "PIECE", 100)


@pytest.mark.slow
def test_made_up_images_are_imported_and_all_trained_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ordinary import takes the files, an epoch has them all, and nothing is left behind."""
    monkeypatch.setitem(dataset.TRAINING, "batch_size", 100)
    result = dataset.measure(settings, silent)
    assert [row["done"] for row in result.rows] == ["imported", "trained on once"]
    assert figure(result, "own") == 250 * 784
    for index in range(2):
        beyond = figure(result, "peak", index) - 250 * 784
        assert figure(result, "beyond", index) == beyond > 0
    assert list(settings.scratch.iterdir()) == []


def test_within_is_a_gibibyte_beside_the_images(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte."""
    own = 250 * 784
    peaks: Mapping[str, int] = {"import": own + (1 << 30), "epoch": own + (1 << 30) + 1}

    def run(task: str, *_: Any, data_dir: str, **__: Any) -> dict[str, Any]:
        (settings.scratch / "data").mkdir(exist_ok=True)
        return {"peak": peaks[task]}

    monkeypatch.setattr(dataset, "run_apart", run)
    assert [row["within"] for row in dataset.measure(settings, silent).rows] == ["yes", "no"]
