"""How a judgement is asked for in one line: `step=4000 n=2000 judge=mnist`."""

from __future__ import annotations

import shlex

from ganterm.errors import ConfigError

_NUMBERS = ("step", "n")


def judge_options(line: str) -> list[str]:
    """Return a line as options of `ganterm judge`; `all` judges every checkpoint.

    Raises `ConfigError` where a word is none of `step=N`, `n=N`, `judge=NAME` and `all`.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise ConfigError("A quotation mark is not closed.") from None
    options: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        number = name in _NUMBERS and value.isascii() and value.isdigit() and len(value) < 16
        if word == "all":
            options.append("--all")
        elif equals and (number or (name == "judge" and value)):
            options.append(f"--{name}={value}")
        else:
            raise ConfigError(
                f"{word!r} is none of step=N, n=N, judge=DATASET and all, such as n=2000."
            )
    return options
