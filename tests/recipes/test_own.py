"""Recipes of one's own are found by name beside ganterm's, and no file in their folder can hurt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ganterm import recipes
from ganterm.config import resolve
from ganterm.core.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, str(tmp_path))
    return tmp_path


def test_own_recipes_are_listed_after_the_built_in_ones_and_load_by_name(folder: Path) -> None:
    """A file in the folder is a recipe by its name, and a run can start from it."""
    (folder / "zebra.toml").write_text('lr_g = 1e-5\n[about]\ntitle = "Slow"\n')
    (folder / "ant.v2.toml").write_text("steps = 7\n")
    assert recipes.names() == [*recipes.built_in(), "ant.v2", "zebra"]
    assert recipes.load("zebra").title == "Slow"
    assert resolve({"recipe": "ant.v2"}).config.steps == 7


def test_a_built_in_name_wins_and_the_file_is_mentioned(folder: Path) -> None:
    """No file can change what a published recipe is."""
    (folder / "dcgan.toml").write_text("lr_g = 1\n")
    assert recipes.load("dcgan").values.get("lr_g") is None
    survey = recipes.survey()
    assert [recipe.name for recipe in survey.recipes] == recipes.built_in()
    (sentence,) = survey.skipped
    assert "ganterm's own recipe dcgan has that name" in sentence


def test_what_is_no_recipe_is_skipped_with_a_word(folder: Path) -> None:
    """Binary, broken, huge and oddly named files, folders and pipes: each one sentence."""
    (folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "broken.toml").write_text("a = [")
    (folder / "huge.toml").write_bytes(b"#" * (2 << 20))
    (folder / "\x1b[2Jred.toml").write_text("")
    (folder / "dir.toml").mkdir()
    os.mkfifo(folder / "pipe.toml")
    (folder / "gone.toml").symlink_to(folder / "nowhere")
    (folder / "nests.toml").write_text('recipe = "mlp"')
    (folder / "good.toml").write_text("seed = 3")
    survey = recipes.survey()
    assert [recipe.name for recipe in survey.recipes][len(recipes.built_in()) :] == ["good"]
    said = "\n".join(survey.skipped)
    assert len(survey.skipped) == 8
    for words in ("is not a text file", "not valid TOML", "over 1 MiB", "cannot name a recipe"):
        assert words in said
    assert said.count("it is not a file") == 3
    assert "names another recipe" in said


def test_a_name_of_a_recipe_never_leaves_the_folder(folder: Path) -> None:
    """Only names are looked up there; what looks like a path is one."""
    (folder.parent / "up.toml").write_text("seed = 3")
    with pytest.raises(ConfigError, match="There is no recipe"):
        recipes.load("../up")


def test_a_broken_own_recipe_says_what_is_wrong_when_asked_for(folder: Path) -> None:
    (folder / "mine.toml").write_text("a = [")
    with pytest.raises(ConfigError, match="Recipe mine is not valid TOML"):
        recipes.load("mine")


def test_a_folder_that_is_missing_or_none_holds_no_recipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (tmp_path / "absent", Path(os.devnull)):
        monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, str(path))
        assert recipes.survey().skipped == []
        assert recipes.names() == recipes.built_in()


def test_the_folder_is_in_the_users_configuration_unless_the_variable_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(recipes.RECIPES_DIR_VARIABLE, raising=False)
    assert recipes.recipes_dir().parts[-2:] == ("ganterm", "recipes")
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, "~/mine")
    assert recipes.recipes_dir() == Path.home() / "mine"


def test_a_folder_of_thousands_is_read_in_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "MAX_OWN", 2)
    for index in range(3):
        (folder / f"r{index}.toml").write_text("")
    survey = recipes.survey()
    assert [recipe.name for recipe in survey.recipes][-2:] == ["r0", "r1"]
    assert "more than 2 recipes" in survey.skipped[0]
