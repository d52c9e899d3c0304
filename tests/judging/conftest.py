"""The judge of the embedded digits, trained once for all tests that only use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganterm.judging.cache import obtain_judge
from ganterm.judging.division import Source

DIGITS = Source(dataset="digits", image_size=8, channels=1)


@pytest.fixture(scope="session")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data directory in which the judge of the digits is kept."""
    directory = tmp_path_factory.mktemp("judges")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANTERM_DATA_DIR", str(directory))
        obtain_judge(DIGITS)
    return directory


@pytest.fixture
def data(judges: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have that directory used, and give it."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    return judges
