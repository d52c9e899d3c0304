from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ganterm.benchmarks import pace
from ganterm.benchmarks.suite import BenchSettings
from tests.benchmarks.helpers import RECIPE


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a data directory of its own, with nothing imported."""
    home = tmp_path / "data-home"
    monkeypatch.setenv("GANTERM_DATA_DIR", str(home))
    return home


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def two_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "ROUNDS", 2)


@pytest.fixture
def settings(tmp_path: Path) -> BenchSettings:
    """Give settings under which a turn is one step of the smallest recipe."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return BenchSettings(recipes=(RECIPE,), seconds=1e-6, device="cpu", scratch=scratch)
