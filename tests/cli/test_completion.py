"""What a Tab completes: asked as the shells ask, and in the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from ganterm.cli.app import app
from ganterm.cli.completion import complete
from ganterm.config import FIELDS, resolve
from ganterm.config.runfile import render_run_toml
from ganterm.runs.layout import create_run
from tests.cli.pty_session import PtySession

_LOSSES = [*FIELDS["loss"].choices]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a directory with a run of three checkpoints and two runs that are broken."""
    runs = tmp_path / "checkpoints"
    tiny = create_run(runs, "tiny", "dcgan-8x8")
    tiny.config_file.write_text(render_run_toml(resolve({"lr_d": 3e-4, "lr_g": 0.001}).config, {}))
    for step in (0, 20, 40):
        tiny.checkpoint_path(step).touch()
    (runs / "torn").mkdir()
    (runs / "torn" / "run.toml").write_bytes(b"\xff[")
    (runs / "torn" / "journal.jsonl").write_bytes(b'{"kind": "start"\n\0')
    (runs / "hollow").mkdir()
    (runs / "hollow" / "run.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTERM_RECIPES_DIR", str(tmp_path / "recipes"))
    monkeypatch.delenv("GANTERM_RUNS_DIR", raising=False)
    return tmp_path


def _ask_bash(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """Return what bash is given at the end of the last word; it has `=` as words of their own."""
    monkeypatch.setenv("_GANTERM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(["ganterm", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    code, text = complete(os.environ, partial(app, prog_name="ganterm"))
    assert code == 0
    return text.split()


def _ask(monkeypatch: pytest.MonkeyPatch, shell: str, line: str) -> str:
    monkeypatch.setenv("_GANTERM_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    code, text = complete(os.environ, partial(app, prog_name="ganterm"))
    assert code == 0
    return text


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["tr"], ["train"]),
        (["data", "fe"], ["fetch"]),
        (["train", "--lr-"], ["--lr-g", "--lr-d", "--lr-schedule"]),
        (["attach", "t"], ["tiny", "torn"]),
        (["attach", "--runs-dir", "=", "elsewhere", "t"], []),
        (["delete", "tiny", "t"], ["torn"]),
        (["branch", "tiny", "--step", ""], ["0", "20", "40"]),
        (["branch", "torn", "--step", ""], []),
        (["sample", "--step", ""], []),
        (["train", "--recipe", "dcgan-8"], ["dcgan-8x8"]),
        (["recipes", "show", "wg"], ["wgan-gp"]),
        (["train", "--dataset", "em"], ["emnist-digits", "emnist-letters", "emnist-balanced"]),
        (["data", "fetch", "k"], ["kmnist"]),
        (["train", "--device", "c"], ["cpu", "cuda"]),
        (["train", "--loss", ""], _LOSSES),
        (["train", "--loss", "="], _LOSSES),
        (["train", "--loss", "=", "hi"], ["hinge"]),
        (["train", "--set", "loss", "=", "hi"], ["hinge"]),
        (["train", "--set", "fi"], [f"fit={word}" for word in FIELDS["fit"].choices]),
        (["train", "--set", "lr_"], ["lr_g=", "lr_d=", "lr_schedule="]),
        (["ctl", "tiny", "re"], ["resume", "remedy"]),
        (["ctl", "tiny", "set", "lr"], ["lr_g=", "lr_d="]),
        (["ctl", "tiny", "set", "lr_g", "=", "1", "lr_d"], ["lr_d=0.0003"]),
        (["ctl", "tiny", "set", "batch"], []),
        (["ctl", "tiny", "remedy", ""], []),
        (["resume", "--mode", "e"], ["eager"]),
        (["app", "--theme", "n"], ["night"]),
        (["sample", "--format", "an"], ["ansi"]),
        (["nosuch", "x"], []),
    ],
    ids=" ".join,
)
def test_every_kind_of_word_is_completed(
    scene: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], offered: list[str]
) -> None:
    """Commands, options, runs, recipes, datasets, steps, settings and their choices."""
    # The newest run is broken, whatever the clock of the file system says.
    os.utime(scene / "checkpoints" / "torn" / "run.toml", (2e9, 2e9))
    assert sorted(_ask_bash(monkeypatch, *words)) == sorted(offered)


