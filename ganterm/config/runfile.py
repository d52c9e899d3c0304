"""`run.toml`, with which a run begins: its whole configuration, and what made it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ganterm import __version__, recipes
from ganterm.config.fields import FIELDS, code_of, field, packaged, parse_value
from ganterm.config.ownloop import refuse_own_loop
from ganterm.config.rules import check
from ganterm.config.schedule import written
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.core.files import read_run_text, write_atomically
from ganterm.core.registry import is_reference
from ganterm.runs.layout import RunDir, create_run
from ganterm.runs.parts import copy_parts, name_digest, take_over, trust

INIT_FROM: Final = "init_from"
INIT_DIGEST: Final = "init_digest"
"""What `made` says of the weights that a run began with: whose they were, and their SHA-256."""


def to_mapping(config: RunConfig) -> dict[str, Any]:
    """Return the configuration as plain values by field name, every field present."""
    return {name: written(value) for name, value in msgspec.structs.asdict(config).items()}


def from_mapping(values: Mapping[str, object]) -> RunConfig:
    """Rebuild a configuration from plain values; raises `ConfigError` naming the wrong field."""
    refuse_own_loop(values)
    values = understood(values)
    parsed = {field(name).name: parse_value(name, value) for name, value in values.items()}
    return RunConfig(**parsed)  # type: ignore[arg-type]  # each parsed by its field


def understood(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings of a run as they are understood here.

    Those of version 0.1.0 may ask for networks through `torch.compile`, which train alike in eager,
    may tell networks in files of the user's their settings apart from their names, and do not say
    that a penalty is weighed against half of the papers' loss, nor that what is transparent lies
    over black.
    """
    found = dict(values)
    if told := found.pop("network_options", ""):
        told = ",".join(re.split(r"[\s,]+", told))
        own = [kind for kind in ("generator", "discriminator") if is_reference(found[kind])]
        found |= {kind: f"{found[kind]}:{told}" for kind in own}
    if found.get("mode") == "compiled":
        found["mode"] = "eager"
    halved = found.get("d_update") == "joint" and found.get("d_reduction") == "mean"
    if "penalty_against" not in found and halved and found.get("penalty", "none") != "none":
        found["penalty_against"] = "loss"
    if "fit" in found:
        found.setdefault("background", "black")
    return found


def render_run_toml(config: RunConfig, made: Mapping[str, str]) -> str:
    """Return the text of a `run.toml`; `made` says what made it (versions, command line)."""
    # TOML has no null: a setting without a value is left out, where that is its default.
    values = {
        name: "auto" if value is None else value
        for name, value in to_mapping(config).items()
        if value is not None or FIELDS[name].default is not None
    }
    return render_values(values, made)


def render_values(values: Mapping[str, Any], made: Mapping[str, str]) -> str:
    """Return the text of a `run.toml` of plain settings, none of which is None."""
    import tomli_w  # noqa: PLC0415 - only when a run is created

    # A command line may hold bytes that are no text, which TOML refuses.
    about = {name: text.encode(errors="replace").decode() for name, text in made.items()}
    return tomli_w.dumps({"version": recipes.VERSION, "run": values, "made": about})


def read_run_toml(path: Path) -> RunConfig:
    """Read the configuration of a run; raises `ConfigError` naming the path and the fault."""
    document = _read(path)
    recipes.take_version(document, f"Run file {path}")
    values = document.get("run")
    if not isinstance(values, dict):
        raise ConfigError(f"Run file {path} has no [run] table; it is not a run's configuration.")
    try:
        config = from_mapping(values)
        check(config)
    except ConfigError as error:
        raise ConfigError(f"Run file {path}: {error}") from None
    return config


def read_made(path: Path) -> dict[str, str]:
    """Read what made a run, as `render_run_toml` was told; raises `ConfigError` as it must."""
    made = _read(path).get("made")
    if not isinstance(made, dict):
        return {}
    return {name: value for name, value in made.items() if isinstance(value, str)}


def _read(path: Path) -> dict[str, object]:
    return recipes.parse_toml(read_run_text(path), f"Run file {path}")


def new_run(
    config: RunConfig,
    runs_dir: Path,
    *,
    name: str | None,
    command: str,
    weights: Callable[[Path], Mapping[str, str]] = lambda _: {},
    parts_of: RunDir | None = None,
) -> RunDir:
    """Make the directory of a new run with its `run.toml`; its worker can be started then.

    `name` is the run's, or `None` to number the runs of the recipe; `command` is the command line
    that the run.toml says made it. `weights` writes those it begins with to a path, and returns
    what the run.toml says of them; what it raises is raised. The user's code is copied, as it is
    or as `parts_of` has it, and what is named of installed packages is trusted from now on.

    Raises:
        ConfigError: the name is not one or is taken, or the directory cannot be made.
        TrainingError: the configuration cannot be written.
    """

    def fill(run: RunDir, _: str) -> None:
        made = {"ganterm": __version__, "command": command, **weights(run.first_weights)}
        if parts_of is not None:
            take_over(parts_of, run)
        copy_parts(code_of(config), run)
        trust(*map(name_digest, packaged(config)))
        write_atomically(run.config_file, render_run_toml(config, made).encode())

    return create_run(runs_dir, name, stem_of(config), fill)


def same_weights(source: RunDir) -> Callable[[Path], Mapping[str, str]]:
    """Return for `new_run` what begins with the weights that `source` began with, if any."""

    def copy(path: Path) -> dict[str, str]:
        if not source.first_weights.exists():
            return {}
        write_atomically(path, source.first_weights.read_bytes())
        made = read_made(source.config_file)
        return {name: text for name, text in made.items() if name in {INIT_FROM, INIT_DIGEST}}

    return copy


def stem_of(config: RunConfig) -> str:
    """Return what the runs of a recipe are numbered by: its name, or that of its file."""
    path = Path(config.recipe)
    # A name may have dots as well.
    return path.stem if path.suffix.lower() == ".toml" else config.recipe
