"""The command as a whole, among other commands of a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.cli import app as commands
from ganterm.cli.config import EXIT_CODES
from ganterm.core.errors import ExitCode
from tests.runs.helpers import ROOT


@pytest.mark.parametrize(
    ("arguments", "buffered"),
    [
        (["recipes"], True),
        (["recipes"], False),
        (["recipes", "show", "dcgan"], True),
        (["--help"], True),
    ],
)
def test_a_reader_that_goes_away_is_no_failure(
    tmp_path: Path, arguments: list[str], buffered: bool
) -> None:
    """As in `ganterm recipes | head -1`: exit code 0 and not a word."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ganterm", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": "" if buffered else "1"},
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "ganterm/cli/topics/runs.md"])
def test_the_table_of_exit_codes_is_complete(page: Path) -> None:
    """What scripts read about is every code that there is, and no other."""
    rows = re.findall(r"^\| ([0-9]+(?:, [0-9]+)*) \| \S", page.read_text(), re.MULTILINE)
    named = sorted(int(code) for row in rows for code in row.split(", "))
    assert named == sorted(ExitCode)
    assert set(EXIT_CODES) == set(ExitCode)


def test_the_list_of_commands_tells_of_each_what_its_page_does() -> None:
    """Though it is read from the sources, without importing them."""
    for name in commands._PLACES:
        listed, command = commands._listed(name), commands._command(name)
        assert listed.help == command.help
        assert listed.rich_help_panel == command.rich_help_panel
        assert not listed.hidden
