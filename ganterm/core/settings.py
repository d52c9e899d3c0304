"""How a setting is declared, and how the settings of all components become one flat schema.

Settings lie with what they belong to. A part of the schema is a frozen, keyword-only
`msgspec.Struct` whose fields are annotated with `about(...)`: group, help, rule of thumb, bounds
and whether they can be changed while a run trains. It may have properties, computed of its fields.

`joined` makes one flat struct of all parts, so that scripts, `run.toml` and `--options` know a
setting by its key alone. Structs cannot inherit from several structs with fields, so the schema
tells the type checker what `joined` does at run time::

    if TYPE_CHECKING:
        class RunConfig(LossSettings, PenaltySettings, Settings, frozen=True, kw_only=True): ...
    else:
        RunConfig = joined("RunConfig", LossSettings, PenaltySettings, Settings, ...)

To the type checker a configuration therefore *is* each of its parts: code that reads the settings
of one component takes that part alone (`def weight(settings: PenaltySettings)`) and is handed the
whole configuration, or `part(config, PenaltySettings)` where it keeps or compares it. Forms,
options, JSON schema, help and checks read the fields of the joined struct and need no word about
any part.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Meta

DATA, NETWORK, OBJECTIVE = "Data", "Networks", "Objective"
OPTIMISER, STEP, OUTPUT = "Optimisers", "Step", "Output"
GROUPS: Final = (DATA, NETWORK, OBJECTIVE, OPTIMISER, STEP, OUTPUT)
"""The groups in which settings are shown, in their order."""

PartT = TypeVar("PartT", bound=msgspec.Struct)


@dataclass(frozen=True)
class Problem:
    """A setting that does not go with the others."""

    field: str
    message: str
    """One sentence: what does not fit and what to change."""


Rule = Callable[[Any], Iterable[Problem]]
"""Takes a whole configuration and yields what makes no sense in it."""


def about(
    group: str,
    description: str,
    guidance: str = "",
    *,
    live: bool = False,
    registry: Any = None,
    or_none: bool = False,
    part_of: str = "",
    closed: bool = True,
    **bounds: Any,
) -> Meta:
    """Describe a setting for `Annotated`: its group, one line of help and its rule of thumb.

    `live` marks what can be changed while the run trains; `registry` is the registry whose names
    the setting takes, with `or_none` the word none as well, and no other texts where it is
    `closed`; `part_of` is the setting without whose value this one's means nothing; `bounds` are
    msgspec's `ge`, `le`, `lt`, `pattern` and so on.
    """
    extra = {
        "group": group,
        "guidance": guidance,
        "live": live,
        "registry": registry,
        "or_none": or_none,
        "part_of": part_of,
        "closed": closed,
    }
    return Meta(description=description, extra=extra, **bounds)


def joined(name: str, *parts: type[msgspec.Struct], doc: str, module: str) -> Any:
    """Return a struct called `name` with the fields and properties of all `parts`.

    Fields are put in the order of `GROUPS`, and within a group in the order of the parts; unknown
    ones are refused. Raises `TypeError` where two parts declare the same field.
    """
    fields: dict[str, tuple[str, Any, Any]] = {}
    order: dict[str, int] = {}
    namespace: dict[str, Any] = {"__doc__": doc}
    for part in parts:
        hints = typing.get_type_hints(part, include_extras=True)
        for field in msgspec.structs.fields(part):
            if field.name in fields:
                raise TypeError(f"{part.__name__} declares {field.name} a second time")
            fields[field.name] = (field.name, hints[field.name], field.default)
            order[field.name] = GROUPS.index(_group(hints[field.name]))
        namespace |= {key: kept for key, kept in vars(part).items() if isinstance(kept, property)}
    return msgspec.defstruct(
        name,
        [fields[key] for key in sorted(fields, key=order.__getitem__)],
        namespace=namespace,
        module=module,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def part(config: msgspec.Struct, kind: type[PartT]) -> PartT:
    """Return the settings of `config` that `kind` declares, as a `kind`."""
    return kind(**{name: getattr(config, name) for name in kind.__struct_fields__})


def help_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return what each field of `kind` is, by its name: its line of help and its default."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(kind):
        metas = [meta for meta in typing.get_args(hints[field.name])[1:] if isinstance(meta, Meta)]
        words = next((meta.description for meta in metas if meta.description), "")
        usual = "" if field.required else f"({field.default})"
        found[field.name] = f"{words} {usual}".strip()
    return found


def default_of(config: msgspec.Struct, name: str) -> Any:
    """Return the default of the field of `config` called `name`."""
    return next(
        field.default for field in msgspec.structs.fields(type(config)) if field.name == name
    )


def _group(hint: Any) -> str:
    metas = [meta for meta in typing.get_args(hint)[1:] if isinstance(meta, Meta) and meta.extra]
    extra: dict[str, Any] = metas[0].extra or {}
    group: str = extra["group"]
    return group
