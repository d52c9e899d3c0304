"""What is typed wrongly is answered with what was meant, in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.client.checkpoints import choose_checkpoint
from ganterm.config import FIELDS, resolve
from ganterm.config.runfile import render_run_toml
from ganterm.core.errors import ConfigError
from ganterm.inference.targets import image_files
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.runs.history import RunHistory
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.status import Status, write_status
from tests.cli.checkpointed import untrained
from tests.cli.invoke import invoke
from tests.records import record


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    """Stand in a directory with one run, which has checkpoints of two steps by their names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANTERM_RUNS_DIR", raising=False)
    made = create_run(tmp_path / "checkpoints", "alpha", "dcgan-8x8")
    made.config_file.write_text(render_run_toml(resolve({}).config, {}))
    for step in (20, 4000):
        made.checkpoint_path(step).touch()
    return made


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("stop", "that is `ganterm ctl RUN stop`"),
        ("ls", "that is `ganterm runs`"),
        ("logs", "that is `ganterm attach`"),
        ("wait", "that is `ganterm attach`"),
        ("rm alpha", "that is `ganterm delete`"),
        ("DCGAN", "`ganterm train --recipe dcgan`"),
        ("trian", "did you mean train?"),
        ("xyzzy", "`ganterm --help` lists them"),
        ("train dcgan", "`ganterm train --recipe dcgan`"),
        ("train Mnist", "the dataset is named by an option"),
        ("train lr_g=1", "`ganterm train --set lr_g=1`"),
        ("train xyzzy", "a recipe is given by --recipe"),
        ("train --recipe DCGAN", "did you mean dcgan"),
        ("ctl nosuch", "there is no run 'nosuch' in checkpoints; the newest are alpha"),
        ("ctl pause", "Name it first: `ganterm ctl RUN pause`"),
        ("ctl alpha", "What is alpha to do? The commands are pause, resume"),
        ("ctl alpha stpo", "did you mean stop?"),
        ("ctl alpha lr_g=1", "`ganterm ctl alpha set lr_g=1`"),
        ("ctl alpha set lr_g 1", "A setting is given as KEY=VALUE"),
        ("ctl alpha set lr_g=1e-4 z_dim=3", "z_dim cannot be changed while training"),
        ("ctl alpha remedy a b", "one remedy at a time"),
        ("branch alpha", "alpha has checkpoints of 20, 4,000; `ganterm branch alpha --step 4000`"),
    ],
)
def test_the_right_word_is_named(run: RunDir, typed: str, words: str) -> None:
    found = invoke(*typed.split())
    assert found.code == 2
    assert words in found.said


def test_the_newest_run_with_a_checkpoint_is_taken(run: RunDir) -> None:
    """A run that failed before its first one stands in nobody's way, and it is said."""
    for path in run.checkpoints.iterdir():
        path.unlink()
    untrained(run.checkpoints, "dcgan-8x8")
    failed = create_run(run.path.parent, "beta", "dcgan-8x8")
    failed.config_file.touch()
    os.utime(failed.config_file, (4e9, 4e9))
    choice = choose_checkpoint(None, run.path.parent)
    assert (choice.origin, choice.step) == ("alpha", 0)
    assert choice.notes == ("beta, the newest run, has no checkpoint; taking alpha.",)


def test_an_old_failure_takes_one_line(run: RunDir) -> None:
    """What is longer can be read with the run itself."""
    write_status(
        run.status, Status(state="failed", step=0, steps=10, message="out of\nmemory " + "x" * 900)
    )
    line, hint = invoke("runs").said.splitlines()
    assert line.startswith("alpha failed: out of memory xxx")
    assert line.endswith("...")
    assert len(line) <= 120
    assert hint == "`ganterm attach RUN` tells the whole of it."


def test_help_tells_the_defaults_of_a_bare_run_and_variables_once(run: RunDir) -> None:
    page = invoke("train", "--help", env={"COLUMNS": "300"}).text
    for name in ("batch_size", "lr_g", "image_size", "recipe"):
        usual = str(getattr(resolve({}).config, name))
        (line,) = [line for line in page.splitlines() if f" {FIELDS[name].option} " in line]
        assert f"[default: ({usual})]" in line
    assert "[env var" not in page
    assert page.count("GANTERM_RUNS_DIR") == 1
    assert "[env var" not in invoke("sample", "--help").text


@pytest.mark.parametrize("command", [["info"], ["sample", "alpha"], ["train", "--detach"]])
def test_without_pytorch_there_are_words(run: RunDir, command: list[str]) -> None:
    """One sentence with the command that installs it, and no traceback."""
    for path in run.checkpoints.iterdir():
        path.unlink()
    untrained(run.checkpoints, "dcgan-8x8")
    code = "import sys\nsys.modules['torch'] = None\nfrom ganterm.__main__ import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == (0 if command == ["info"] else 2)
    assert "This needs torch, which is not installed here" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in run.path.parent.iterdir()] == ["alpha"]


def test_the_time_of_a_run_is_its_workers_not_its_readers() -> None:
    """What lies between two workers is none of it, nor what was judged after the end."""
    history = RunHistory()
    assert history.seconds is None
    for kind, at in (
        ("start", 100.0),
        ("metrics", 160.0),
        ("resume", 5000.0),
        ("end", 5030.0),
        ("judged", 9000.0),
    ):
        history.add(record(kind, 1, at))
    assert history.seconds == 90


def test_a_sheet_of_samples_is_no_image_to_look_for(tmp_path: Path) -> None:
    """It would be shrunk to one blurred image in silence."""
    sheet = tmp_path / "grid.png"
    save_sheet([Raster(8, 8, 1, bytes(64))] * 6, 3, sheet)
    with pytest.raises(ConfigError, match="a sheet of 6 images, and one is looked for"):
        image_files([sheet], resolve({}).config, invert=False)
    save_sheet([Raster(8, 8, 1, bytes(64))], 1, sheet)
    assert len(image_files([sheet], resolve({}).config, invert=False)) == 1
