"""A run that really trained, made once for all tests that only read it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ganterm.config import resolve
from ganterm.config.runfile import render_run_toml
from ganterm.runs.layout import RunDir, create_run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """Give a finished run of six steps on the embedded digits; tests must not change it.

    It has sample grids of 3 x 3 and checkpoints at steps 0, 2, 4 and 6, with averaged weights.
    """
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
    worker = [sys.executable, "-m", "ganterm.worker", str(run.path)]
    done = subprocess.run(worker, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return run
