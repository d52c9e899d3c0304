"""The schema described field by field: what options, forms and error messages are made from."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from ganterm.config.cadence import CADENCE_PATTERN
from ganterm.config.schedule import FORM, Schedule
from ganterm.config.schema import RunConfig
from ganterm.core.dataspec import LEAST_SIDE, MOST_SIDE, ImageSize, Size
from ganterm.core.errors import ConfigError
from ganterm.core.files import not_utf8
from ganterm.core.registry import Registry, file_of, is_reference

Value = str | int | float | bool | None

_UNPRINTABLE = {"Cc", "Cs"}
"""Unicode's control characters and lone surrogates: in no name, and not fit for a TOML file."""


@dataclass(frozen=True)
class Field:
    """One setting: everything a face needs to show it, ask for it and refuse a wrong value."""

    name: str
    kind: Literal["integer", "number", "boolean", "choice", "cadence", "size", "text"]
    default: Value
    help: str
    guidance: str
    group: str
    live: bool
    optional: bool
    type: Any
    """The annotated type, for `msgspec.convert`."""
    literals: tuple[str | int, ...] = ()
    """What a choice is one of, besides what its registry offers."""
    minimum: int | float | None = None
    maximum: int | float | None = None
    below: int | float | None = None
    pattern: str | None = None
    part_of: str = ""
    """The setting without whose value this one's means nothing."""
    registry: Registry[Any, Any] | None = None
    """Where names come from; a component in a file of the user's may be named as well."""

    @property
    def choices(self) -> tuple[str | int, ...]:
        """What a choice is one of; of every other kind nothing."""
        if self.kind != "choice" or self.registry is None:
            return self.literals
        return (*self.literals, *self.registry.offered)

    @property
    def option(self) -> str:
        """The option's name on the command line, such as `--batch-size`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable, such as `GANTERM_BATCH_SIZE`."""
        return "GANTERM_" + self.name.upper()

    @property
    def schedules(self) -> bool:
        """Whether a schedule may stand in the number's place."""
        return self.live and self.kind == "number"

    @property
    def expectation(self) -> str:
        """What a value must be, in words: "an integer from 1 to 65536"."""
        if self.kind == "choice":
            words = "one of " + ", ".join(map(str, self.choices))
            return words + (", or path/to/file.py:NAME" if self.registry else "")
        if self.kind == "boolean":
            return "true or false"
        if self.kind == "cadence":
            return "a count such as '1000' (steps) or '20 epochs', or 0"
        if self.kind == "size":
            sides = f"from {LEAST_SIDE} to {MOST_SIDE}"
            return f"a side in pixels {sides}, or height x width such as 48x64"
        if self.kind == "text":
            words = f"{self.help[0].lower()}{self.help[1:]}".rstrip(".")
            return words if self.pattern else "a name or a path"
        words = "an integer" if self.kind == "integer" else "a number"
        words += f" from {_figure(self.minimum)}"
        words += f" to below {_figure(self.below)}" if self.below is not None else ""
        words += f" to {_figure(self.maximum)}" if self.maximum is not None else ""
        return words + (", or auto" if self.optional else "")


def _figure(bound: int | float | None) -> str:
    # Integers in full: .12g would round the largest seed to one that is refused.
    return str(bound) if isinstance(bound, int) else f"{bound:.12g}"


def _describe(name: str, hint: Any, default: Value) -> Field:
    metas: list[Meta] = []
    optional = False
    annotated = hint
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *found = get_args(hint)
            metas += [meta for meta in found if isinstance(meta, Meta)]
        elif hint == ImageSize:
            break
        elif origin in {Union, UnionType}:
            optional = True
            (hint,) = (part for part in get_args(hint) if part is not type(None))
        else:
            break
    about = next(meta for meta in metas if meta.extra)
    extra = about.extra or {}

    def bound(key: str) -> Any:
        return next((v for meta in metas if (v := getattr(meta, key)) is not None), None)

    pattern = bound("pattern")
    registry = extra["registry"]
    kind: Any
    if get_origin(hint) is Literal or (registry and extra["closed"]):
        kind = "choice"
    elif pattern == CADENCE_PATTERN:
        kind = "cadence"
    elif hint == ImageSize:
        kind = "size"
    else:
        kind = {bool: "boolean", int: "integer", float: "number", str: "text"}[hint]
    return Field(
        name=name,
        kind=kind,
        default=default,
        help=about.description or "",
        guidance=extra["guidance"],
        group=extra["group"],
        live=extra["live"],
        optional=optional,
        type=annotated,
        literals=_literals(hint, extra) if kind == "choice" else (),
        minimum=bound("ge"),
        maximum=bound("le"),
        below=bound("lt"),
        pattern=pattern,
        part_of=extra["part_of"],
        registry=registry,
    )


