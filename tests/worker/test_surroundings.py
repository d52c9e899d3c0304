"""What a run is made by: the commit of the user's code, libraries and the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import torch

from ganterm.worker import surroundings
from tests.cli.invoke import invoke
from tests.records import lines
from tests.worker.workers import Zygote, make_run


def _git(directory: Path, *arguments: str) -> str:
    names = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    command = ["git", *names, "-c", "init.defaultBranch=main", *arguments]
    done = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a repository of one commit."""
    _git(tmp_path, "init")
    (tmp_path / "nets.py").write_text("x = 1\n")
    _git(tmp_path, "add", "nets.py")
    _git(tmp_path, "commit", "-m", "Begin")
    return tmp_path


def test_the_commit_and_whether_anything_changed(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What git does not know, such as runs, is no change; elsewhere there is nothing to say."""
    commit = _git(repository, "rev-parse", "HEAD")
    (repository / "checkpoints").mkdir()
    (repository / "checkpoints" / "new").touch()
    assert surroundings.code(repository) == {"commit": commit, "dirty": "no"}
    assert surroundings.code(repository / "checkpoints")["commit"] == commit
    (repository / "nets.py").write_text("x = 2\n")
    assert surroundings.code(repository) == {"commit": commit, "dirty": "yes"}
    assert surroundings.code(tmp_path_factory.mktemp("none")) == {}
    assert surroundings.code(repository / "gone") == {}


def test_nothing_in_the_directory_is_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a program called git there, nor what the repository's settings name as a monitor."""
    traces = repository / "ran"
    for name in ("git", "monitor"):
        (repository / name).write_text(f"#!/bin/sh\ntouch {traces}\n")
        (repository / name).chmod(0o755)
    _git(repository, "config", "core.fsmonitor", str(repository / "monitor"))
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", os.environ["PATH"]]))
    assert surroundings.code(repository)["dirty"] == "no"
    assert not traces.exists()
    monkeypatch.setenv("PATH", ".")
    assert surroundings.code(repository) == {}
    assert not traces.exists()


def test_a_run_says_what_made_it(tmp_path: Path, zygote: Zygote) -> None:
    """In its journal, by `info`, and on its card."""
    run = zygote.train(make_run(tmp_path, steps=2, sample_every="0", checkpoint_every="2"))
    opening = lines(run.journal)[0]
    assert opening["versions"]["torch"] == torch.__version__
    assert {"ganterm", "numpy", "python"} <= opening["versions"].keys()
    assert opening["machine"]["cpu"]
    told = invoke("info", run.path).text
    assert "pytest" in told
    assert f"torch {torch.__version__}" in told
    assert opening["machine"]["cpu"] in told
    card = tmp_path / "card.md"
    assert invoke("export", run.path, "-o", card).code == 0
    assert "- Machine: cpu" in card.read_text()
    if commit := opening["code"].get("commit"):
        assert commit in told
        assert commit in card.read_text()
