"""Options that several commands share, and the options made from the schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from ganterm.cli import completion
from ganterm.config import FIELDS, Field, resolve
from ganterm.core.errors import ConfigError

RunsDir = Annotated[
    Path | None,
    typer.Option(
        "--runs-dir",
        envvar="GANTERM_RUNS_DIR",
        help="Where runs live.",
        show_default="./checkpoints",
    ),
]
RunName = Annotated[
    str, typer.Argument(help="Name or path of a run.", autocompletion=completion.runs)
]
RunNames = Annotated[
    list[str],
    typer.Argument(
        help="Names or paths of runs.", metavar="RUN...", autocompletion=completion.runs
    ),
]
RunOrNewest = Annotated[
    str | None,
    typer.Argument(
        help="Name or path of a run; by default the newest.", autocompletion=completion.runs
    ),
]
StepOfRun = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="The checkpoint of this step.",
        show_default="the newest that is whole",
        autocompletion=completion.steps,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Say only how it begins and ends, what is wrong and what was done about it.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GANTERM_CONFIG", help="TOML file of settings, or a run.toml."),
]
Moved = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="PATH",
        help="Where the images that the run was trained on are now.",
        show_default="where they were",
    ),
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

    own = list(inspect.signature(command, eval_str=True).parameters.values())
    keyword = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("context", keyword, annotation=typer.Context)
    parameters = [*[p for p in own if p.name != "typed"], context]
    without_any = resolve({}).config
    made = [
        inspect.Parameter(
            field.name,
            keyword,
            default=None,
            annotation=_annotation(field, usual or _said(getattr(without_any, field.name))),
        )
        for field in FIELDS.values()
    ]
    wrapper.__signature__ = inspect.Signature([*parameters, *made])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in [*parameters, *made]}
    return wrapper


def _too_much(words: list[str]) -> str:
    """Say how what stands on the line without an option is meant to be given."""
    from ganterm.components.datasets import DATASETS  # noqa: PLC0415
    from ganterm.recipes import names  # noqa: PLC0415

    word = words[0]
    if word.lower() in names():
        hint = f"the recipe is named by an option: `ganterm train --recipe {word.lower()}`."
    elif word.lower() in DATASETS.names or Path(word).is_dir():
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


def _annotation(field: Field, default: str) -> Any:
    help_text = field.help
    if field.guidance:
        help_text += f" Rule of thumb: {field.guidance}."
    names = [field.option]
    kind: Any = str
    metavar = {"integer": "N", "number": "X", "cadence": "N|'N epochs'"}.get(field.kind, "TEXT")
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
            autocompletion=completion.values_of(field.name),
            rich_help_panel=field.group,
        ),
    ]
