"""`ganterm recipes`: the presets, and everything about one of them."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Annotated

import typer

from ganterm import __version__, recipes
from ganterm.cli import completion
from ganterm.cli.console import emit, emit_json, emit_lines, emit_styled, is_coloured, table
from ganterm.cli.narrate import Waiting, say
from ganterm.cli.options import AsJson
from ganterm.cli.settings import (
    ConfigFile,
    Settings,
    parse_settings,
    settings_lines,
    with_schema_options,
)
from ganterm.config import FIELDS, RunConfig, recipefile, resolve
from ganterm.config.recipefile import presets
from ganterm.config.runfile import to_mapping
from ganterm.data.catalogue import conditioned_spec
from ganterm.render.text import safe_text

if TYPE_CHECKING:
    from ganterm.config import Resolved

app = typer.Typer(name="recipes", help="List, show and save recipes.")

_MARGIN = 4
_DEPARTURE = ("In print", "Here", "Effect")


@app.callback(invoke_without_command=True)
def list_recipes(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the recipes: named presets that a run starts from."""
    if context.invoked_subcommand is not None:
        return

    every = presets()
    for sentence in every.skipped:
        say(sentence)
    found = [(preset.recipe, preset.config) for preset in every.found]
    if as_json:
        emit_json(
            [
                {
                    "name": recipe.name,
                    "default": recipe.name == FIELDS["recipe"].default,
                    "title": recipe.title,
                    "purpose": recipe.purpose,
                    "source": recipe.source,
                    "dataset": config.dataset,
                    "image_size": config.image_size,
                    "steps": config.steps or None,
                    "epochs": config.epochs or None,
                }
                for recipe, config in found
            ]
        )
        return
    rows = [
        [recipe.name, config.dataset, config.data_spec.size_words, _length(config), recipe.title]
        for recipe, config in found
    ]
    heading, *lines = table(["NAME", "DATASET", "SIZE", "LENGTH", "WHAT IT IS"], rows)
    emit(heading)
    width = _width()
    for line, (recipe, _) in zip(lines, found, strict=True):
        emit(line)
        usual = "The default. " if recipe.name == FIELDS["recipe"].default else ""
        emit_lines(_indented(usual + recipe.purpose, width))


@app.command("show")
def show_recipe(
    name: Annotated[
        str,
        typer.Argument(
            help="A recipe's name, or the path of a recipe file.", autocompletion=completion.recipes
        ),
    ],
    *,
    code: Annotated[
        bool, typer.Option("--code", help="Print a script of plain PyTorch that trains as it does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a recipe: every value, what it does and where it came from; parameter counts."""
    recipe = recipes.load(name)
    resolved = resolve({"recipe": name})
    if code:
        emit_lines(_script(recipe, resolved.config).splitlines())
        return
    # It was named to be looked at; in the recipe's own terms nothing here was typed.
    origin = {**resolved.origin, "recipe": f"recipe {recipe.name}"}
    values = to_mapping(resolved.config)
    if as_json:
        counts = count_parameters(resolved)
        about = {key: getattr(recipe, key) for key in ("name", "title", "purpose", "source")}
        departures = [asdict(departure) for departure in recipe.departures]
        emit_json({**about, "departures": departures, **counts, "config": values, "origin": origin})
        return
    words = (f"{recipe.name}: {recipe.title}", recipe.purpose, recipe.source)
    emit_lines(f"# {text}" for text in words if text)
    for departure in recipe.departures:
        for lead, text in zip(_DEPARTURE, astuple(departure), strict=True):
            head, margin = f"# {lead:<10}", f"#{'':11}"
            lines = textwrap.wrap(
                safe_text(text), _width(), initial_indent=head, subsequent_indent=margin
            )
            emit_lines(lines)
    emit("")
    emit_styled(settings_lines(values, origin, styled=is_coloured(), explained=_width()))
    emit("")
    # What has been said should be read while PyTorch is imported for the rest.
    sys.stdout.flush()
    for key, count in count_parameters(resolved).items():
        emit(f"# {key} = {count:,}")


@app.command("save")
@with_schema_options
def save_recipe(
    *,
    name: Annotated[
        str, typer.Argument(help="A name for your own recipes, or the path of a .toml file.")
    ],
    config: ConfigFile = None,
    settings: Settings = None,
    title: Annotated[str, typer.Option(help="What the recipe is, in a few words.")] = "",
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the file if there is one.")
    ] = False,
    typed: dict[str, object],
) -> None:
    """Save what a run would train with as a recipe of your own; prints the file's path."""
    path = recipefile.recipe_path(name)
    resolved = resolve(
        {**parse_settings(settings), **typed}, config_file=config, environment=os.environ
    )
    for note in resolved.notes:
        say(note)
    recipefile.save_recipe(
        resolved.config, path, title=title or path.stem, purpose=purpose, replace=replace
    )
    emit(str(path))


def _script(recipe: recipes.Recipe, config: RunConfig) -> str:
    with Waiting("Writing the script"):
        from ganterm.exchange.script import write_script  # noqa: PLC0415 - imports PyTorch

        origin = f"Written by `ganterm recipes show {recipe.name} --code` of ganterm {__version__}"
        return write_script(config, conditioned_spec(config), recipe.title, origin)


def count_parameters(resolved: Resolved) -> dict[str, int]:
    """Return `generator_parameters` and `discriminator_parameters` of a configuration."""
    with Waiting("Counting parameters"):
        from ganterm.components.networks.from_config import parameter_counts  # noqa: PLC0415

        return parameter_counts(resolved.config, conditioned_spec(resolved.config))


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 80


def _length(config: RunConfig) -> str:
    return f"{config.epochs:,} epochs" if config.epochs else f"{config.steps:,} steps"


def _indented(text: str, width: int) -> list[str]:
    margin = " " * _MARGIN
    return textwrap.wrap(safe_text(text), width, initial_indent=margin, subsequent_indent=margin)
