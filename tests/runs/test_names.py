"""Runs and files that others named: spaces, accents, bytes that are no UTF-8."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from ganterm.config import parse_value
from ganterm.core.errors import ConfigError
from ganterm.core.files import regular_path
from ganterm.data.catalogue import anchored
from ganterm.runs.layout import RunDir, create_run, find_runs, resolve_run
from ganterm.worker.checkpoint import load_tensors
from tests.cli.invoke import invoke

BYTES = os.fsdecode(b"p\xe9")
NAMES = ["my run (copy)", "é", "прогон", "$(reboot)", "-dash", BYTES]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_copy_of_a_run_is_listed_and_can_be_named(tmp_path: Path, name: str) -> None:
    """Whatever it is called; what starts with a dot is hidden."""
    run = create_run(tmp_path, "a-run", "dcgan-8x8")
    run.journal.touch()
    shutil.copytree(run.path, tmp_path / name)
    shutil.copytree(run.path, tmp_path / ".hidden")
    assert {each.name for each in find_runs(tmp_path)} == {"a-run", name}
    assert resolve_run(name, tmp_path) == RunDir(tmp_path / name)
    listed = invoke("runs", "--runs-dir", tmp_path)
    assert listed.code == 0
    assert ("p\\xe9" if name == BYTES else name) in listed.text
    noted = invoke("note", "--runs-dir", tmp_path, "--", name, "A word.")
    assert noted.code == 0
    assert invoke("note", "--runs-dir", tmp_path, "--", name).text == "A word.\n"


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "\0", ".hidden"])
def test_no_name_leads_out_of_the_runs(tmp_path: Path, name: str) -> None:
    """Only what lies in the directory is meant by a name."""
    runs = tmp_path / "runs"
    run = create_run(runs, "a-run", "dcgan-8x8")
    run.journal.touch()
    shutil.copytree(run.path, runs / ".hidden")
    (tmp_path / "journal.jsonl").touch()
    with pytest.raises(ConfigError, match="there is no run"):
        resolve_run(name, runs)


def test_a_command_to_be_typed_names_the_run_as_one_word(tmp_path: Path) -> None:
    """What is printed can be pasted into a shell."""
    assert RunDir(tmp_path / "a-run").word == "a-run"
    assert RunDir(tmp_path / "my run (copy)").word == "'my run (copy)'"


def test_tensors_are_read_wherever_the_file_lies(tmp_path: Path) -> None:
    """Safetensors takes paths in UTF-8 alone."""
    folder = tmp_path / BYTES
    folder.mkdir()
    for path in (tmp_path / "plain.safetensors", folder / "step.safetensors"):
        path.write_bytes(save({"x": torch.arange(3)}))
        assert load_tensors(path)["x"].tolist() == [0, 1, 2]
    with pytest.raises(FileNotFoundError), regular_path(folder / "absent"):
        pass


def test_a_dataset_that_settings_cannot_hold_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own name or the one of a directory above it; a link to it will do."""
    folder = tmp_path / BYTES / "pictures"
    folder.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"no UTF-8.*ln -s"):
        parse_value("dataset", str(folder))
    monkeypatch.chdir(tmp_path / BYTES)
    with pytest.raises(ConfigError, match=r"no UTF-8.*ln -s"):
        anchored("./pictures")
    (tmp_path / "link").symlink_to(folder)
    assert anchored(str(tmp_path / "link")) == str(tmp_path / "link")
