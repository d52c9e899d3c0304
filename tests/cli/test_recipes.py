"""The recipes as listed, and everything about one."""

from __future__ import annotations

import json
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from ganterm import recipes
from ganterm.config import FIELDS, resolve
from ganterm.config.runfile import to_mapping
from ganterm.core.errors import ExitCode
from tests.cli.invoke import invoke

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Generator and discriminator, as the tables of the systems have them.
COUNTS = {
    "mlp": (1_489_424, 533_505),
    "mlp-small": (581_264, 533_505),
    "dcgan": (1_636_737, 95_105),
    "dcgan-64": (3_574_656, 2_763_520),
    "dcgan-8x8": (55_905, 5_201),
    "dcgan-upsample": (856_065, 98_113),
    "wgan-gp": (856_065, 97_665),
    "sngan": (856_065, 2_755_009),
    "stylegan": (174_163, 282_961),
    "dcgan-classes": (927_233, 34_561),
    "stylegan-8x8": (40_786, 32_753),
    "turbo": (230_257, 34_561),
    "turbo-8x8": (119_137, 94_081),
    "best": (1_171_969, 414_721),
    "pictures-32": (370_624, 167_616),
    "r3gan-32": (189_840, 186_816),
    "r3gan-cifar10": (20_781_952, 21_280_512),
    "biggan-32": (523_971, 265_409),
}


def test_every_recipe_is_listed_within_80_columns() -> None:
    """Name, dataset, size, length, title and purpose of each recipe fit a narrow terminal."""
    text = invoke("recipes").text
    assert max(map(len, text.splitlines()[4:])) <= 80
    for name in recipes.names():
        recipe = recipes.load(name)
        (line,) = (line for line in text.splitlines() if line.startswith(f"{name} "))
        assert line.endswith(recipe.title)
        assert " ".join(recipe.purpose.split()) in " ".join(text.split())
    assert "digits   8x8    200 epochs" in text
    assert text.count("The default. ") == 1


def test_the_list_is_json_too() -> None:
    """--json lists every recipe with its length in the unit it counts."""
    listed = {recipe["name"]: recipe for recipe in json.loads(invoke("recipes", "--json").text)}
    assert list(listed) == recipes.names()
    assert (listed["dcgan"]["steps"], listed["dcgan"]["epochs"]) == (10_000, None)
    assert (listed["dcgan-8x8"]["steps"], listed["dcgan-8x8"]["epochs"]) == (None, 200)
    assert [name for name in listed if listed[name]["default"]] == [FIELDS["recipe"].default]


@pytest.mark.parametrize("name", COUNTS)
def test_json_has_the_parameter_counts_and_every_value(name: str) -> None:
    """The names scripts rely on hold the published counts; every value has an origin."""
    shown = json.loads(invoke("recipes", "show", name, "--json").text)
    counts = shown["generator_parameters"], shown["discriminator_parameters"]
    assert counts == COUNTS[name]
    assert shown["config"] == to_mapping(resolve({"recipe": name}).config)
    assert shown["origin"].keys() == shown["config"].keys()
    assert set(shown["origin"].values()) == {"default", f"recipe {name}"}
    assert shown["purpose"] == recipes.load(name).purpose
    assert shown["source"] == recipes.load(name).source


def test_a_recipe_is_shown_as_a_script() -> None:
    """With --code what is printed is Python, and says which command wrote it."""
    text = invoke("recipes", "show", "mlp", "--code").text
    compile(text, "mlp.py", "exec")
    assert "# Written by `ganterm recipes show mlp --code`" in text


def test_a_shown_recipe_is_toml_that_says_where_values_come_from() -> None:
    """The text form parses to the recipe's configuration; origins and counts stand beside."""
    text = invoke("recipes", "show", "dcgan").text
    values = to_mapping(resolve({"recipe": "dcgan"}).config)
    said = {"version": 2} | {k: v for k, v in values.items() if v is not None}
    assert tomllib.loads(text) == said
    assert recipes.load("dcgan").purpose in text
    lines = {line.split(" = ")[0]: line for line in text.splitlines()}
    assert lines["batch_size"].endswith("# recipe dcgan")
    assert lines["beta1"].endswith("# default")
    assert "# generator_parameters = 1,636,737" in text
    words = " ".join(text.replace("\n# ", " ").split())
    for field in FIELDS.values():
        assert f"{field.help}\n{field.name}" in text or f"{field.help} {field.name}" in words
    assert max(map(len, text.splitlines()[4:])) <= 80


@pytest.mark.parametrize("name", ["dcgan", "dcgan-8x8", "mlp-small"])
def test_where_a_recipe_leaves_the_print_is_shown_with_its_effect(name: str) -> None:
    departures = recipes.load(name).departures
    assert departures
    told = json.loads(invoke("recipes", "show", name, "--json").text)["departures"]
    words = " ".join(invoke("recipes", "show", name).text.replace("\n# ", " ").split())
    for departure, entry in zip(departures, told, strict=True):
        assert tuple(entry.values()) == astuple(departure)
        assert all(astuple(departure))
        assert f"In print {departure.source} Here {departure.ganterm}" in words


def test_a_recipe_of_ones_own_can_be_shown(tmp_path: Path) -> None:
    """A recipe file is shown as the named ones are; its words cannot steer the terminal."""
    path = tmp_path / "mine.toml"
    path.write_text('width = 0.5\n[about]\ntitle = "Half \\u001b[31m"\n')
    outcome = invoke("recipes", "show", path)
    assert outcome.code == 0
    assert "mine: Half \\x1b[31m" in outcome.text
    assert "# recipe mine" in outcome.text


def test_an_unknown_recipe_is_refused_with_near_names() -> None:
    """A slip of the fingers is one sentence with exit code 2."""
    outcome = invoke("recipes", "show", "dcgam")
    assert outcome.code == ExitCode.USAGE
    assert "did you mean" in outcome.said
    assert "dcgan" in outcome.said


def test_a_recipe_of_ones_own_is_saved_listed_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`recipes save` is what the app's form does; a file is only replaced when told to."""
    monkeypatch.setenv("GANTERM_RECIPES_DIR", str(tmp_path))
    arguments = ("recipes", "save", "mine", "--recipe", "dcgan", "--lr-g", "3e-5")
    saved = invoke(*arguments, "--purpose", "To try it slowly.")
    assert saved.text == f"{tmp_path}/mine.toml\n"
    assert resolve({"recipe": "mine"}).config.lr_g == 3e-5
    assert "To try it slowly." in " ".join(invoke("recipes").text.split())
    assert "3e-05" in invoke("recipes", "show", "mine").text
    assert "exists already" in invoke(*arguments).said
    assert invoke(*arguments, "--replace").code == ExitCode.OK
    refused = invoke("recipes", "save", "mlp")
    assert (refused.code, "one of ganterm's own" in refused.said) == (ExitCode.USAGE, True)


def test_a_broken_recipe_of_ones_own_does_not_keep_the_others_from_being_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is mentioned on standard error, its name made safe for the terminal."""
    monkeypatch.setenv("GANTERM_RECIPES_DIR", str(tmp_path))
    (tmp_path / "bad\x1b[2J.toml").write_text("lr_g = 7")
    listed = invoke("recipes", "--json")
    assert [recipe["name"] for recipe in json.loads(listed.text)] == recipes.built_in()
    assert "bad\\x1b[2J.toml is skipped" in listed.said