def test_a_name_is_written_as_bash_reads_it(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell would take for something else has a backslash before it."""
    recipes = scene / "recipes"
    recipes.mkdir()
    (recipes / "mine.toml").write_text('steps = 5\n[about]\ntitle = "It\'s (mine)"\n')
    assert _ask_bash(monkeypatch, "train", "--recipe", "mi") == ["mine"]
    told = _ask(monkeypatch, "zsh", "ganterm train --recipe mi")
    assert told.startswith("_arguments '*: :((")
    assert r"'\''" in told


@pytest.mark.parametrize(
    ("shell", "expected"),
    [("zsh", "compset -P '*='; _arguments '*: :((\"hinge\"))'"), ("fish", "--loss=hinge")],
)
def test_a_value_behind_an_equals_sign_fits_the_word(
    scene: Path, monkeypatch: pytest.MonkeyPatch, shell: str, expected: str
) -> None:
    """These shells have the whole of `--loss=hi` for a word."""
    assert _ask(monkeypatch, shell, "ganterm train --loss=hi").rstrip() == expected


@pytest.mark.parametrize("shell", ["bash", "nosuch"])
def test_nothing_is_ever_said_but_completions(tmp_path: Path, shell: str) -> None:
    """Neither where the runs cannot be read, nor where the question makes no sense."""
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "ganterm"],
        env={
            **os.environ,
            "_GANTERM_COMPLETE": f"complete_{shell}",
            "GANTERM_RUNS_DIR": str(tmp_path / "file" / "\udcff"),
            "COMP_WORDS": "ganterm\nattach\n",
            "_TYPER_COMPLETE_ARGS": "ganterm attach 'unfinished ",
        },
        capture_output=True,
        check=False,
    )
    assert done.stdout.strip() in {b"", b"_files"}
    assert done.stderr == b""


def test_completing_imports_nothing_heavy(scene: Path) -> None:
    """Neither PyTorch nor Textual is loaded at a Tab, nor the commands that were not named."""
    code = (
        "import sys\nfrom ganterm.__main__ import main\ntry:\n    main()\nfinally:\n"
        "    heavy = {'torch', 'textual', 'sklearn', 'ganterm.cli.train'} & set(sys.modules)\n"
        "    sys.stderr.write(str(heavy or ''))\n"
    )
    words = {"COMP_WORDS": "ganterm\nbranch\ntiny\n--step\n", "COMP_CWORD": "4"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **words, "_GANTERM_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["0", "20", "40"], "")


_SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        "bind 'set enable-bracketed-paste off'; eval \"$(ganterm --show-completion)\"",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u; eval "$(ganterm --show-completion)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "ganterm --show-completion | source"),
}


@pytest.mark.parametrize("shell", _SHELLS)
def test_a_tab_in_the_shell_itself(scene: Path, shell: str) -> None:
    """A step, an option's value behind `=`, and where words are taken apart a setting as well."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    path = _with_ganterm(scene)
    program, setup = _SHELLS[shell]
    env = {"PATH": path, "HOME": str(scene), "GANTERM_RUNS_DIR": ""}
    session = PtySession([], program=program, env=env, columns=160)
    session.type(f"{setup}; echo rea''dy\n")
    session.wait_for("ready")
    words = [("branch tiny --step 2", "20"), ("train --loss=hi", "hinge")]
    words += [("ctl tiny set lr_g", "lr_g=0.001")] if shell == "bash" else []
    for typed, completed in words:
        session.output = b""
        session.type(f"ganterm {typed}\t")
        session.wait_for(completed)
        # To the beginning of the line, and nothing of it is left.
        session.type("\x15")
    session.type("exit\n")
    assert session.wait() == 0


@pytest.mark.parametrize(
    ("shell", "written"), [("bash", ".bash_completions/ganterm.sh"), ("zsh", ".zfunc/_ganterm")]
)
def test_completion_is_installed_for_the_shell_that_asks(
    scene: Path, shell: str, written: str
) -> None:
    """`ganterm --install-completion` knows the shell and writes what it reads at its start."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    subprocess.run(
        # More than one command, so that the shell stays the parent.
        [shell, "-c", "ganterm --install-completion; true"],
        env={**os.environ, "PATH": _with_ganterm(scene), "HOME": str(scene)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert "_GANTERM_COMPLETE" in (scene / written).read_text()


def _with_ganterm(directory: Path) -> str:
    """Return a search path on which `ganterm` is this one."""
    script = directory / "bin" / "ganterm"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ganterm "$@"\n')
    script.chmod(0o755)
    return f"{script.parent}{os.pathsep}{os.environ['PATH']}"
