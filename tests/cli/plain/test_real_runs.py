"""The app in lines with real workers, its commands coming from a file as from a script."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ganterm.config.runfile import read_run_toml
from ganterm.runs import control
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from tests.cli.forked import forked
from tests.cli.pty_session import PtySession
from tests.records import lines

TINY = "batch_size=8 log_every=2 sample_every=10 checkpoint_every=10 keep_checkpoints=0 threads=1"


@pytest.fixture(autouse=True)
def _workers(warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start workers at once, with data of their own."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path / "data"))


def plain(runs_dir: Path, *lines: str, data: bytes | None = None) -> list[str]:
    """Type the lines, end the input, and return what was printed."""
    with tempfile.TemporaryDirectory() as place:
        typed, printed, said = (Path(place, name) for name in ("typed", "printed", "said"))
        typed.write_bytes("".join(f"{line}\n" for line in lines).encode() if data is None else data)
        streams = dict(enumerate(map(str, (typed, printed, said))))
        code = forked(("app", "--plain", "--runs-dir", str(runs_dir)), streams)
        assert (code, said.read_text()) == (0, "")
        text = printed.read_text()
    assert all(character.isprintable() or character == "\n" for character in text)
    return text.splitlines()


def test_a_run_is_begun_steered_described_and_gone_back_from(tmp_path: Path) -> None:
    """The whole of it, in one script."""
    said = plain(
        tmp_path,
        f"start dcgan-8x8 name=one steps=20 {TINY}",
        "set lr_g=5e-4",
        "undo",
        "wait",
        "status",
        "losses",
        "describe",
        "checkpoints",
        f"branch 10 name=two lr_d=1e-4 {TINY}",
        "wait",
        "status",
    )
    one, two = RunDir(tmp_path / "one"), RunDir(tmp_path / "two")
    sets = [record["args"]["value"] for record in lines(one.journal) if "args" in record]
    assert sets == [5e-4, 1e-3]
    assert any(line.startswith("lr_g to 0.0005 from step ") for line in said)
    assert said.count("one has finished.") == 2
    assert any(line.startswith("Losses: D loss ") for line in said)
    assert "64 images of 8 by 8 pixels." in said
    assert any(line.startswith("Difference of the images: ") for line in said)
    assert "Checkpoints of step 0, 10, 20." in said
    assert "It goes on from one@10 as a run of its own." in said
    assert said[-3] == "two has finished."
    assert "on from one@10" in said[-1]
    assert read_run_toml(two.config_file).lr_d == 1e-4
    assert "ganterm branch one --step=10 --name=two --set=lr_d=1e-4" in two.config_file.read_text()
    assert "ganterm train --recipe=dcgan-8x8 --name=one" in one.config_file.read_text()


@pytest.mark.slow
def test_the_end_of_the_input_leaves_training_alone(tmp_path: Path) -> None:
    """Another session finds the run, stops it, trains it on, renames and deletes it."""
    said = plain(tmp_path, f"start dcgan-8x8 name=one steps=1000000 {TINY}")
    assert said[-1] == "one trains on."
    run = RunDir(tmp_path / "one")
    try:
        assert observe(run).alive
        said = plain(tmp_path, "delete one yes", "rename two", "stop", "wait", "resume bogus=1")
        assert sum("is training and cannot be" in line for line in said) == 2
        assert any(line.startswith("stopping at step ") for line in said)
        assert said[-1] == "resume takes steps=N, epochs=N or device=NAME, and nothing else."
    finally:
        if observe(run).alive:
            control.post(run.control, "stop")
    step = observe(run).step
    said = plain(tmp_path, "watch one", f"resume steps={step + 3}", "wait")
    assert "one has finished." in said
    said = plain(tmp_path, "watch one", "note good", "rename two", "runs good", "delete two yes")
    assert "It is now two." in said
    assert any(line.startswith("two: finished, ") and "note: good" in line for line in said)
    assert said[-1] == "two is deleted."
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n  \n\xff\xfe\x1b[2J\nwatch " + b"x" * 300_000 + b"\n\0 \0\nquit now\nruns",
        b"watch " + b"x" * 300_000,
    ],
    ids=["nothing", "anything", "endless"],
)
def test_no_input_breaks_it(tmp_path: Path, data: bytes) -> None:
    """Whatever comes gets sentences, and nothing that steers a terminal is echoed."""
    said = plain(tmp_path, data=data)
    assert said[0].startswith("ganterm in plain lines.")
    assert not any("Traceback" in line for line in said)


def test_a_reader_that_goes_away_ends_it(tmp_path: Path) -> None:
    """As `head -1` does; no traceback."""
    program = [sys.executable, "-m", "ganterm", "app", "--plain", "--runs-dir", str(tmp_path)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"help\n" * 10)
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_on_a_terminal_it_is_typed_and_left(tmp_path: Path) -> None:
    """Ctrl-D is the end of the input there; Ctrl-C leaves at once."""
    for keys, code in (("\x04", 0), ("\x03", 130)):
        session = PtySession(["app", "--plain", "--runs-dir", str(tmp_path)])
        session.wait_for("There are no runs")
        session.type("recipes\n")
        session.wait_for("wgan-gp: ")
        session.type(keys)
        assert session.wait() == code
        assert b"\x1b" not in session.output
        assert "Traceback" not in session.text
