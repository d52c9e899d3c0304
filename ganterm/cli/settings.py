"""A configuration as text: TOML that says of every value where it came from."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import tomli_w

from ganterm import recipes
from ganterm.config import FIELDS

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
        line = f"{text:<{width}}  # {origin[name]}"
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
