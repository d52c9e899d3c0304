"""A run that has finished, for each test to do with what it likes."""

import shutil
from pathlib import Path

import pytest

from ganterm.runs.layout import RunDir
from tests.runs.conftest import open_dir, small_disk
from tests.worker.workers import Zygote, make_run

__all__ = ["open_dir", "small_disk"]


@pytest.fixture(scope="session")
def _trained(_zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    directory = tmp_path_factory.mktemp("trained")
    return _zygote.train(make_run(directory, "dcgan-8x8", keep_checkpoints=0))


@pytest.fixture(scope="session")
def whole(_trained: RunDir) -> RunDir:
    """Give the run that `trained` is a copy of, to compare with; tests must not change it."""
    return _trained


@pytest.fixture
def trained(_trained: RunDir, tmp_path: Path) -> RunDir:
    """Give a run of its own that has finished, with every checkpoint from step 0 to 32."""
    copy = tmp_path / "trained" / _trained.name
    shutil.copytree(_trained.path, copy)
    return RunDir(copy)
