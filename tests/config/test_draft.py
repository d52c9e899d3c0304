"""A draft knows what was typed, what differs from the recipe and what is wrong, at every moment."""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

import msgspec
import pytest
import typer.main
from hypothesis import given, settings
from hypothesis import strategies as st

from ganterm import recipes
from ganterm.cli.app import app
from ganterm.config import FIELDS, RunConfig, combine, resolve
from ganterm.config.draft import Draft, command_line, needed
from ganterm.core.errors import ConfigError


@pytest.mark.parametrize("name", recipes.built_in())
def test_an_untouched_draft_is_its_recipe(name: str) -> None:
    draft = Draft(name)
    assert draft.config == resolve({"recipe": name}).config
    assert draft.differing == []
    assert draft.troubles == {}
    assert command_line(draft) == f"ganterm train --recipe {name}"


def test_what_is_typed_differs_until_the_recipes_value_is_typed_again() -> None:
    """However the value is spelled: 1e-3 is 0.001."""
    draft = Draft("dcgan-8x8")
    draft.set("lr_g", "3e-4")
    assert draft.differing == ["lr_g"]
    assert draft.config.lr_g == 3e-4
    assert draft.standings["lr_g"].recipe_text == "0.001"
    draft.set("lr_g", " 1e-3 ")
    assert draft.differing == []
    assert draft.typed == {}


def test_text_that_is_no_value_is_kept_and_explained_in_the_schemas_words() -> None:
    draft = Draft("dcgan-8x8")
    draft.set("batch_size", "0")
    state = draft.standings["batch_size"]
    assert state.text == "0"
    assert state.differs
    assert state.trouble == "batch_size must be an integer from 1 to 65536; got '0'."
    assert draft.config.batch_size == 16
    draft.reset("batch_size")
    assert draft.standings["batch_size"].text == "16"
    assert not draft.troubles


def test_an_illegal_combination_stands_beside_the_field_it_names() -> None:
    draft = Draft("dcgan")
    draft.set("loss", "wasserstein")
    assert list(draft.troubles) == ["loss"]
    assert "set penalty = wgan-gp" in draft.troubles["loss"]
    draft.set("penalty", "wgan-gp")
    assert not draft.troubles


def test_one_length_takes_the_place_of_the_other() -> None:
    """Steps typed over a recipe of epochs, and back, in any order."""
    draft = Draft("dcgan-8x8")
    draft.set("steps", "5000")
    assert (draft.config.steps, draft.config.epochs) == (5000, 0)
    assert draft.standings["epochs"].text == "0"
    draft.set("epochs", "x")
    assert draft.config.steps == 5000
    draft.set("epochs", "30")
    assert (draft.config.steps, draft.config.epochs) == (0, 30)
    draft.set("steps", "7")
    draft.reset("epochs")
    assert draft.config == resolve({"recipe": "dcgan-8x8"}).config
    draft.set("epochs", "0")
    assert "set steps or epochs above 0" in draft.troubles["steps"]


def test_resetting_a_field_that_another_change_took_along_brings_it_back() -> None:
    draft = Draft("mlp")
    draft.set("dataset", "kmnist")
    assert (draft.config.split, draft.standings["split"].differs) == ("train", True)
    draft.reset("split")
    assert (draft.config.split, draft.standings["split"].differs) == ("test", False)
    draft.reset_all()
    assert draft.config == resolve({"recipe": "mlp"}).config


def test_changes_outlive_the_choice_of_another_recipe_unless_it_says_the_same() -> None:
    draft = Draft("dcgan-8x8")
    draft.set("seed", "7")
    draft.set("batch_size", "64")
    draft.choose("wgan-gp")
    assert draft.typed == {"seed": "7"}
    assert draft.config == resolve({"recipe": "wgan-gp", "seed": 7}).config
    with pytest.raises(ConfigError, match="There is no recipe"):
        draft.choose("nowhere")
    assert draft.recipe.name == "wgan-gp"


def test_the_users_variables_count_as_typed() -> None:
    draft = Draft(environment={"GANTERM_RECIPE": "mlp", "GANTERM_SEED": "3", "GANTERM_LR_G": "x"})
    assert draft.recipe_name == "mlp"
    assert draft.typed == {"seed": "3", "lr_g": "x"}
    assert list(draft.troubles) == ["lr_g"]


def test_the_command_says_the_fewest_settings() -> None:
    """Consequences of a change are not said; booleans, unset values and paths are spelled right."""
    draft = Draft("wgan-gp")
    draft.set("penalty", "r1")
    draft.set("spectral_norm", "true")
    draft.set("drop_last", "true")
    draft.set("dataset", "my images/a'b")
    draft.set("epochs", "x")
    assert list(needed(draft)) == ["dataset", "drop_last", "spectral_norm", "penalty"]
    line = command_line(draft, name="one", runs_dir="runs/here")
    assert shlex.split(line)[2:] == [
        *("--recipe", "wgan-gp", "--dataset", "my images/a'b", "--drop-last", "--spectral-norm"),
        *("--penalty", "r1", "--name", "one", "--runs-dir", "runs/here"),
    ]
    draft = Draft("wgan-gp")
    draft.set("penalty_weight", "auto")
    assert command_line(draft).endswith("--penalty-weight auto")


def test_the_command_says_what_another_change_would_take_along() -> None:
    """A dataset takes the recipe's split along: to keep it is no difference, and has to be said."""
    draft = Draft("mlp")
    draft.set("dataset", "kmnist")
    draft.set("split", "test")
    assert needed(draft) == {"dataset": "kmnist", "split": "test"}


def test_the_command_does_the_same_in_the_users_shell() -> None:
    """A variable that the user took back here must not come back by the command."""
    draft = Draft("dcgan", {"GANTERM_SEED": "3", "GANTERM_STEPS": "50", "GANTERM_WIDTH": "x"})
    draft.reset("seed")
    assert needed(draft) == {"steps": "50", "seed": "0"}


_TEXTS: dict[str, list[str]] = {
    name: [str(choice) for choice in spec.choices]
    or {"boolean": ["true", "false"], "cadence": ["0", "7", "2 epochs"], "text": ["cpu"]}.get(
        spec.kind, ["0", "1", "8", "0.5", "auto", "oops"]
    )
    for name, spec in FIELDS.items()
    if name not in {"recipe", "seed"}
}
_CHANGES = st.lists(
    st.sampled_from(sorted(_TEXTS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(_TEXTS[name]))
    ),
    max_size=8,
)


@settings(max_examples=25)
@given(recipe=st.sampled_from(recipes.built_in()), changes=_CHANGES)
def test_the_command_always_makes_the_drafts_configuration(
    recipe: str, changes: list[tuple[str, str]]
) -> None:
    """Whatever is typed, the command line's own parser gives back the same configuration."""
    draft = Draft(recipe)
    for name, text in changes:
        draft.set(name, text)
    assert _config_of(command_line(draft)) == draft.config
    for name in list(draft.standings):
        draft.reset(name)
    assert not draft.troubles
    assert _without_recipe(draft.config) == _without_recipe(resolve({"recipe": recipe}).config)


def _without_recipe(config: RunConfig) -> RunConfig:
    return msgspec.structs.replace(config, recipe="dcgan")


@cache
def _train() -> Any:
    group: Any = typer.main.get_command(app)
    return group.get_command(None, "train")


def _config_of(line: str) -> RunConfig:
    _, _, *arguments = shlex.split(line)
    parsed = _train().make_context("train", arguments, resilient_parsing=True).params
    return combine({name: parsed[name] for name in FIELDS if parsed.get(name) is not None}).config
