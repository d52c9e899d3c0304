"""`ganterm branch`: a run goes on from an earlier checkpoint of another, or a sentence says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganterm.core.errors import ExitCode
from ganterm.runs.layout import RunDir, find_runs
from ganterm.runs.state import observe
from tests.cli.invoke import ganterm, invoke
from tests.records import lines


@pytest.mark.usefixtures("warm")
def test_a_branch_is_trained_and_followed(trained: RunDir, tmp_path: Path) -> None:
    """With --json the records come as with `train`; options and --set change its settings."""
    arguments = ["--step", "4", "--lr-g", "1e-4", "--set", "steps=9", "--json", "--name", "two"]
    done = ganterm(
        "branch", str(trained.path), *arguments, "--runs-dir", str(tmp_path), cwd=tmp_path
    )
    assert done.code == 0, done.said
    run = RunDir(tmp_path / "two")
    assert done.text == run.journal.read_text()
    start, *_, end = map(json.loads, done.text.splitlines())
    assert (start["step"], start["parent"], start["config"]["lr_g"]) == (4, "tiny@4", 1e-4)
    assert (end["step"], end["reason"]) == (9, "finished")
    told = ganterm("attach", "two", "--runs-dir", str(tmp_path), cwd=tmp_path)
    assert told.code == 0


@pytest.mark.usefixtures("warm")
def test_a_detached_branch_prints_its_name(trained: RunDir, tmp_path: Path) -> None:
    """And trains by itself; a person who follows is told where it comes from."""
    where = ["--runs-dir", str(tmp_path)]
    done = ganterm("branch", str(trained.path), "--step", "2", "--detach", *where, cwd=tmp_path)
    assert done.text == "dcgan-8x8-001\n", done.said
    run = RunDir(tmp_path / "dcgan-8x8-001")
    assert ganterm("attach", run.name, *where, cwd=tmp_path).code == 0
    assert observe(run).state == "finished"
    assert lines(run.journal)[0]["parent"] == "tiny@2"
    again = ganterm("branch", run.name, "--step", "2", "--steps", "3", *where, cwd=tmp_path)
    assert "training for 3 steps on cpu, on from dcgan-8x8-001@2" in again.said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--step 3", "has no checkpoint of step 3; there are those of 0, 2, 4, 6."),
        ("--step 6", "has made its 6 steps already"),
        ("--step 4 --seed 7", "seed cannot be changed in a branch"),
        ("--step 4 --lr-g fast", "lr_g must be a number"),
        ("--step 4 --set lr_g", "A setting is given as KEY=VALUE"),
        ("--step 4 --name ../up", "cannot name a run"),
    ],
)
def test_bad_input_gets_one_sentence(
    trained: RunDir, tmp_path: Path, arguments: str, words: str
) -> None:
    """Exit code 2, and no run is made."""
    outcome = invoke("branch", trained.path, *arguments.split(), "--runs-dir", tmp_path)
    assert outcome.code == ExitCode.USAGE
    assert words in outcome.said
    assert find_runs(tmp_path) == []


def test_variables_do_not_change_a_branch(trained: RunDir, tmp_path: Path) -> None:
    """They stand for what a new run begins with; a branch goes on."""
    arguments = ["branch", trained.path, "--step", "6", "--runs-dir", tmp_path]
    outcome = invoke(*arguments, env={"GANTERM_Z_DIM": "7"})
    assert "has made its 6 steps already" in outcome.said
