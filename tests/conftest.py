"""What all tests share: one thread per process, and nothing of the user's own settings."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from ganterm.runs.layout import RunDir
    from tests.worker.workers import Started, Zygote

# Before torch is imported anywhere: several test processes share the cores.
os.environ["OMP_NUM_THREADS"] = "1"

# Hundreds of processes start here, each of which would compile all of ganterm anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What is remembered of whose code to trust is nobody's own.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="ganterm-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)

# However long the machine takes is no fault of what is tested.
hypothesis.settings.register_profile(
    "ganterm", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ganterm")

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


@pytest.fixture(scope="session")
def _zygote() -> "Iterator[Zygote]":
    from tests.worker.workers import Zygote  # noqa: PLC0415 - not every test needs it

    with Zygote() as zygote:
        yield zygote


@pytest.fixture
def zygote(_zygote: "Zygote") -> "Iterator[Zygote]":
    """Give the process that starts workers at once; what a test leaves running is killed."""
    try:
        yield _zygote
    finally:
        _zygote.kill_all()


@pytest.fixture
def warm(zygote: "Zygote", monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands in this process start workers without the seconds of importing PyTorch."""
    from ganterm.runs.launch import WorkerProcess  # noqa: PLC0415
    from ganterm.runs.layout import RunDir  # noqa: PLC0415
    from tests.worker.workers import Started  # noqa: PLC0415

    def started(run: str, *arguments: str, **_: Any) -> "Started":
        env = {name: value for name, value in os.environ.items() if name.startswith("GANTERM_")}
        return Started(zygote.start(RunDir(Path(run)), *arguments, env=env))

    monkeypatch.setattr(WorkerProcess, "started", started)


@pytest.fixture(scope="session")
def trained(_zygote: "Zygote", tmp_path_factory: pytest.TempPathFactory) -> "RunDir":
    """Give a finished run of six steps on the embedded digits; tests must not change it.

    It has sample grids of 3 x 3 and checkpoints at steps 0, 2, 4 and 6, with averaged weights.
    """
    from ganterm.config import resolve  # noqa: PLC0415
    from ganterm.config.runfile import render_run_toml  # noqa: PLC0415
    from ganterm.runs.layout import create_run  # noqa: PLC0415

    settings = {
        "recipe": "dcgan-8x8",
        "steps": 6,
        "batch_size": 8,
        "sample_grid": 3,
        "sample_every": 2,
        "checkpoint_every": 2,
        "keep_checkpoints": 0,
        "log_every": 2,
        "ema_kimg": 0.01,
        "device": "cpu",
    }
    run = create_run(tmp_path_factory.mktemp("runs"), "tiny", "dcgan-8x8")
    run.config_file.write_text(render_run_toml(resolve(settings).config, {}))
    return _zygote.train(run)
