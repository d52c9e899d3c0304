"""Sources of settings are layered in their order, and each value remembers where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ganterm import recipes
from ganterm.config import FIELDS, resolve
from ganterm.config.runfile import from_mapping, render_run_toml, to_mapping
from ganterm.config.schedule import schedules_in
from ganterm.core.errors import ConfigError

LAYERS = ("typed", "environment", "file", "recipe", "default")


def _file(path: Path, **values: Any) -> Path:
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    path.write_text("\n".join(lines).replace("'", '"'), encoding="utf-8")
    return path


@pytest.mark.parametrize("highest", LAYERS)
def test_the_highest_source_that_says_something_wins(tmp_path: Path, highest: str) -> None:
    present = LAYERS[LAYERS.index(highest) :]
    base = _file(tmp_path / "base.toml", **({"lr_g": 0.004} if "recipe" in present else {}))
    given = {"lr_g": 0.003} if "file" in present else {}
    config_file = _file(tmp_path / "c.toml", recipe=str(base), **given)
    resolved = resolve(
        {"lr_g": "0.001"} if "typed" in present else {},
        config_file=config_file,
        environment={"GANTERM_LR_G": "0.002"} if "environment" in present else {},
    )
    expected = {
        "typed": (0.001, "typed"),
        "environment": (0.002, "GANTERM_LR_G"),
        "file": (0.003, f"file {config_file}"),
        "recipe": (0.004, "recipe base"),
        "default": (2e-4, "default"),
    }
    assert (resolved.config.lr_g, resolved.origin["lr_g"]) == expected[highest]
    assert set(resolved.origin) == set(FIELDS)


def test_nothing_said_is_the_default_recipe() -> None:
    resolved = resolve()
    assert resolved.config.recipe == FIELDS["recipe"].default
    assert resolved.origin["recipe"] == "default"
    assert resolved.origin["generator"] == f"recipe {resolved.config.recipe}"
    assert resolved.origin["real_label"] == "default"
    assert resolve({"seed": None}).config.seed == 0, "None was not typed"
    assert resolve(environment={"GANTERM_SEED": ""}).origin["seed"] == "default"


@pytest.mark.parametrize("source", ["typed", "environment", "file"])
def test_every_source_can_name_the_recipe(tmp_path: Path, source: str) -> None:
    resolved = resolve(
        {"recipe": "mlp"} if source == "typed" else {},
        config_file=_file(tmp_path / "c.toml", recipe="mlp") if source == "file" else None,
        environment={"GANTERM_RECIPE": "mlp"} if source == "environment" else {},
    )
    assert resolved.config.generator == "mlp"
    assert resolved.config.recipe == "mlp"
    assert resolved.origin["d_reduction"] == "recipe mlp"


def test_the_recipe_typed_wins_over_the_recipe_in_a_file(tmp_path: Path) -> None:
    config_file = _file(tmp_path / "c.toml", recipe="mlp", seed=3)
    resolved = resolve({"recipe": "dcgan"}, config_file=config_file)
    assert resolved.config.generator == "dcgan"
    assert resolved.config.seed == 3


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_resolves_and_json_knows_floats_from_integers(name: str) -> None:
    config = resolve({"recipe": name}).config
    values = msgspec.json.decode(msgspec.json.encode(to_mapping(config)))
    for key, spec in FIELDS.items():
        if spec.kind == "number" and values[key] is not None and key not in schedules_in(config):
            assert isinstance(values[key], float), key
    assert from_mapping(values) == config


def test_integers_in_toml_become_floats_where_the_schema_has_them(tmp_path: Path) -> None:
    config = resolve(config_file=_file(tmp_path / "c.toml", width=1, lr_g=1, ema_kimg=10)).config
    assert [type(v) for v in (config.width, config.lr_g, config.ema_kimg)] == [float] * 3


def test_steps_and_epochs_replace_one_another(tmp_path: Path) -> None:
    by_epochs, by_steps = {"recipe": "mlp"}, {"recipe": "dcgan"}
    typed = resolve({**by_epochs, "steps": 50})
    assert (typed.config.steps, typed.config.epochs) == (50, 0)
    assert typed.origin["epochs"] == "typed"
    typed = resolve({**by_steps, "epochs": "2"})
    assert (typed.config.steps, typed.config.epochs) == (0, 2)
    over = resolve({**by_steps, "epochs": 3}, environment={"GANTERM_STEPS": "7"})
    assert (over.config.steps, over.config.epochs) == (0, 3), "typed over environment"
    config_file = _file(tmp_path / "c.toml", epochs=4)
    under = resolve(by_steps, config_file=config_file)
    assert (under.config.steps, under.config.epochs) == (0, 4)
    with pytest.raises(ConfigError, match=r"^steps: steps and epochs both say how long"):
        resolve({"steps": 5, "epochs": 5})
    with pytest.raises(ConfigError, match=r"^steps: the run has no length"):
        resolve({**by_steps, "steps": 0})
    assert resolve({**by_epochs, "steps": 0}).config.epochs == 100


def test_another_dataset_is_not_mirrored_because_the_recipes_is() -> None:
    """What mirrors photographs would mirror digits."""
    assert resolve({"recipe": "r3gan-cifar10"}).config.flip
    assert not resolve({"recipe": "r3gan-cifar10", "dataset": "mnist"}).config.flip


def test_another_dataset_drops_the_recipes_split_but_not_the_users() -> None:
    other = resolve({"recipe": "mlp", "dataset": "digits"})
    assert other.config.split == "train"
    assert other.origin["split"] == "typed"
    assert resolve({"recipe": "mlp", "dataset": "mnist"}).config.split == "test"
    assert resolve({"recipe": "mlp", "dataset": "kmnist", "split": "test"}).config.split == "test"
    chosen = resolve({"dataset": "kmnist"}, environment={"GANTERM_SPLIT": "test"})
    assert chosen.config.split == "test"


def test_another_penalty_drops_the_recipes_weight_but_not_the_users() -> None:
    assert resolve({"recipe": "wgan-gp", "penalty": "r1"}).config.penalty_strength == 1
    without = resolve({"recipe": "wgan-gp", "penalty": "none", "loss": "hinge"}).config
    assert without.penalty_weight is None
    kept = resolve(
        {"recipe": "wgan-gp", "penalty": "r1"}, environment={"GANTERM_PENALTY_WEIGHT": "3"}
    )
    assert kept.config.penalty_strength == 3


R1_OF_ITS_OWN = {"penalty": "r1", "penalty_weight": 2.0}


@pytest.mark.parametrize(
    ("written", "over", "against"),
    [
        ({}, {}, "loss"),
        ({"version": 1}, {}, "loss"),
        ({"version": 2}, {}, "sum"),
        ({"penalty_against": "sum"}, {}, "sum"),
        ({"d_reduction": "sum"}, {}, "sum"),
        ({"d_update": "separate"}, {}, "sum"),
        ({}, {"penalty_weight": 3.0}, "sum"),
    ],
)
def test_a_file_weighs_its_penalty_as_the_ganterm_that_wrote_it(
    tmp_path: Path, written: dict[str, Any], over: dict[str, Any], against: str
) -> None:
    """The mean of two terms was penalised by twice as much as papers do before version 2."""
    path = _file(tmp_path / "mine.toml", **R1_OF_ITS_OWN, **written)
    for found in (
        resolve({"recipe": "dcgan", **over}, config_file=path),
        resolve({"recipe": str(path), **over}),
    ):
        assert found.config.penalty_against == against
        assert len(found.notes) == (against == "loss")
        assert all("mine" in note for note in found.notes)


def test_a_run_goes_on_with_the_penalty_that_it_was_begun_with(tmp_path: Path) -> None:
    """Run files and journals of version 0.1.0 have every setting but the one they did not know."""
    config = resolve({"recipe": "turbo-8x8"}).config
    assert config.penalty_against == "sum"
    first = {key: value for key, value in to_mapping(config).items() if key != "penalty_against"}
    assert from_mapping(first) == msgspec.structs.replace(config, penalty_against="loss")
    for same in ({"d_reduction": "sum"}, {"d_update": "separate"}, {"penalty": "none"}):
        assert from_mapping({**first, **same}).penalty_against == "sum"
    path = tmp_path / "run.toml"
    text = render_run_toml(config, {})
    path.write_text(text.replace('penalty_against = "sum"\n', "").replace("version = 2\n", ""))
    found = resolve(config_file=path)
    assert found.config.penalty_against == "loss"
    assert "twice the penalty_weight" in found.notes[0]
    path.write_text(text)
    assert (resolve(config_file=path).config, resolve(config_file=path).notes) == (config, ())
    path.write_text(text.replace("version = 2", "version = 3"))
    with pytest.raises(ConfigError, match="is of version 3, and this ganterm knows those up to 2"):
        resolve(config_file=path)


def test_a_run_toml_is_a_config_file_that_needs_no_recipe(tmp_path: Path) -> None:
    recipe = _file(tmp_path / "mine.toml", penalty="r1", penalty_weight=3, seed=5)
    first = resolve({"recipe": str(recipe), "penalty_weight": "auto"}).config
    assert first.penalty_weight is None
    path = tmp_path / "run.toml"
    path.write_text(render_run_toml(first, {"ganterm": "0"}), encoding="utf-8")
    assert resolve(config_file=path).config == first, "unset stays unset"
    recipe.unlink()
    again = resolve({"seed": 7}, config_file=path)
    assert again.config == msgspec.structs.replace(first, seed=7)
    assert again.origin["penalty"] == f"file {path}"


def test_a_wrong_setting_is_refused_naming_its_source(tmp_path: Path) -> None:
    config_file = _file(tmp_path / "c.toml", bacth_size=3)
    with pytest.raises(ConfigError, match=r"^file .*c.toml: There is no setting 'bacth_size'; did"):
        resolve(config_file=config_file)
    with pytest.raises(ConfigError, match=r"^GANTERM_LR_G: lr_g must be a number from 0 to 1; got"):
        resolve(environment={"GANTERM_LR_G": "fast"})
    with pytest.raises(ConfigError, match=r"^lr_g must be a number from 0 to 1; got 'fast'"):
        resolve({"lr_g": "fast"})
    with pytest.raises(
        ConfigError, match=r"^The config file .*absent.toml cannot be read: No such"
    ):
        resolve(config_file=tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match="has a name that no file can have"):
        resolve(config_file=Path("a\0b"))
    with pytest.raises(ConfigError, match=r"^There is no setting 'lr'"):
        resolve({"lr": 1})


def test_typed_names_may_have_dashes() -> None:
    assert resolve({"batch-size": 5}).config.batch_size == 5
