"""Put a configuration together: defaults < recipe < config file < environment < what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ganterm import recipes
from ganterm.config.fields import FIELDS, Value, field, parse_value
from ganterm.config.rules import check
from ganterm.config.schema import RunConfig

_LENGTHS = ("steps", "epochs")


@dataclass(frozen=True)
class Resolved:
    """A legal configuration, and for every value where it came from."""

    config: RunConfig
    origin: dict[str, str]
    """Per field: `default`, `recipe NAME`, `file PATH`, `GANTERM_…` or `typed`."""


def resolve(
    typed: Mapping[str, object] | None = None,
    *,
    config_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Resolved:
    """Layer all sources of settings into one legal configuration.

    `typed` maps field names to values (text or native); `None` values were not typed. A source
    that sets `steps` or `epochs` replaces the other one of a lower layer. Raises `ConfigError` for
    an unknown name, a value out of bounds, or a combination that makes no sense.
    """
    layers = _Layers()
    typed = {name: value for name, value in (typed or {}).items() if value is not None}
    from_environment = {
        spec.name: environment[spec.variable]
        for spec in FIELDS.values()
        if environment and environment.get(spec.variable)
    }
    from_file = _read(config_file) if config_file else {}
    chosen = next(
        (
            str(source["recipe"])
            for source in (typed, from_environment, from_file)
            if "recipe" in source
        ),
        None,
    )
    recipe = recipes.load(chosen or str(FIELDS["recipe"].default))
    layers.add(
        {**recipe.values, "recipe": chosen} if chosen else recipe.values, f"recipe {recipe.name}"
    )
    layers.add(from_file, f"file {config_file}")
    for name, text in from_environment.items():
        layers.add({name: text}, FIELDS[name].variable)
    layers.add(typed, "typed")
    return layers.resolved()


class _Layers:
    """Values in the order of precedence, each remembering its source."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {name: spec.default for name, spec in FIELDS.items()}
        self.origin = dict.fromkeys(FIELDS, "default")

    def add(self, values: Mapping[str, object], source: str) -> None:
        parsed = {field(name).name: parse_value(name, value) for name, value in values.items()}
        lengths = [name for name in _LENGTHS if parsed.get(name)]
        if len(lengths) == 1:
            other = _LENGTHS[1 - _LENGTHS.index(lengths[0])]
            parsed.setdefault(other, 0)
        self.values.update(parsed)
        self.origin.update(dict.fromkeys(parsed, source))

    def resolved(self) -> Resolved:
        config = RunConfig(**self.values)  # type: ignore[arg-type]  # each parsed by its field
        check(config)
        return Resolved(config, self.origin)


def _read(path: Path) -> dict[str, object]:
    values = recipes.parse_toml(recipes.read_text(path, "config file"), f"Config file {path}")
    values.pop("about", None)
    # A run.toml is a config file too: its settings stand in a table of their own.
    run = values.pop("run", None)
    if isinstance(run, dict):
        values.pop("made", None)
        values = {**run, **values}
    return values
