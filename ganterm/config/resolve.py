"""Put a configuration together: defaults < recipe < config file < environment < what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ganterm import recipes
from ganterm.config.fields import FIELDS, Value, field, parse_value
from ganterm.config.ownloop import refuse_own_loop
from ganterm.config.recorded import refuse_untrusted
from ganterm.config.rules import check
from ganterm.config.runfile import understood
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError

_LENGTHS = ("steps", "epochs")
TYPED = "typed"
_AGAINST = "penalty_against"
_HALVED = (
    "{}: its penalty is weighed as ganterm 0.1.0 did, against half of the papers' loss "
    "(penalty_against = loss); with `version = 2` and twice the penalty_weight it is the same, "
    "as papers write it."
)


@dataclass(frozen=True)
class Resolved:
    """A configuration, and for every value where it came from."""

    config: RunConfig
    origin: dict[str, str]
    """Per field: `default`, `recipe NAME`, `file PATH`, `GANTERM_…` or `typed`."""
    notes: tuple[str, ...] = ()
    """A sentence for each setting that may be understood otherwise: as an earlier ganterm did, or
    by the name of what an installed package publishes."""


def resolve(
    typed: Mapping[str, object] | None = None,
    *,
    config_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Resolved:
    """Layer all sources of settings into one legal configuration.

    `typed` maps field names to values (text or native); `None` values were not typed. A source
    that sets `steps` or `epochs` replaces the other one of a lower layer; one that sets another
    dataset or penalty than the recipe drops the recipe's split, or its weight and spacing. Raises
    `ConfigError` for an unknown name, a value out of bounds, or a combination that makes no sense.
    """
    resolved = combine(typed, config_file=config_file, environment=environment)
    check(resolved.config)
    return resolved


def combine(
    typed: Mapping[str, object] | None = None,
    *,
    config_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Resolved:
    """Layer all sources as `resolve` does, whether or not the values go together.

    Raises `ConfigError` for an unknown name or a value out of bounds.
    """
    layers = _Layers()
    typed = {name: value for name, value in (typed or {}).items() if value is not None}
    from_environment = {
        spec.name: environment[spec.variable]
        for spec in FIELDS.values()
        if environment and environment.get(spec.variable)
    }
    from_file, whole, version = _read(config_file) if config_file else ({}, False, recipes.VERSION)
    # A run.toml sets everything, so that its recipe, which may be gone, is not looked at.
    namers: list[Mapping[str, object]]
    namers = [typed, from_environment] if whole else [typed, from_environment, from_file]
    named = [source["recipe"] for source in namers if "recipe" in source]
    if named or not whole:
        chosen = parse_value("recipe", named[0] if named else FIELDS["recipe"].default)
        recipe = recipes.load(str(chosen))
        layers.add(recipe.values, f"recipe {recipe.name}", recipe.version)
    layers.add(from_file, f"file {config_file}", version)
    for name, text in from_environment.items():
        layers.add({name: text}, FIELDS[name].variable)
    layers.add(typed, TYPED)
    resolved = layers.resolved()
    if config_file is not None and whole:
        # What was typed is the user's own word, and what somebody else's run says is not.
        own = {
            name: spec.default
            for name, spec in FIELDS.items()
            if resolved.origin[name] != f"file {config_file}"
        }
        refuse_untrusted(msgspec.structs.replace(resolved.config, **own), config_file)
    return resolved


class _Layers:
    """Values in the order of precedence, each remembering its source."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {name: spec.default for name, spec in FIELDS.items()}
        self.origin = dict.fromkeys(FIELDS, "default")
        self.first_version: set[str] = set()

    def add(
        self, values: Mapping[str, object], source: str, version: int = recipes.VERSION
    ) -> None:
        if version == 1:
            self.first_version.add(source)
        try:
            refuse_own_loop(values)
            parsed = {field(name).name: parse_value(name, value) for name, value in values.items()}
        except ConfigError as error:
            # Who typed the value knows where it is; of the other sources the message has to say.
            raise error if source == TYPED else ConfigError(f"{source}: {error}") from None
        for name, spec in FIELDS.items():
            owner = spec.part_of
            replaced = owner in parsed and parsed[owner] != self.values[owner]
            # What a recipe says of the one means nothing once the other is replaced.
            if replaced and self.origin[name].startswith("recipe "):
                parsed.setdefault(name, spec.default)
        lengths = [name for name in _LENGTHS if parsed.get(name)]
        if len(lengths) == 1:
            other = _LENGTHS[1 - _LENGTHS.index(lengths[0])]
            parsed.setdefault(other, 0)
        self.values.update(parsed)
        self.origin.update(dict.fromkeys(parsed, source))

    def resolved(self) -> Resolved:
        values = self.values
        weighed = self.origin["penalty_weight"]
        weighed = self.origin["penalty"] if weighed == "default" else weighed
        if weighed in self.first_version and self.origin[_AGAINST] == "default":
            values = understood({name: v for name, v in values.items() if name != _AGAINST})
            self.origin[_AGAINST] = weighed if _AGAINST in values else "default"
        config = RunConfig(**values)  # type: ignore[arg-type]  # each parsed by its field
        source = self.origin[_AGAINST]
        first = config.penalty_against == "loss" and source in self.first_version
        notes = [_HALVED.format(source)] if first else []
        for name, spec in FIELDS.items():
            # A package may have meant another.
            if spec.registry is not None and self.origin[name] != "default":
                trouble = spec.registry.published.troubles.get(getattr(config, name))
                notes += [trouble] if trouble else []
        return Resolved(config, self.origin, tuple(notes))


def _read(path: Path) -> tuple[dict[str, object], bool, int]:
    """Return the settings in a config file, whether it is a run.toml, and its version.

    A run.toml has all settings.
    """
    values = recipes.parse_toml(recipes.read_text(path, "config file"), f"Config file {path}")
    version = recipes.take_version(values, f"Config file {path}")
    values.pop("about", None)
    # A run.toml is a config file too: its settings stand in a table of their own.
    run = values.pop("run", None)
    if not isinstance(run, dict):
        return values, False, version
    values.pop("made", None)
    # TOML has no null: a setting that may be without a value and is left out has none.
    unset: dict[str, object] = {
        spec.name: None for spec in FIELDS.values() if spec.optional and spec.default is None
    }
    return {**unset, **understood(run), **values}, True, version
