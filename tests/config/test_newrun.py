"""A new run's directory holds the whole configuration before any worker is started."""

from __future__ import annotations

import errno
from pathlib import Path

import msgspec
import pytest

from ganterm.config import newrun, resolve
from ganterm.config.runfile import new_run, read_run_toml
from ganterm.core.errors import ConfigError, TrainingError


def test_a_run_is_numbered_by_its_recipe_and_holds_its_configuration(tmp_path: Path) -> None:
    config = resolve({"batch_size": 7}).config
    run = new_run(config, tmp_path, name=None, command="ganterm train --batch-size 7")
    assert run.path == tmp_path / f"{config.recipe}-001"
    assert read_run_toml(run.config_file) == config
    assert "ganterm train --batch-size 7" in run.config_file.read_text()


def test_a_recipe_file_and_a_name_with_dots_name_their_runs(tmp_path: Path) -> None:
    for text, stem in (("mine.v2", "mine.v2"), (str(tmp_path / "mine.v2.toml"), "mine.v2")):
        recipe = tmp_path / "mine.v2.toml"
        recipe.write_text("")
        config = resolve({"recipe": str(recipe)}).config
        config = msgspec.structs.replace(config, recipe=text)
        run = new_run(config, tmp_path, name=None, command="")
        assert run.name.rsplit("-", 1)[0] == stem


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    config = resolve().config
    new_run(config, tmp_path, name="one", command="")
    with pytest.raises(ConfigError, match="is taken"):
        new_run(config, tmp_path, name="one", command="")


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(newrun, "write_atomically", full)
    with pytest.raises(TrainingError, match="free some space"):
        new_run(resolve().config, tmp_path, name="one", command="")