def _literals(hint: Any, extra: dict[str, Any]) -> tuple[str | int, ...]:
    if extra["registry"] is None:
        return get_args(hint)
    return ("none",) if extra["or_none"] else ()


def _fields() -> dict[str, Field]:
    hints = get_type_hints(RunConfig, include_extras=True)
    infos = msgspec.structs.fields(RunConfig)
    return {info.name: _describe(info.name, hints[info.name], info.default) for info in infos}


NOT_UTF8 = (
    "{} has bytes that are no UTF-8, which a file of settings cannot hold; rename it, or give a "
    "link to it that `ln -s` makes."
)
"""What is said of a path that cannot be a setting."""

FIELDS: dict[str, Field] = _fields()
"""Every field of `RunConfig` by name, in the schema's order."""


def field(name: str) -> Field:
    """Return the field called `name` (dashes allowed); raises `ConfigError` with near names."""
    key = name.replace("-", "_")
    if key in FIELDS:
        return FIELDS[key]
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    near = get_close_matches(key, FIELDS, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`ganterm config show` lists them all."
    raise ConfigError(f"There is no setting {name!r}; {hint}")


def parse_value(name: str, value: object) -> Value:
    """Turn what was typed, or read from a file, into a value of the field called `name`.

    Text is read as numbers and booleans where the field wants them. Raises `ConfigError` with one
    sentence naming the field, what it expects and what it got.
    """
    return converted(field(name), value)


def converted(spec: Field, value: object) -> Value:
    """Turn what was typed, or read from a file, into a value of a field; raises `ConfigError`."""
    try:
        return _converted(spec, value)
    except ValueError:  # msgspec's ValidationError is one
        if isinstance(value, str) and not_utf8(value):
            raise ConfigError(NOT_UTF8.format(f"{spec.name} {_shown(value)}")) from None
        expected = spec.expectation
        if spec.schedules and isinstance(value, str) and ".." in value:
            expected = f"{FORM}, or {expected}"
        message = f"{spec.name} must be {expected}; got {_shown(value)}."
        raise ConfigError(message) from None


def _shown(value: object) -> str:
    try:
        return repr(str(value)[:80])
    except ValueError:  # Python refuses to spell integers of thousands of digits.
        return "a number of thousands of digits"


def _converted(spec: Field, value: object) -> Value:
    if isinstance(value, str):
        value = value.strip()
        if spec.optional and value in {"", "auto", "none"}:
            return None
    if spec.schedules and isinstance(value, str) and ".." in value:
        schedule = Schedule(value)
        for bound in (float(schedule), schedule.end):
            msgspec.convert(bound, type=spec.type)
        return schedule
    if spec.kind == "cadence" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if spec.kind == "size":
        return _size(value)
    # Not strict, so that text from a shell reads as the number or boolean it spells.
    result: Value = msgspec.convert(value, type=spec.type, strict=False)
    if isinstance(result, float) and not math.isfinite(result):
        raise ValueError
    if isinstance(result, str) and spec.registry:
        known = result in spec.literals or spec.registry.accepts(result)
        if spec.kind == "choice" and not known:
            if trouble := spec.registry.published.troubles.get(result):
                raise ConfigError(f"{spec.name}: {trouble}")
            raise ValueError
        result = spec.registry.kept(result)
    if isinstance(result, str) and any(unicodedata.category(c) in _UNPRINTABLE for c in result):
        raise ValueError
    return result


def _size(value: object) -> ImageSize:
    """Return a size as settings have it; raises ValueError where it is none, or too large."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError
    size = Size.of(value)
    if not LEAST_SIDE <= min(size) <= max(size) <= MOST_SIDE:
        raise ValueError
    return size.setting


def code_of(config: RunConfig) -> list[Path]:
    """Return the files of the user's that `config` names components in."""
    return [path for path in map(file_of, named_parts(config)) if path is not None]


def packaged(config: RunConfig) -> list[str]:
    """Return what `config` names of installed packages, as `module:NAME` and settings."""
    return [name for name in named_parts(config) if is_reference(name) and file_of(name) is None]


def named_parts(config: RunConfig) -> list[str]:
    """Return what `config` names of every registry."""
    return [getattr(config, spec.name) for spec in FIELDS.values() if spec.registry is not None]


def resolve_parts(config: RunConfig) -> dict[str, dict[str, Any]]:
    """Run the files of all components of the user's own that `config` names.

    Only for processes that may run the user's code. Returns what `ganterm.core.registry.learn`
    takes in others; empty where all is built in. Raises `ConfigError` naming the setting.
    """
    told: dict[str, dict[str, Any]] = {}
    for spec in FIELDS.values():
        name = getattr(config, spec.name)
        if spec.registry is not None and is_reference(name):
            spec.registry.resolve(name)
            told.setdefault(spec.registry.kind, {})[name] = spec.registry.told(name)
    return told
