"""`ganterm train`, `attach`, `resume` and `ctl` as a person or a script would use them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ganterm.config import resolve
from ganterm.runs.layout import RunDir
from ganterm.runs.state import observe
from tests.cli.invoke import ganterm
from tests.cli.pty_session import ForkedSession
from tests.records import lines

TINY = ["--epochs", "1", "--batch-size", "256", "--sample-every", "0", "--log-every", "1"]
LONG = ["--epochs", "0", "--steps", "1000000", "--batch-size", "16", "--sample-every", "0"]


def stop(run: RunDir) -> None:
    done = ganterm("ctl", str(run.path.absolute()), "stop", cwd=run.path)
    assert done.code == 0, done.said


def test_json_training_prints_the_journal_and_nothing_else(tmp_path: Path) -> None:
    """Standard output of `train --json` is the journal of a run that finished."""
    done = subprocess.run(
        [sys.executable, "-m", "ganterm", "train", *TINY, "--json", "--name", "one"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    run = RunDir(tmp_path / "checkpoints" / "one")
    assert done.stdout == run.journal.read_text()
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    assert observe(run).state == "finished"


@pytest.mark.usefixtures("warm")
def test_plain_training_narrates_on_standard_error_alone(tmp_path: Path) -> None:
    """Away from a terminal standard output stays empty, and the log tells the story."""
    done = ganterm("train", *TINY, cwd=tmp_path)
    assert done.code == 0, done.said
    assert done.text == ""
    name = f"{resolve().config.recipe}-001"
    assert f"{name}: training for 7 steps on cpu" in done.said
    assert f"{name}: finished at step 7" in done.said


@pytest.mark.usefixtures("warm")
def test_a_detached_run_is_steered_stopped_and_resumed(tmp_path: Path) -> None:
    """Detach prints the run's name; ctl is answered; a stopped run resumes to its new length."""
    name = ganterm("train", *LONG, "--detach", cwd=tmp_path).text.strip()
    run = RunDir(tmp_path / "checkpoints" / name)
    answer = ganterm("ctl", name, "set", "lr_g=5e-4", "--wait", "120", cwd=tmp_path)
    assert answer.code == 0, answer.said
    assert answer.text.startswith("set lr_g 0.0005: done at step ")
    assert ganterm("ctl", name, "set", "batch_size=3", cwd=tmp_path).code == 2
    undone = ganterm("ctl", name, "undo", "--wait", "120", cwd=tmp_path)
    assert undone.text.startswith(f"set lr_g {resolve().config.lr_g}: done at step ")
    nothing = ganterm("ctl", name, "undo", cwd=tmp_path)
    assert nothing.code == 2
    assert "no change" in nothing.said
    refused = ganterm("ctl", name, "set", "lr_g=7", cwd=tmp_path)
    assert refused.code == 2
    assert "lr_g must be a number from 0 to 1" in refused.said
    again = ganterm("resume", name, cwd=tmp_path)
    assert again.code == 4
    assert "is held by worker" in again.said
    assert ganterm("ctl", name, "stop", "--wait", "120", cwd=tmp_path).code == 0
    ended = ganterm("attach", name, cwd=tmp_path)
    assert ended.code == 0, ended.said
    assert f"{name}: stopped at step" in ended.said
    late = ganterm("ctl", name, "pause", cwd=tmp_path)
    assert late.code == 4
    assert f"ganterm resume {name}" in late.said
    steps = lines(run.journal)[-1]["step"] + 5
    resumed = ganterm("resume", name, "--steps", str(steps), "--json", cwd=tmp_path)
    assert resumed.code == 0, resumed.said
    assert json.loads(resumed.text.splitlines()[-1])["reason"] == "finished"
    assert ganterm("resume", name, cwd=tmp_path).code == 2


@pytest.mark.usefixtures("warm")
def test_ctrl_c_asks_and_d_leaves_training_to_itself(tmp_path: Path) -> None:
    """On a terminal Ctrl-C asks first; d detaches with exit code 0 and the run goes on."""
    session = ForkedSession(["train", *LONG, "--runs-dir", str(tmp_path), "--name", "left"])
    session.wait_for("D loss")
    session.type("\x03")
    session.wait_for("Ctrl-C again or s")
    session.type("d")
    assert session.wait() == 0
    assert "ganterm attach left" in session.text
    run = RunDir(tmp_path / "left")
    assert observe(run).alive
    stop(run)


@pytest.mark.usefixtures("warm")
def test_a_second_ctrl_c_stops_with_a_checkpoint(tmp_path: Path) -> None:
    """The run ends stopped, with a checkpoint at its last step, and the exit code is 130."""
    session = ForkedSession(["train", *LONG, "--runs-dir", str(tmp_path), "--name", "cut"])
    session.wait_for("D loss")
    session.type("\x03")
    session.wait_for("Ctrl-C again or s")
    session.type("\x03")
    assert session.wait() == 130
    run = RunDir(tmp_path / "cut")
    last = lines(run.journal)[-1]
    assert last["reason"] == "stopped"
    assert run.checkpoint_path(last["step"]).is_file()
    assert "ganterm resume cut" in session.text


@pytest.mark.usefixtures("warm")
def test_losing_the_terminal_leaves_training_running(tmp_path: Path) -> None:
    """A hang-up ends the follower; the worker trains on and can be followed again."""
    session = ForkedSession(["train", *LONG, "--runs-dir", str(tmp_path), "--name", "on"])
    session.wait_for("D loss")
    session.hang_up()
    run = RunDir(tmp_path / "on")
    assert observe(run).alive
    again = ForkedSession(["attach", "on", "--runs-dir", str(tmp_path)])
    again.wait_for("D loss")
    again.type("\x03")
    assert again.wait() == 130
    assert observe(run).alive
    stop(run)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--recipe", "dcgam"], 2, "did you mean dcgan"),
        (["--lr-g", "fast"], 2, "lr_g must be a number from 0 to 1; got 'fast'"),
        (["--loss", "wasserstein", "--set", "penalty=none"], 2, "set penalty = wgan-gp"),
        (["--steps", "1", "--epochs", "1"], 2, "steps and epochs both say how long"),
        (["--set", "lr_q=1"], 2, "did you mean lr_"),
        (["--set", "lr_g"], 2, "A setting is given as KEY=VALUE"),
        (["--config", "absent.toml"], 2, "absent.toml cannot be read"),
        (["--dataset", "./absent"], 2, "There is no folder ./absent"),
        (["--device", "cuda:77"], 2, "device: cuda:77 is not on this machine"),
        (["--name", "../up"], 2, "cannot name a run"),
        (["--no-such-option"], 2, "no-such-option"),
    ],
)
def test_bad_input_gets_one_sentence_and_its_exit_code(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    """What is wrong is said, and the exit code says what kind it is."""
    done = ganterm("train", *arguments, cwd=tmp_path)
    assert done.code == code, done.said
    assert words in done.said
    assert done.text == ""
