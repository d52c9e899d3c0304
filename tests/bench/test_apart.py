from pathlib import Path

import numpy as np
import pytest

from ganterm.bench.apart import peak_memory, run_apart
from ganterm.data.progress import silent
from ganterm.errors import WorkerError
from tests.bench.helpers import RECIPE, Listener


@pytest.mark.slow
def test_the_peak_is_the_most_there_was_at_once() -> None:
    """Memory that is taken counts, and goes on to count when it is given back."""
    before = peak_memory()
    size = max(before // 2, 64 << 20)
    taken = np.ones(2 * size, dtype=np.uint8)
    assert peak_memory() >= 2 * size
    del taken
    after = peak_memory()
    assert after >= 2 * size
    assert after >= before


@pytest.mark.slow
def test_a_task_has_memory_of_its_own() -> None:
    """What this process has taken is not in the figures of the one that trains."""
    ballast = np.ones(1 << 30, dtype=np.uint8)
    listener = Listener()
    options = {"loop": "ganterm", "recipe": RECIPE, "device": "cpu", "steps": 2}
    found = run_apart("train", "training", listener, **options)
    assert 0 < found["imported"] <= found["peak"] < len(ballast) <= peak_memory()
    assert found["gpu"] is None
    assert listener.told[-1] == ("training", 2, 2, "steps")


def test_a_task_that_fails_ends_with_its_words(tmp_path: Path) -> None:
    """The sentence for the user comes through, without a traceback."""
    places = {"data_dir": str(tmp_path), "name": "mnist", "path": str(tmp_path / "none")}
    with pytest.raises(WorkerError, match=r"importing failed: .*none") as caught:
        run_apart("import", "importing", silent, **places)
    assert "Traceback" not in str(caught.value)
