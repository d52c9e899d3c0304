"""Commands that only read never pay for importing PyTorch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ganterm.runs.layout import RunDir

_RUN = """
import sys
from ganterm.__main__ import main
try:
    main()
except SystemExit as leaving:
    assert not leaving.code, leaving.code
finally:
    heavy = {"torch", "torchvision", "sklearn", "textual"} & set(sys.modules)
    sys.stderr.write(f"heavy: {sorted(heavy)}\\n")
"""


@pytest.mark.parametrize(
    "command",
    [
        "--version",
        "--help",
        "sample --help",
        "interpolate --help",
        "explore --help",
        "mix --help",
        "project --help",
        "show --help",
        "show RUN",
        "show CHECKPOINT",
        "runs --runs-dir DIR",
        "runs --runs-dir DIR --json",
        "compare RUN RUN",
        "recipes",
        "recipes --json",
        "config show",
        "config schema",
        "config schema --journal",
        "config reference",
        "info --no-devices",
    ],
)
def test_no_heavy_module_is_imported(trained: RunDir, command: str) -> None:
    """Neither PyTorch nor Textual nor scikit-learn is in `sys.modules` afterwards."""
    names = {
        "RUN": str(trained.path),
        "CHECKPOINT": str(trained.checkpoint_path(6)),
        "DIR": str(trained.path.parent),
    }
    arguments = [names.get(word, word) for word in command.split()]
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "heavy: []"
    assert done.stdout
