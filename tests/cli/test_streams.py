"""Standard streams that are closed or full: words where there is a place, and the exit code."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from tests.cli.forked import forked

NO_RUN = "no-such-run"


@pytest.mark.parametrize("stdout", [None, "/dev/full"])
@pytest.mark.parametrize("arguments", [("--help",), ("config", "show"), ("show", "x.png")])
def test_output_that_goes_nowhere_is_a_failure_in_words(
    arguments: tuple[str, ...], stdout: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Help, text and drawings; standard output is full or closed, and so is standard input."""
    monkeypatch.chdir(tmp_path)
    save_sheet([Raster(2, 2, 1, bytes(4))] * 4, 2, tmp_path / "x.png")
    said = tmp_path / "said"
    code = forked(arguments, {0: None, 1: stdout, 2: str(said)})
    assert code == ExitCode.USAGE
    told = said.read_text().splitlines()
    assert told[-1].startswith("ganterm: standard output cannot be written: ")
    assert len(told) == (2 if arguments[0] == "show" else 1)


@pytest.mark.parametrize("stderr", [None, "/dev/full"])
def test_help_needs_neither_input_nor_narration(stderr: str | None, tmp_path: Path) -> None:
    """It is printed in full, and the command ends well."""
    shown = tmp_path / "shown"
    assert forked(("runs", "--help"), {0: None, 1: str(shown), 2: stderr}) == ExitCode.OK
    assert "Usage: " in shown.read_text()


FAILING = [
    (),
    ("app",),
    ("train", "--recipe", NO_RUN),
    ("attach", NO_RUN),
    ("sample", NO_RUN),
    ("show", "no-such-file"),
    ("data", "fetch", "no-such-set"),
    ("bench", NO_RUN),
    ("no-such-command",),
]


@pytest.mark.parametrize("arguments", FAILING, ids=" ".join)
def test_what_fails_fails_alike_with_nowhere_to_say_it(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is the same, whatever is closed or full; the sentence comes where it can."""
    monkeypatch.chdir(tmp_path)
    said = tmp_path / "said"
    code = forked(arguments, {2: str(said)})
    assert code in {ExitCode.USAGE, ExitCode.DATA}, said.read_text()
    assert said.read_text()
    assert "Traceback" not in said.read_text()
    nowhere = "/dev/full" if len(arguments) % 2 else None
    assert forked(arguments, {0: None, 1: nowhere, 2: nowhere}) == code


@pytest.mark.parametrize(
    "arguments", [("runs",), ("recipes",), ("config", "schema"), ("app", "--plain")]
)
def test_data_is_whole_without_input_or_narration(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a command prints does not depend on the other two streams."""
    monkeypatch.chdir(tmp_path)
    one, other = tmp_path / "one", tmp_path / "other"
    assert forked(arguments, {1: str(one)}) == ExitCode.OK
    assert forked(arguments, {0: None, 1: str(other), 2: "/dev/full"}) == ExitCode.OK
    assert one.read_bytes() == other.read_bytes()


def test_the_version_into_a_closed_pipe_is_silent() -> None:
    """As in `ganterm --version | true`."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "ganterm", "--version"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (ExitCode.OK, b"")


def test_no_file_of_ours_takes_the_place_of_a_closed_stream() -> None:
    """Descriptors that were closed are open, and children of ours get them so too."""
    code = (
        "import os, subprocess; from ganterm.__main__ import settle; settle(); "
        "file = open(os.devnull); assert file.fileno() > 2; "
        "subprocess.run(['ls', '-d', '/'], stdout=subprocess.DEVNULL, check=True); os._exit(7)"
    )
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" <&- >&- 2>&-', sys.executable, code], check=False
    )
    assert done.returncode == 7


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("recipes",), ExitCode.OK),
        (("data", "list"), ExitCode.OK),
        (("runs",), ExitCode.OK),
        (("show", "~/x.png"), ExitCode.USAGE),
        (("train", "--dataset", "~/x"), ExitCode.USAGE),
        (("train", "--dataset", "~nobody-of-that-name/x"), ExitCode.USAGE),
        (("recipes", "save", "mine"), ExitCode.USAGE),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_who_has_no_home_gets_words(
    arguments: tuple[str, ...], code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under a scheduler, or in a container whose user is in no list."""

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "GANTERM_RECIPES_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.chdir(tmp_path)
    said = tmp_path / "said"
    assert forked(arguments, {2: str(said)}) == code
    assert "Traceback" not in said.read_text()
    assert list(tmp_path.iterdir()) == [said]
