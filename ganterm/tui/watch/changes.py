"""Settings as they are typed in one line: `lr_g=1e-4 d_steps=2`."""

from __future__ import annotations

import shlex

from ganterm.config.branch import FIXED
from ganterm.config.fields import Value, field, parse_value
from ganterm.errors import ConfigError


def parse_changes(line: str) -> dict[str, Value]:
    """Return the settings of a line by name; a value with blanks stands in quotes.

    Raises:
        ConfigError: a word is no KEY=VALUE, there is no such setting, the value is none of its
            values, or a branch cannot change it.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise ConfigError("A quotation mark is not closed.") from None
    changes: dict[str, Value] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise ConfigError(f"{word!r} is not KEY=VALUE, such as lr_g=1e-4.")
        spec = field(name)
        if spec.name in FIXED:
            raise ConfigError(f"{spec.name} stays what it is in a branch; begin a new run instead.")
        changes[spec.name] = parse_value(spec.name, text)
    return changes
