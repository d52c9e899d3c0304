"""Settings of a run that somebody's own loop trains, by `ganterm.init`: any names, plain values.

Such a run is told apart by one setting, `loop`, which names the script. Everything else that is
known of a setting is its present value: that is what it can be changed to something like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from ganterm.config.fields import FIELDS, Field, Value, converted, parse_value
from ganterm.config.schema import RunConfig
from ganterm.core.dataspec import LEAST_SIDE, MOST_SIDE, Size
from ganterm.core.errors import ConfigError
from ganterm.core.registry import is_reference

LOOP: Final = "loop"
"""The setting that says whose loop trains a run: a script's name."""
LOGS: Final = "logs"
"""The setting that says what a run was imported from that is only to be looked at: a path."""
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


class Sizes(msgspec.Struct, frozen=True):
    """What a generator of somebody's own takes and makes.

    Attributes:
        spatial: whether it takes z as (N, z_dim, 1, 1) and not as (N, z_dim).
        classes: how many it takes the labels of beside z; 0 where it takes none.
        signed: whether what it makes lies in [-1, 1] and not in [0, 1].
    """

    z_dim: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
    spatial: bool
    classes: Annotated[int, msgspec.Meta(ge=0, le=1 << 20)]
    height: Annotated[int, msgspec.Meta(ge=LEAST_SIDE, le=MOST_SIDE)]
    width: Annotated[int, msgspec.Meta(ge=LEAST_SIDE, le=MOST_SIDE)]
    channels: Annotated[int, msgspec.Meta(ge=1, le=4)]
    signed: bool


class OwnGenerator(msgspec.Struct, frozen=True):
    """A generator in a checkpoint: its class by name, its sizes, and its outline."""

    kind: str
    sizes: Sizes
    net: dict[str, Any]


class OwnNetworks(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a checkpoint of somebody's own loop says of what draws its images.

    Attributes:
        why: why nothing does; empty where something does.
        code: the file of the user's classes, whose copy is in the run; empty where all are
            PyTorch's.
        dataset: what it was trained on, where its script says so by a name that is known.
        generator, ema: as trained, and as averaged.
    """

    why: str = ""
    code: str = ""
    dataset: str = ""
    generator: OwnGenerator | None = None
    ema: OwnGenerator | None = None

    @property
    def classes(self) -> list[str]:
        """Names of the classes that images are drawn of; they are numbers."""
        found = self.generator or self.ema
        return [] if found is None else list(map(str, range(found.sizes.classes)))

    def config(self, settings: Mapping[str, Any]) -> RunConfig:
        """Return the configuration that stands for its images; raises `ConfigError` for none."""
        found = self.generator or self.ema
        if found is None:
            raise ConfigError(
                f"Only {settings[LOOP]} can draw images of this run: {self.why or _UNTOLD}. Images "
                "that it saves are judged by `ganterm judge --images FILE`."
            )
        sizes = found.sizes
        return msgspec.structs.replace(
            RunConfig(),
            generator=found.kind,
            # Code is run of generators alone.
            dataset="" if is_reference(self.dataset) else self.dataset,
            conditional="projection" if sizes.classes else "none",
            z_dim=sizes.z_dim,
            image_size=Size(sizes.height, sizes.width).setting,
            channels=sizes.channels,
        )


_UNTOLD: Final = "its checkpoint does not say how its generator is built"


def refuse_own_loop(values: Mapping[str, Any]) -> None:
    """Raise `ConfigError` where `values` are the settings of a run that its own loop trains.

    So it does as `refuse_logs`.
    """
    refuse_logs(values)
    if (script := values.get(LOOP)) is not None:
        raise ConfigError(
            f"This run is trained by a loop of its own, which ganterm cannot run: start {script} "
            "again with resume=True, as in ganterm.init(NAME, resume=True)."
        )


def refuse_logs(values: Mapping[str, Any]) -> None:
    """Raise `ConfigError` where `values` are the settings of a run that is only to be looked at."""
    if (place := values.get(LOGS)) is not None and LOOP in values:
        raise ConfigError(
            f"This run is what {place} tells of a training elsewhere, without its networks: it is "
            "there to be looked at, compared and exported as CSV, and does not go on. Images that "
            "were saved are judged by `ganterm judge --images FILE`."
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
        if type(value) in _KINDS and name not in {LOOP, LOGS}
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
