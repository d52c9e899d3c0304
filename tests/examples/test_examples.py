"""The examples as they stand: README shows these very files, and all of them run."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest

import ganterm
from tests.cli.invoke import invoke
from tests.worker.workers import Zygote

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"


def test_readme_shows_these_files() -> None:
    """Every block of Python in it is the code of an example."""
    files = [path.read_text("utf-8").strip() for path in HERE.glob("*.py")]
    bare = {text.partition('"""\n\n')[2] for text in files} | set(files)
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.S | re.M)
    for block in blocks:
        assert block.strip() in bare


def test_three_lines_make_a_run_of_a_loop(zygote: Zygote, tmp_path: Path) -> None:
    """It is watched like any other, and drawn from."""
    worker = zygote.start_script(HERE / "loop.py", tmp_path, GANTERM_RUNS_DIR=str(tmp_path))
    assert worker.wait() == 0, worker.log()
    code = (HERE / "loop.py").read_text()
    assert len(re.findall(r"^.*(?:ganterm\.|run\.)(?:init|log|checkpoint)\(.*$", code, re.M)) == 3
    assert len([line for line in code.splitlines() if line]) < 25
    run = ganterm.open_run("loop", runs_dir=tmp_path)
    assert (run.state, run.step) == ("finished", 500)
    assert run.sample(5).shape == (5, 1, 8, 8)


@pytest.mark.slow
@pytest.mark.usefixtures("warm")
def test_networks_by_path_go_on_without_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are trained; the file is gone; they train on, and draw."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "nets.py", tmp_path)
    words = (
        "train --recipe dcgan-8x8 --name nets --generator nets.py:Generator --discriminator "
        "nets.py:Discriminator --discriminator-output probability --dataset tinted-digits "
        "--channels 3 --image-size 64 --z-dim 100 --batch-size 4 --steps 1 --device cpu"
    )
    assert invoke(*words.split()).code == 0
    (tmp_path / "nets.py").unlink()
    assert invoke("resume", "nets", "--steps", "2").code == 0
    assert ganterm.open_run("nets").sample(2).shape == (2, 3, 64, 64)


@pytest.mark.usefixtures("warm")
def test_a_script_does_all_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    judges: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It trains, draws, judges and exports."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_DATA_DIR", str(judges))
    runpy.run_path(str(HERE / "script.py"))
    assert "distance" in capsys.readouterr().out
    assert (tmp_path / "digits.gif").read_bytes().startswith(b"GIF89a")
