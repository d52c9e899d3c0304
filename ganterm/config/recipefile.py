"""Recipes with what a run of them would train under, and a configuration saved as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ganterm import recipes
from ganterm.components.datasets import DATASETS
from ganterm.config.fields import FIELDS
from ganterm.config.resolve import resolve
from ganterm.config.runfile import to_mapping
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.core.files import expanded, write_atomically
from ganterm.core.registry import is_reference
from ganterm.recipes import Recipe


def recipe_path(text: str) -> Path:
    """Return the file that the user means by `text`: a path, or a bare name in their folder.

    Raises `ConfigError` for a name that could not be found again, or is one of ganterm's own.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise ConfigError("Give the recipe a name, or the path of a file ending in .toml.")
    path = expanded(text)
    if len(path.parts) == 1 and path.suffix.lower() != ".toml":
        path = recipes.recipes_dir() / f"{text}.toml"
    if path.suffix.lower() != ".toml":
        raise ConfigError(f"{path} must end in .toml, as every recipe file does.")
    if path.parent == recipes.recipes_dir():
        if not recipes.NAME.fullmatch(path.stem):
            raise ConfigError(
                "A recipe's name is up to 100 letters, digits, '.', '_' and '-', a letter or digit "
                f"first; {path.stem[:100]!r} is not one."
            )
        if path.stem in recipes.built_in():
            raise ConfigError(f"{path.stem} is one of ganterm's own recipes; choose another name.")
    return path


def render_recipe(config: RunConfig, *, title: str = "", purpose: str = "") -> str:
    """Return the text of a recipe file that resolves to `config`: what the defaults do not say."""
    import tomli_w  # noqa: PLC0415 - only when a recipe is saved

    values = to_mapping(config)
    differing = {
        name: values[name]
        for name, spec in FIELDS.items()
        if name != "recipe" and values[name] != spec.default
    }
    if path := DATASETS.facts(config.dataset).path:
        # A recipe is used from anywhere, and pictures choose only what it does not say.
        differing |= {name: values[name] for name in ("image_size", "channels")}
        differing["dataset"] = values["dataset"] if is_reference(config.dataset) else path
    about = {"title": title, "purpose": purpose, "source": f"Made from {config.recipe}."}
    version = {"version": recipes.VERSION}
    return tomli_w.dumps({**version, **differing, "about": {k: v for k, v in about.items() if v}})


def save_recipe(
    config: RunConfig, path: Path, *, title: str = "", purpose: str = "", replace: bool = False
) -> None:
    """Write `config` as a recipe file; its folder is made if it is missing.

    Raises `ConfigError` when the file exists, unless `replace`, or cannot be written.
    """
    if path.exists() and not replace:
        raise ConfigError(f"{path} exists already; choose another name, or --replace it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, render_recipe(config, title=title, purpose=purpose).encode())
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}; choose another place."
        ) from None


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
            whose = f"{recipes.recipes_dir() / recipe.name}.toml"
            if recipe.package:
                whose = f"The recipe {recipe.name} of {recipe.package}"
            skipped.append(f"{whose} is skipped: {error}")
    return Presets(found, skipped)
