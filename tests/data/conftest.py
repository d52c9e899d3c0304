from pathlib import Path

import pytest

from tests.data.files import MNIST


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a data directory of its own."""
    home = tmp_path / "home"
    monkeypatch.setenv("GANTERM_DATA_DIR", str(home))
    return home


@pytest.fixture
def real_mnist() -> Path:
    if not MNIST.is_dir():
        pytest.skip(f"the MNIST files are not at {MNIST.name} beside the repository")
    return MNIST
