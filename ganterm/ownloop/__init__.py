"""Anyone's own loop as a run: `ganterm.init` begins one, and what it returns is told what happens.

The process that trains holds the run itself, and writes what a worker of ours would.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ganterm import __version__
from ganterm.config.runfile import render_values
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError
from ganterm.core.files import expanded, write_atomically
from ganterm.exchange.exporters import log_target
from ganterm.ownloop.journal import PatientJournal
from ganterm.ownloop.run import Run
from ganterm.ownloop.settings import OwnSettings
from ganterm.runs.journal import newest_of
from ganterm.runs.layout import RunDir, check_name, create_run, default_runs_dir, make_ready
from ganterm.runs.lock import WorkerLock

__all__ = ["Run", "init"]


def init(
    name: str | None = None,
    config: Mapping[str, Any] | object = None,
    *,
    runs_dir: str | Path | None = None,
    resume: bool = False,
    steps: int | None = None,
    log_to: str | Sequence[str] = (),
) -> Run:
    """Begin a run of a loop of one's own, in this process; a context manager that ends it.

    Args:
        name: the run's; None numbers those of the script.
        config: its settings by name, or an object that has them, such as argparse's. Numbers, words
            and booleans among them can be changed while it trains, and are read as `run.config`.
        runs_dir: where runs lie; by default GANTERM_RUNS_DIR or ./checkpoints.
        resume: go on with the run of this name where there is one.
        steps: how many it is to make, for the progress that is shown; by default `steps` of
            `config`, if that says so.
        log_to: tools to log it to as well, as `--log-to` has them: tensorboard[:DIR],
            wandb[:PROJECT].

    Raises:
        ConfigError: the name or a setting makes no sense, the name is taken, a tool is not there.
        WorkerError: another process trains the run.
        TrainingError: the run cannot be written.
    """
    targets = [log_to] if isinstance(log_to, str) else [*log_to]
    for target in targets:
        log_target(target)
    script = _script()
    settings = OwnSettings(script, config)
    where = expanded(runs_dir) if runs_dir is not None else default_runs_dir()
    text = render_values(settings.file, {"ganterm": __version__, "command": " ".join(sys.argv)})
    if resume and name is None:
        raise ConfigError("A run is gone on with by its name: ganterm.init(NAME, resume=True).")
    known = name is not None and is_run(where / check_name(name))
    if known and not resume:
        raise ConfigError(
            f"{where / str(name)} is taken; choose another name, or go on with it by "
            f"ganterm.init({name!r}, resume=True)."
        )
    if name is not None and known:
        run = RunDir(where / check_name(name))
    else:
        run = create_run(
            where,
            name,
            Path(script).stem,
            lambda made, _: write_atomically(made.config_file, text.encode()),
        )
    with ExitStack() as held:
        lock = held.enter_context(WorkerLock(run.lock))
        make_ready(run)
        journal = PatientJournal(run.journal)
        held.push(journal)
        records = newest_of(run.journal)
        if known:
            settings.go_on(run, records)
            write_atomically(run.config_file, text.encode())
        length = steps if steps is not None else settings.config.get("steps")
        length = max(length, 0) if isinstance(length, int) else 0
        until = ExitStack()
        made = Run(run, lock, journal, settings, records, steps=length, log_to=targets, held=until)
        until.push(held.pop_all())
        return made


def _script() -> str:
    if "ipykernel" in sys.modules:
        return "a notebook"
    return Path(sys.argv[0]).name or "an interactive session"
