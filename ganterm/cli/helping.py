"""`ganterm help`: what a page of options has no room for, by topic."""

from __future__ import annotations

import difflib
import shutil
import sys
from importlib import resources
from typing import Annotated, Any

import typer

from ganterm.cli.console import emit_lines, emit_styled, is_coloured, table, write_lines
from ganterm.cli.narrate import say
from ganterm.core.errors import ConfigError

TOPICS = (
    *("app", "recipes", "classes", "judge", "stylegan", "doctor", "latent", "data", "export"),
    *("speed", "runs", "python", "loop"),
)
"""Names of the pages beside this module, in the order of the list."""

_WIDEST = 100


def page(topic: str) -> str:
    """Return the Markdown of a topic; its first line is its title."""
    return (resources.files("ganterm.cli") / "topics" / f"{topic}.md").read_text("utf-8")


def complete_topics(incomplete: str) -> list[str]:
    """Return the topics that begin so, for a shell."""
    return [topic for topic in TOPICS if topic.startswith(incomplete)]


def show_help(
    context: typer.Context,
    topic: Annotated[
        str | None,
        typer.Argument(
            help="What it is about; a command's name shows its options.",
            show_default="the topics there are",
            autocompletion=complete_topics,
        ),
    ] = None,
) -> None:
    """Explain a topic: the app, recipes, classes, judging, data, export and more."""
    if topic is None:
        rows = [(name, page(name).partition("\n")[0].lstrip("# ")) for name in TOPICS]
        emit_lines(table(["TOPIC", "WHAT IT IS ABOUT"], rows))
        say("`ganterm help TOPIC` shows one, `ganterm COMMAND --help` a command's options.")
    elif topic in TOPICS:
        _show(page(topic))
    else:
        _show_options(context, topic)


def _show(markdown: str) -> None:
    if not sys.stdout.isatty():
        write_lines(markdown.splitlines())
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markdown import Markdown  # noqa: PLC0415
    from rich.theme import Theme  # noqa: PLC0415

    # By itself it sets names of commands on black, which a light terminal shows as bars.
    theme = Theme({"markdown.code": "bold cyan"})
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    console = Console(width=width, no_color=not is_coloured(), theme=theme)
    console.print(Markdown(markdown, code_theme="ansi_dark", hyperlinks=False))


def _show_options(context: typer.Context, name: str) -> None:
    """Print the help of the command called `name`.

    Raises:
        ConfigError: there is none, nor a topic.
    """
    above: Any = context.parent
    commands = above.command.list_commands(above)
    if name not in commands:
        near = difflib.get_close_matches(name, [*TOPICS, *commands], n=1)
        hint = f"did you mean {near[0]}?" if near else f"topics are {', '.join(TOPICS)}."
        raise ConfigError(f"There is no topic {name!r}; {hint}")
    command = above.command.get_command(above, name)
    emit_styled([command.get_help(type(context)(command, info_name=name, parent=above))])
