"""What all tests share: one thread per process, and nothing of the user's own settings."""

import os
import signal
import time
from pathlib import Path

import pytest

# Before torch is imported anywhere: several test processes share the cores.
os.environ["OMP_NUM_THREADS"] = "1"

# Times of day that are shown are those of one place.
os.environ["TZ"] = "UTC"
time.tzset()

# Whoever runs the tests may have told programs a size; terminals here have their own.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)

# Under nohup a hang-up is ignored, and programs started here would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
_WISHES = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES"}


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep variables, colour wishes and recipes of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith("GANTERM_") or name in _WISHES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("GANTERM_RECIPES_DIR", os.devnull)


@pytest.fixture(scope="session")
def mnist_files() -> Path:
    """Return the folder with the real MNIST files; skips where they are absent."""
    if not MNIST.is_dir():
        pytest.skip("the MNIST files are not at ../shared/data/mnist")
    return MNIST


@pytest.fixture(scope="session")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data directory for what judges see in real images, which is looked at once."""
    return tmp_path_factory.mktemp("judges")
