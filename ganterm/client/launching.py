"""Beginning runs and going on with them, as every face does it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from ganterm.config import RunConfig, parse_value
from ganterm.config.recorded import recorded_config, refuse_imported
from ganterm.config.runfile import new_run
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import anchored, require_folder
from ganterm.runs.layout import RunDir

LookAhead = Callable[[RunConfig], object]
"""Finds out whether a run can begin, and raises `GantermError` where it cannot."""


def typed_words(line: str) -> tuple[list[str], dict[str, str]]:
    """Return the words of a line, and apart from them its KEY=VALUE as settings by name.

    A value with blanks stands in quotes.

    Raises:
        ConfigError: a quotation mark is not closed.
    """
    try:
        pairs = [word.partition("=") for word in shlex.split(line)]
    except ValueError:
        raise ConfigError("A quotation mark is not closed.") from None
    given = {key.strip().replace("-", "_"): value for key, equals, value in pairs if equals}
    return [word for word, equals, _ in pairs if not equals], given


def begin(
    config: RunConfig, runs_dir: Path, look: LookAhead, *, name: str | None, command: str
) -> RunDir:
    """Make a run in `runs_dir`, whose worker can be started; without a name it is numbered.

    Its folder of images, if it has one, is found from anywhere. `command` is the command line that
    its run.toml says made it. Raises what `look` and `new_run` raise.
    """
    config = msgspec.structs.replace(config, dataset=anchored(config.dataset))
    look(config)
    return new_run(config, runs_dir, name=name, command=command)


def go_on(run: RunDir, given: Mapping[str, str], look: LookAhead) -> list[str]:
    """Return the arguments of the worker that trains a run on.

    `given` may hold its new length in `steps` or `epochs`, and another `device`, `mode` and place
    of its `dataset`.

    Raises:
        ConfigError: a value is none of its setting's, or the run has nothing to go on from.
        GantermError: what `look` raises.
    """
    refuse_imported(run)
    if {"steps", "epochs"} <= given.keys():
        raise ConfigError("steps and epochs both say how long to train; give one of them.")
    values = {
        key: anchored(text) if key == "dataset" else parse_value(key, text)
        for key, text in given.items()
    }
    changed = {key: value for key, value in values.items() if key not in {"steps", "epochs"}}
    config = msgspec.structs.replace(recorded_config(run), **changed)
    require_folder(config.dataset, run.word)
    look(config)
    return [f"--{key}={value}" for key, value in values.items()]
