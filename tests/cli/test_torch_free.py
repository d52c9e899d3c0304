"""Commands that only read never pay for importing PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys

from ganterm.runs.layout import RunDir

_RUN = """
import json, sys
from ganterm.__main__ import main
for arguments in json.load(sys.stdin):
    sys.argv = ["ganterm", *arguments]
    try:
        main()
    except SystemExit as leaving:
        assert not leaving.code, (arguments, leaving.code)
    heavy = {"torch", "torchvision", "sklearn", "textual"} & set(sys.modules)
    assert not heavy, (arguments, heavy)
    sys.stderr.write("light\\n")
"""

_COMMANDS = (
    "--version",
    "--help",
    "sample --help",
    "interpolate --help",
    "explore --help",
    "mix --help",
    "project --help",
    "export --help",
    "import --help",
    "train --help",
    "train --dry-run",
    "attach RUN",
    "attach RUN --json",
    "data list",
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
)


def test_no_heavy_module_is_imported(trained: RunDir) -> None:
    """Neither PyTorch nor Textual nor scikit-learn is in `sys.modules` after any of them."""
    names = {
        "RUN": str(trained.path),
        "CHECKPOINT": str(trained.checkpoint_path(6)),
        "DIR": str(trained.path.parent),
    }
    commands = [[names.get(word, word) for word in each.split()] for each in _COMMANDS]
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines().count("light") == len(commands)
    assert done.stdout
