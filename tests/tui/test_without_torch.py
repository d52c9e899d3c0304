"""The app and the commands that only read need no PyTorch.

`.ci/pythons` runs this module under every Python of the machine, where nothing else is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.quick import slow_unless
from tests.tui.app_session import AppSession
from tests.tui.driving import write_run


@pytest.fixture
def no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that are started here find no torch even if it is installed."""
    (tmp_path / "absent").mkdir()
    for name in ("torch", "torchvision"):
        (tmp_path / "absent" / f"{name}.py").write_text(f"raise ModuleNotFoundError({name!r})\n")
    paths = [str(tmp_path / "absent"), str(Path(__file__).parents[2])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


@pytest.mark.usefixtures("no_torch")
def test_the_app_opens_and_shows_its_screens(tmp_path: Path) -> None:
    """The list of runs, help, the form of a new run and a recorded run, on a real terminal."""
    run = write_run(tmp_path, "recorded")
    app = AppSession(tmp_path)
    try:
        app.see("1 run", "recorded", "finished")
        app.type("?")
        app.see("What the keys do", "Everywhere")
        app.type("\x1b")
        app.see_gone("Everywhere")
        app.type("n")
        app.see("New run", "recipe", "ready")
        app.type("\x1b")
        app.see_gone("New run")
        app.type("\r")
        app.see("finished", "400/400", "D loss")
        app.type("q")
        assert app.leave() == 0, app.text
    finally:
        app.kill()
    again = AppSession(tmp_path, run.name)
    try:
        again.see("finished", "400/400", "D loss")
        again.type("q")
        assert again.leave() == 0, again.text
    finally:
        again.kill()


@pytest.mark.usefixtures("no_torch")
@pytest.mark.parametrize(
    ("command", "words"),
    slow_unless(
        lambda command, _: command in {"runs", "train --dry-run"},
        [
            ("--help", "Exit codes"),
            ("train --help", "--recipe"),
            ("runs", "recorded"),
            ("recipes", "dcgan-8x8"),
            ("config reference", "GANTERM_RECIPE"),
            ("info --no-devices", "python"),
            ("train --dry-run", "on_alert"),
        ],
    ),
)
def test_commands_that_only_read_do(tmp_path: Path, command: str, words: str) -> None:
    """They print what they are asked for and end well."""
    write_run(tmp_path, "recorded")
    done = subprocess.run(
        [sys.executable, "-m", "ganterm", *command.split()],
        env={**os.environ, "GANTERM_RUNS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
