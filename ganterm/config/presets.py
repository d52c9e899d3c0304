"""Every recipe there is by name, with what a run of it would train under."""

from __future__ import annotations

from dataclasses import dataclass

from ganterm import recipes
from ganterm.config.resolve import resolve
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.recipes import Recipe


@dataclass(frozen=True)
class Preset:
    """A recipe whose settings make sense."""

    recipe: Recipe
    config: RunConfig


@dataclass(frozen=True)
class Presets:
    """The recipes to choose from, and what was left out."""

    found: list[Preset]
    skipped: list[str]
    """One sentence for each file of the user's folder that no run can start from."""


def presets() -> Presets:
    """Resolve every recipe, ganterm's and then the user's own; skip broken files with a word."""
    survey = recipes.survey()
    found, skipped = [], list(survey.skipped)
    for recipe in survey.recipes:
        try:
            found.append(Preset(recipe, resolve({"recipe": recipe.name}).config))
        except ConfigError as error:
            skipped.append(f"{recipes.recipes_dir() / recipe.name}.toml is skipped: {error}")
    return Presets(found, skipped)
