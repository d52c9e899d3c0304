"""Settings of a run that somebody's own loop trains, by `ganterm.init`: any names, plain values.

Such a run is told apart by one setting, `loop`, which names the script. Everything else that is
known of a setting is its present value: that is what it can be changed to something like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ganterm.config.fields import FIELDS, Field, Value, converted, parse_value
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError

LOOP: Final = "loop"
"""The setting that says whose loop trains a run: a script's name."""
_LOSSES: Final = {"bce": "non-saturating", "lsgan": "least-squares", "wgan": "wasserstein"}
"""What tutorials call losses that the schema knows."""
_KINDS: Final = {bool: "boolean", int: "integer", float: "number", str: "text"}


class OwnField(Field):
    """A setting of such a run."""

    @property
    def schedules(self) -> bool:
        """Never: what it is changed to is what the script reads."""
        return False

    @property
    def expectation(self) -> str:
        """What a value must be, in words."""
        return {"integer": "an integer", "number": "a number", "text": "text"}.get(
            self.kind, "true or false"
        )


def refuse_own_loop(values: Mapping[str, Any]) -> None:
    """Raise `ConfigError` where `values` are the settings of a run that its own loop trains."""
    if (script := values.get(LOOP)) is not None:
        raise ConfigError(
            f"This run is trained by a loop of its own: only {script} can build its networks, and "
            "goes on with it by ganterm.init(NAME, resume=True). Images that it saves are judged "
            "by `ganterm judge --images FILE`."
        )


def fields_of(config: Mapping[str, Any]) -> Mapping[str, Field]:
    """Return what is known of each setting of a run, by name, given those in force."""
    if LOOP not in config:
        return FIELDS
    script = str(config[LOOP])
    return {
        name: OwnField(
            name=name,
            kind=_KINDS[type(value)],  # type: ignore[arg-type]
            default=value,
            help=f"setting of {script}",
            guidance="",
            group="",
            live=True,
            optional=False,
            type=type(value),
        )
        for name, value in config.items()
        if type(value) in _KINDS and name != LOOP
    }


def own_value(key: str, value: object, config: Mapping[str, Any]) -> Value:
    """Return what a setting of such a run under `config` is to be, as `parse_value` does.

    Raises:
        ConfigError: it has no such setting, or this is no value for it.
    """
    known = fields_of(config)
    if key not in known:
        there = ", ".join(known) or "none that can be changed"
        raise ConfigError(f"There is no setting {key!r}; {config[LOOP]} has {there}.")
    return converted(known[key], value)


def in_schema(config: Mapping[str, Any]) -> RunConfig:
    """Return the settings of somebody's own loop that mean what the schema's mean.

    All others are the defaults; a loss that it does not name has no known scale.
    """
    known: dict[str, Any] = {"loss": str(config[LOOP])}
    for name in FIELDS.keys() & config.keys():
        value = config[name]
        try:
            known[name] = parse_value(name, _LOSSES.get(value, value) if name == "loss" else value)
        except (ConfigError, TypeError):
            continue
    return msgspec.structs.replace(RunConfig(), **known)
