"""A configuration saved as a recipe resolves to itself, and what resolves to none is left out."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ganterm import recipes
from ganterm.config import resolve
from ganterm.config.recipefile import presets, recipe_path, save_recipe
from ganterm.core.errors import ConfigError


@pytest.mark.parametrize("name", recipes.built_in())
@pytest.mark.parametrize("typed", [{}, {"lr_g": 3e-5, "seed": 7, "width": 0.5}])
def test_what_is_saved_is_what_is_read(tmp_path: Path, name: str, typed: dict[str, object]) -> None:
    """Every recipe, as it is and changed, comes back whole from a file of its own."""
    config = resolve({"recipe": name, **typed}).config
    path = tmp_path / "folder" / "mine.toml"
    save_recipe(config, path, title="Mine", purpose="To try.")
    again = resolve({"recipe": str(path)}).config
    assert msgspec.structs.replace(again, recipe=name) == config
    assert recipes.load(str(path)).title == "Mine"
    assert recipes.load(str(path)).source == f"Made from {name}."


def test_a_file_is_only_replaced_on_the_users_word(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    save_recipe(resolve().config, path)
    with pytest.raises(ConfigError, match="exists already"):
        save_recipe(resolve({"seed": 4}).config, path)
    save_recipe(resolve({"seed": 4}).config, path, replace=True)
    assert resolve({"recipe": str(path)}).config.seed == 4


def test_a_folder_of_images_is_found_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images" / "cats").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("mine.toml", "MINE.TOML"):
        save_recipe(resolve({"dataset": "images/cats"}).config, tmp_path / name)
        assert recipes.load(name).values["dataset"] == str(tmp_path / "images" / "cats")


def test_where_a_recipe_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be written: .*choose another place"):
        save_recipe(resolve().config, tmp_path / "file" / "mine.toml")


def test_a_bare_name_means_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, str(tmp_path))
    assert recipe_path(" mine ") == tmp_path / "mine.toml"
    assert recipe_path("mine.v2") == tmp_path / "mine.v2.toml"
    for name in ("here/x.toml", "here/X.TOML"):
        assert recipe_path(name) == Path(name)
    assert recipe_path("~/x.toml") == Path.home() / "x.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Give the recipe a name"),
        ("a\0b", "Give the recipe a name"),
        ("dcgan", "one of ganterm's own"),
        ("-x", "is not one"),
        ("there/mine.txt", "must end in .toml"),
    ],
)
def test_names_that_could_not_be_found_again_are_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        recipe_path(text)


def test_all_recipes_resolve_and_bad_ones_are_skipped_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that do not exist or do not go together name their file and fault."""
    monkeypatch.setenv(recipes.RECIPES_DIR_VARIABLE, str(tmp_path))
    (tmp_path / "unknown.toml").write_text("learning_rate = 3")
    (tmp_path / "illegal.toml").write_text('loss = "wasserstein"')
    (tmp_path / "mine.toml").write_text("batch_size = 9")
    every = presets()
    assert [p.recipe.name for p in every.found] == [*recipes.built_in(), "mine"]
    assert all(p.config == resolve({"recipe": p.recipe.name}).config for p in every.found)
    illegal, unknown = every.skipped
    assert illegal.startswith(f"{tmp_path}/illegal.toml is skipped: loss: wasserstein needs")
    assert "There is no setting 'learning_rate'" in unknown
