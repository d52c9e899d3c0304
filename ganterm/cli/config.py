"""`ganterm config`: settings as they come out, their schema, and the page about them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ganterm.cli.console import emit, emit_json, emit_lines
from ganterm.cli.drawing import is_coloured
from ganterm.cli.jsonschema import config_schema, journal_schema
from ganterm.cli.options import (
    AsJson,
    ConfigFile,
    Settings,
    parse_settings,
    with_schema_options,
)
from ganterm.cli.reference import reference
from ganterm.cli.settings import settings_lines
from ganterm.cli.variables import known_variables
from ganterm.config import resolve
from ganterm.config.runfile import to_mapping

app = typer.Typer(
    name="config",
    no_args_is_help=True,
    help="Show settings, where they come from, and what they may be.",
)


@app.command("show")
@with_schema_options
def show_config(
    *,
    config: ConfigFile = None,
    settings: Settings = None,
    as_json: AsJson = False,
    typed: dict[str, object],
) -> None:
    """Show what a run would train with, and where each value comes from.

    The output is TOML that `ganterm train --config` takes.
    """
    resolved = resolve(
        {**parse_settings(settings), **typed}, config_file=config, environment=os.environ
    )
    values = to_mapping(resolved.config)
    if as_json:
        emit_json({"config": values, "origin": resolved.origin})
        return
    emit_lines(settings_lines(values, resolved.origin, styled=is_coloured()))


@app.command("schema")
def show_schema(
    *,
    journal: Annotated[
        bool, typer.Option("--journal", help="Of the journal's records instead of the settings.")
    ] = False,
) -> None:
    """Print the JSON schema of the settings, or of the journal's records."""
    emit_json(journal_schema() if journal else config_schema())


@app.command("reference")
def show_reference(context: typer.Context) -> None:
    """Print the reference page: every setting, exit code and variable, as Markdown."""
    page = reference(known_variables(context.find_root().command))
    emit(page.rstrip("\n"))
