"""The environment variables that ganterm reads, gathered from where each is declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ganterm.config import FIELDS

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
