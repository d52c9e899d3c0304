"""Beginning a run: its directory, with the configuration in it."""

from __future__ import annotations

from pathlib import Path

from ganterm import __version__
from ganterm.config.runfile import render_run_toml
from ganterm.config.schema import RunConfig
from ganterm.runs.durable import storage_trouble, write_atomically
from ganterm.runs.layout import RunDir, create_run


def new_run(config: RunConfig, runs_dir: Path, *, name: str | None, command: str) -> RunDir:
    """Make the directory of a new run with its `run.toml`; its worker can be started then.

    `name` is the run's, or `None` to number the runs of the recipe; `command` is the command line
    that the run.toml says made it.

    Raises:
        ConfigError: the name is not one or is taken, or the directory cannot be made.
        TrainingError: the configuration cannot be written.
    """
    run = create_run(runs_dir, name, stem_of(config))
    made = {"ganterm": __version__, "command": command}
    try:
        write_atomically(run.config_file, render_run_toml(config, made).encode())
    except OSError as error:
        raise storage_trouble(error, run.config_file) from error
    return run


def stem_of(config: RunConfig) -> str:
    """Return what the runs of a recipe are numbered by: its name, or that of its file."""
    recipe = config.recipe
    # A name may have dots as well.
    return Path(recipe).stem if recipe.endswith(".toml") else recipe
