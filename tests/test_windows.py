"""What cannot run there says so on Windows, in words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ganterm import __version__

AS_ON_WINDOWS = """
import sys
sys.platform = "win32"
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
sys.argv = ["ganterm", *sys.argv[1:]]
from ganterm.__main__ import main
main()
"""


@pytest.mark.parametrize("arguments", [[], ["train"], ["--help"], ["app", "--plain"], ["runs"]])
def test_windows_is_told_to_use_wsl(arguments: list[str]) -> None:
    """Whatever was typed: one sentence and the exit code of usage, without a traceback."""
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "WSL" in done.stderr


def test_the_version_is_told_everywhere() -> None:
    """It is what a report of trouble begins with."""
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"ganterm {__version__}\n"
