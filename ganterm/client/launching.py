"""Beginning runs and going on with them, as every face does it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ganterm.client.checkpoints import choose_checkpoint
from ganterm.client.rpc import HelperDiedError, ask
from ganterm.config import RunConfig, parse_value
from ganterm.config.recorded import (
    recorded_config,
    refuse_imported,
    refuse_untrusted,
    trust_typed,
)
from ganterm.config.runfile import INIT_DIGEST, INIT_FROM, new_run, to_mapping
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded
from ganterm.core.records import StartRecord
from ganterm.data.catalogue import anchored, has_classes, require_folder
from ganterm.runs.journal import records_of
from ganterm.runs.layout import RunDir
from ganterm.runs.parts import code_from

ADOPT: Final = "ganterm.worker.adopt"
"""The process that reads the weights of others."""
GRACE_SECONDS: Final = 30.0
"""What it has to end what it is writing, once it is interrupted."""

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

    Its folder of images, if it has one, and the weights it begins with are found from anywhere.
    `command` is the command line that its run.toml says made it. Raises what `look` and `new_run`
    raise, and GantermError where the weights cannot be had or do not fit.
    """
    config = msgspec.structs.replace(config, dataset=anchored(config.dataset))
    if not config.init_from:
        look(config)
        return new_run(config, runs_dir, name=name, command=command)
    path, source = _weights(config.init_from, runs_dir)
    config = msgspec.structs.replace(config, init_from=str(path))
    look(config)

    def weights(target: Path) -> dict[str, str]:
        request = {"config": to_mapping(config), "target": str(target.absolute())}
        try:
            answer = ask(ADOPT, "initial", request, grace=GRACE_SECONDS)
        except HelperDiedError as died:
            raise DataError(f"{source} could not be begun with: {died.words}.") from None
        return {INIT_FROM: source, INIT_DIGEST: answer["digest"]}

    return new_run(config, runs_dir, name=name, command=command, weights=weights)


def _weights(named: str, runs_dir: Path) -> tuple[Path, str]:
    """Return the file that RUN, RUN@STEP or a path means, and what to call it."""
    if (path := expanded(named)).is_file():
        return path.absolute(), named
    run, at, step = named.rpartition("@")
    if at and step.isascii() and step.isdigit():
        found = choose_checkpoint(run, runs_dir, step=int(step))
    else:
        found = choose_checkpoint(named, runs_dir)
    return found.path.absolute(), f"{found.origin}@{found.step}"


def _require_classes(run: RunDir, config: RunConfig) -> None:
    """Raise `ConfigError` where images that had labels when the run began have none any more."""
    if config.conditional == "none" or has_classes(config):
        return
    if began := next(records_of(run.journal, StartRecord), None):
        raise ConfigError(
            f"{config.dataset} has no classes any more, by its folders or by a table, and "
            f"{run.name} has learnt {', '.join(began.classes or ())}: bring back what told them, "
            "or begin a new run with `ganterm train`."
        )


def go_on(run: RunDir, given: Mapping[str, str], look: LookAhead) -> list[str]:
    """Return the arguments of the worker that trains a run on.

    `given` may hold its new length in `steps` or `epochs`, and another `device`, `mode`, number of
    `processes` and place of its `dataset`.

    Raises:
        ConfigError: a value is none of its setting's, or the run has nothing to go on from.
        UntrustedError: it is made of code that the user does not say to trust.
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
    present = recorded_config(run)
    refuse_untrusted(present, run.path)
    config = msgspec.structs.replace(present, **changed)
    require_folder(config.dataset, run.word)
    trust_typed(config, present)
    with code_from(run):
        _require_classes(run, config)
        look(config)
    return [f"--{key}={value}" for key, value in values.items()]
