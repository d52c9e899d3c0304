"""Settings at the command line: options made of the schema, their variables, and TOML."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import tomli_w
import typer

from ganterm import recipes
from ganterm.cli import completion
from ganterm.cli.options import own_parameters, signed
from ganterm.config import FIELDS, Field, resolve
from ganterm.core.errors import ConfigError
from ganterm.render.text import safe_text

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GANTERM_CONFIG", help="TOML file of settings, or a run.toml."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any setting by its name; may be repeated.",
        autocompletion=completion.settings,
    ),
]


def parse_settings(pairs: list[str] | None) -> dict[str, str]:
    """Split `KEY=VALUE` pairs; raises `ConfigError` on one without a key or an equals sign."""
    settings = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"A setting is given as KEY=VALUE, such as lr_g=1e-4; got {pair!r}.")
        settings[key.strip().replace("-", "_")] = value
    return settings


def with_schema_options(
    command: Callable[..., None], *, usual: str | None = None
) -> Callable[..., None]:
    """Give `command` one option for each setting of the schema.

    Their help says what a run without any has, or `usual` in its place.

    The command takes them together as its keyword `typed`: what was typed, by setting. Values
    arrive as text, so that the schema alone says what is wrong with one. What came from a
    variable is left out: `config.resolve` reads those, and knows to call them so.
    """

    @wraps(command)
    def wrapper(context: typer.Context, **arguments: Any) -> None:
        if context.args:
            raise ConfigError(_too_much(context.args))
        values = {name: arguments.pop(name) for name in FIELDS}
        typed = {name: v for name, v in values.items() if _was_typed(context, name)}
        command(typed=typed, **arguments)

    keyword = Parameter.KEYWORD_ONLY
    without_any = resolve({}).config
    made = [
        Parameter(
            field.name,
            keyword,
            default=None,
            annotation=_annotation(field, usual or _said(getattr(without_any, field.name))),
        )
        for field in FIELDS.values()
    ]
    context = Parameter("context", keyword, annotation=typer.Context)
    return signed(wrapper, [*own_parameters(command, "typed"), context, *made])


def _too_much(words: list[str]) -> str:
    """Say how what stands on the line without an option is meant to be given."""
    from ganterm.components.datasets import DATASETS  # noqa: PLC0415

    word = words[0]
    if word.lower() in recipes.names():
        hint = f"the recipe is named by an option: `ganterm train --recipe {word.lower()}`."
    elif DATASETS.accepts(word) or word.lower() in DATASETS.names:
        hint = f"the dataset is named by an option: `ganterm train --dataset {word}`."
    elif "=" in word:
        hint = f"a setting is given by an option: `ganterm train --set {word}`."
    else:
        hint = "a recipe is given by --recipe, a dataset by --dataset, a setting by --set."
    return f"train takes no word such as {word!r}; {hint}"


def _was_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "unset" if value is None else str(value)


_METAVARS = {"integer": "N", "number": "X", "cadence": "N|'N epochs'", "size": "N|HxW"}


def _annotation(field: Field, default: str) -> Any:
    help_text = field.help
    if field.guidance:
        help_text += f" Rule of thumb: {field.guidance}."
    names = [field.option]
    kind: Any = str
    metavar = _METAVARS.get(field.kind, "TEXT")
    if field.kind == "choice":
        metavar = "|".join(map(str, field.choices))
    if field.kind == "boolean":
        kind, metavar = bool, ""
        names = [f"{field.option}/--no-{field.option.removeprefix('--')}"]
    return Annotated[
        kind | None,
        typer.Option(
            *names,
            envvar=field.variable,
            show_envvar=False,
            help=help_text,
            metavar=metavar or None,
            show_default=default,
            autocompletion=completion.values_of(field),
            rich_help_panel=field.group,
        ),
    ]


_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def settings_lines(
    values: Mapping[str, Any],
    origin: Mapping[str, str],
    *,
    styled: bool = False,
    explained: int | None = None,
) -> list[str]:
    """Return a configuration in the order of the schema, grouped, origins as comments.

    The lines are TOML that `--config` takes. `styled` sets what is not a default in bold type;
    `explained` says before each setting what it does, in comments of so many columns.
    """
    shown = {name: _toml(name, values[name]) for name in FIELDS}
    width = max(map(len, shown.values()))
    lines = [f"version = {recipes.VERSION}"]
    group = ""
    for name, text in shown.items():
        if FIELDS[name].group != group:
            group = FIELDS[name].group
            lines += ["", f"# {group}"]
        if explained is not None:
            about = FIELDS[name].help
            lines += textwrap.wrap(about, explained, initial_indent="# ", subsequent_indent="# ")
        line = safe_text(f"{text:<{width}}  # {origin[name]}")
        lines.append(_BOLD + line + _PLAIN if styled and origin[name] != "default" else line)
    return lines


def _toml(name: str, value: Any) -> str:
    """Write one setting; TOML has no null, so one without a value is a comment."""
    if value is None:
        return f"# {name} is unset"
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, str):
        return tomli_w.dumps({name: value}).rstrip("\n")
    return f"{name} = {value}"


PREFIX = "GANTERM_"

BESIDE_OPTIONS = {
    "GANTERM_DATA_DIR": "Where datasets are stored.",
    "GANTERM_RECIPES_DIR": "Where your own recipes are.",
    "GANTERM_COLOR": "Colours to draw with: auto, truecolor, 256, 16 or none; as --color.",
    "GANTERM_CHARSET": "Characters to draw with: auto, halfblock or ascii; as --charset.",
}
"""Variables that are read where they are needed, by any command, and what they do."""


def known_variables(command: Any) -> dict[str, str]:
    """Return every variable and what it does.

    `command` is the whole command line as click has it; its options name their own variables.
    """
    found = dict(BESIDE_OPTIONS)
    for prefix, parameter in _options(command, PREFIX):
        names = parameter.envvar or prefix + parameter.name.upper()
        for name in [names] if isinstance(names, str) else names:
            found.setdefault(name, parameter.help or "")
    # Last, so that what a setting is for stands above what one command makes of it.
    return found | {spec.variable: spec.help for spec in FIELDS.values()}


def unknown_variables(environment: Iterable[str], known: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the variables of `environment` that look like ganterm's and are not; near names."""
    strangers = (name for name in environment if name.startswith(PREFIX) and name not in known)
    return {name: get_close_matches(name, known, n=2) for name in sorted(strangers)}


def _options(command: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield every option with the beginning of the variable that click makes for it."""
    for parameter in command.params:
        if hasattr(parameter, "help"):  # an argument has none
            yield prefix, parameter
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        child = command.get_command(None, name)
        yield from _options(child, f"{prefix}{name.upper().replace('-', '_')}_")
