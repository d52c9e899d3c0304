"""`ganterm config`: settings as they come out, their schema, and the page about them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
import typer

from ganterm.cli.console import emit, emit_json, emit_styled, is_coloured
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson
from ganterm.cli.settings import (
    ConfigFile,
    Settings,
    known_variables,
    parse_settings,
    settings_lines,
    with_schema_options,
)
from ganterm.components.scores import SCORES
from ganterm.config import FIELDS, Field, RunConfig, resolve
from ganterm.config.runfile import to_mapping
from ganterm.config.schedule import FORM, PATTERN
from ganterm.core.errors import ExitCode
from ganterm.core.quantities import QUANTITIES
from ganterm.core.records import KINDS, OPEN_FIELDS, SCHEMA_VERSION, JudgedRecord
from ganterm.core.registry import REFERENCE_PATTERN

EXIT_CODES = {
    ExitCode.OK: "Fine.",
    ExitCode.TRAINING: "Training failed or diverged, or the run could not be written.",
    ExitCode.USAGE: "A wrong option, setting, name or file, or an output that cannot be written.",
    ExitCode.DATA: "A dataset or file is missing, damaged or could not be downloaded.",
    ExitCode.WORKER: "The worker process died, or another one holds the run.",
    ExitCode.SIGHUP: "The terminal went away (SIGHUP).",
    ExitCode.SIGINT: "Interrupted (SIGINT, Ctrl-C).",
    ExitCode.SIGTERM: "Terminated (SIGTERM).",
}
"""What each exit code of a command means."""

_INTRODUCTION = """\
Each setting stands under its name in a TOML file (`--config FILE`) and in the recipes. On the
command line it is an option of the same name with dashes, such as `--batch-size 64`, or
`--set batch_size=64`; in the environment it is `GANTERM_` and the name in capitals, such as
`GANTERM_BATCH_SIZE`. Defaults give way to the recipe, the recipe to the file, the file to the
environment, and everything to what was typed. `ganterm config show` prints the result."""

_FIGURES = """\
What a run writes of itself as it trains, and what a judge says of it, by the journal's names."""

_LIVE = "*Can be changed while training: `ganterm ctl RUN set KEY=VALUE`.*"
_SCHEDULES = f"Or `{FORM}`."


def reference(variables: Mapping[str, str]) -> str:
    """Return the page; `variables` is what `known_variables` gives."""
    return "\n".join(_lines(variables)) + "\n"


def _lines(variables: Mapping[str, str]) -> Iterator[str]:
    yield from ("# Settings", "", _INTRODUCTION)
    groups = dict.fromkeys(spec.group for spec in FIELDS.values())
    for group in groups:
        fields = [spec for spec in FIELDS.values() if spec.group == group]
        yield from ("", f"## {group}", "")
        yield from _table(("Setting", "Default", "Values", "What it does"), map(_row, fields))
    yield from ("", "# Figures", "", _FIGURES, "")
    told = {name: SCORES.facts(name).help for name in SCORES.names}
    told = {each.name: each.help for each in QUANTITIES.values()} | told
    yield from _table(("Figure", "What it says"), told.items())
    yield from ("", "# Exit codes", "")
    codes = ((str(code.value), EXIT_CODES[code]) for code in ExitCode)
    yield from _table(("Code", "Meaning"), codes)
    yield from ("", "# Environment variables", "")
    settings = {spec.variable for spec in FIELDS.values()}
    rows = ((f"`{name}`", text) for name, text in variables.items() if name not in settings)
    yield from _table(("Variable", "What it does"), rows)
    yield from ("", "Besides, every setting has a variable: " + _listed(sorted(settings)) + ".")


def _row(spec: Field) -> Sequence[str]:
    about = [spec.help]
    if spec.guidance:
        about.append(f"Rule of thumb: {spec.guidance}.")
    if spec.live:
        about.append(_LIVE)
    if spec.schedules:
        about.append(_SCHEDULES)
    default = "unset" if spec.default is None else str(spec.default)
    if isinstance(spec.default, bool):
        default = default.lower()
    values = "text" if spec.kind == "text" else spec.expectation
    return f"`{spec.name}`", f"`{default}`", values, " ".join(about)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "|".join(" --- " for _ in headings) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"
_OF_NUMBERS = {"type", "minimum", "maximum", "exclusiveMaximum"}


def config_schema() -> dict[str, Any]:
    """Return the schema of `RunConfig`, which is also that of the table `run` in `run.toml`."""
    _, components = msgspec.json.schema_components([RunConfig], ref_template=_REFERENCE)
    (schema,) = components.values()
    for name, described in schema["properties"].items():
        spec = FIELDS[name]
        if spec.registry is not None:
            described["anyOf"] = [{"enum": list(spec.choices)}, {"pattern": REFERENCE_PATTERN}]
        if spec.schedules:
            number = {key: described.pop(key) for key in [*described] if key in _OF_NUMBERS}
            described.setdefault("anyOf", [number]).append({"type": "string", "pattern": PATTERN})
        if spec.guidance:
            described["description"] = f"{spec.help} Rule of thumb: {spec.guidance}."
    return {"$schema": DIALECT, **schema, "title": "Settings of a ganterm run"}


def journal_schema() -> dict[str, Any]:
    """Return the schema of a line of `journal.jsonl`: one definition for each kind of record."""
    kinds = list(KINDS.values())
    _, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for record in kinds:
        described = components[record.__name__]
        del described["properties"]["extra"]
        described["required"] = [*described["required"], "v", "time"]
        if beside := OPEN_FIELDS.get(record):
            described["required"].remove(beside)
            measured = described["properties"].pop(beside)
            number = {"anyOf": [{"type": "number"}, {"type": "null"}]}
            known = {each.name: each.help for each in QUANTITIES.values()}
            if record is JudgedRecord:
                known = {name: SCORES.facts(name).help for name in SCORES.names}
            described["properties"] |= {
                name: {**number, "description": words}
                for name, words in known.items()
                if name not in described["properties"]
            }
            described["additionalProperties"] = {**number, "description": measured["description"]}
    return {
        "$schema": DIALECT,
        "title": f"A line of a run's journal.jsonl, version {SCHEMA_VERSION} of the schema",
        "description": "Readers pass over kinds and fields they do not know.",
        "oneOf": [{"$ref": _REFERENCE.format(name=r.__name__)} for r in kinds],
        "$defs": components,
    }


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
    for note in resolved.notes:
        say(note)
    values = to_mapping(resolved.config)
    if as_json:
        emit_json({"config": values, "origin": resolved.origin})
        return
    emit_styled(settings_lines(values, resolved.origin, styled=is_coloured()))


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
    emit(page.rstrip("\n"), newline=True)
