"""Records from and into the objects of JSON that stand in a journal, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

import msgspec
from msgspec import Struct

from ganterm.core import jsontext
from ganterm.core.records import (
    KINDS,
    MAX_STEP,
    OPEN_FIELDS,
    SCHEMA_VERSION,
    WITHOUT_K,
    EpochRecord,
    JudgedRecord,
    MetricsRecord,
    Numbers,
    Record,
    UnknownRecord,
)

_BASE: Final = frozenset({"v", "step", "time", "extra"})
_WRITTEN_FIRST: Final = frozenset({"checkpoint", "skipped", "torn_bytes"})
"""Of a resume these come before what every opening has, in a line."""
_DECLARED: Final[dict[type[Record], tuple[str, ...]]] = {
    record: tuple(
        name
        for name in sorted(record.__struct_fields__, key=lambda name: name not in _WRITTEN_FIRST)
        if name not in _BASE and name != OPEN_FIELDS.get(record)
    )
    for record in KINDS.values()
} | {UnknownRecord: ()}
_RESERVED: Final = {
    record: frozenset({"v", "kind", "step", "time", *names}) for record, names in _DECLARED.items()
}
_WRITTEN_AS_NULL: Final = frozenset({"epochs", "checkpoint"})
"""Fields whose None is written; every other None is left out."""
_HUGE: Final = 1 << 63
_FLOATS: Final = frozenset({float, NoneType})


def decode(fields: dict[str, Any]) -> Record | None:
    """Return the record that a JSON object holds; None if it holds none.

    The object is used up. One of a later `v` is an `UnknownRecord`, whatever its kind.
    """
    version, kind = fields.pop("v", None), fields.pop("kind", None)
    step, time = fields.pop("step", None), fields.pop("time", None)
    if (
        not (
            jsontext.is_count(version)
            and jsontext.is_count(step, MAX_STEP)
            and isinstance(kind, str)
        )
        or not (type(time) is float or type(time) is int)
        or not 0 <= time < 1e11
    ):
        return None
    if kind == "metrics" and version <= SCHEMA_VERSION:
        extra = {} if _FLOATS.issuperset(map(type, fields.values())) else _take_others(fields)
        return MetricsRecord(v=version, step=step, time=time, extra=extra, values=fields)
    if not jsontext.is_plain(fields):
        return None
    record = KINDS.get(kind)
    if record is None or version > SCHEMA_VERSION:
        return UnknownRecord(v=version, name=kind, step=step, time=time, extra=fields)
    given = {name: fields.pop(name) for name in _DECLARED[record] if name in fields}
    if name := OPEN_FIELDS.get(record):
        extra, given[name] = _take_others(fields), fields
        if record is JudgedRecord:
            given = _told_apart(given)
    else:
        extra = fields
    try:
        made = {"v": version, "step": step, "time": time, "extra": extra, **given}
        return msgspec.convert(made, record)
    except msgspec.ValidationError:
        return None


def judged_record(step: int, fields: Mapping[str, Any]) -> JudgedRecord:
    """Return the judgement of the checkpoint at `step` that a judge describes.

    Raises:
        ValueError: a field is of a wrong type, or neither declared nor a score, or is missing.
    """
    if not jsontext.is_plain(fields):
        raise ValueError("it has a number out of range, or is nested too deeply")
    scores = dict(fields)
    extra = _take_others(scores)
    given = {name: extra.pop(name) for name in _DECLARED[JudgedRecord] if name in extra}
    given |= {name: scores.pop(name) for name in _DECLARED[JudgedRecord] if name in scores}
    if unknown := extra.keys() | scores.keys() & _RESERVED[JudgedRecord]:
        raise ValueError(f"it has an unknown field {min(unknown)!r}")
    if missing := {"judge", "n"} - given.keys():
        raise ValueError(f"it does not say its {min(missing)!r}")
    return msgspec.convert(_told_apart({"step": step, "scores": scores, **given}), JudgedRecord)


def _told_apart(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a judgement with each score under the name of how it was measured."""
    if "k" in given:
        return given
    renamed = {
        which: {WITHOUT_K.get(name, name): value for name, value in given[which].items()}
        for which in ("scores", "floor")
        if isinstance(given.get(which), dict)
    }
    return {**given, **renamed}


def encode(record: Record, time: float | None = None) -> dict[str, Any]:
    """Return the JSON object of a record, at `time` in seconds since 1970 where that is given.

    Raises:
        ValueError: something that was measured, or is not declared, has the name of what is.
    """
    moment = record.time if time is None else time
    found = {"v": record.v, "kind": record.kind, "step": record.step, "time": moment}
    found.update(body_of(record))
    return found


def body_of(record: Record) -> dict[str, Any]:
    """Return what a record adds to `v`, `kind`, `step` and `time`; raises as `encode` does."""
    cls = type(record)
    found: dict[str, Any] = {}
    if isinstance(record, EpochRecord):
        found["epoch"] = record.epoch
    beside: Mapping[str, Any] = record.extra
    if cls in OPEN_FIELDS:
        measured: Numbers = getattr(record, OPEN_FIELDS[cls])
        beside = {**measured, **beside} if beside else measured
        found.update(measured)
    for name in _DECLARED[cls]:
        value = getattr(record, name)
        if value is not None or name in _WRITTEN_AS_NULL:
            found[name] = _plain(value) if type(value) is list else value
    if not _RESERVED[cls].isdisjoint(beside):
        taken = sorted(_RESERVED[cls].intersection(beside))
        raise ValueError(f"{taken} are not to be set beside a record's own fields")
    found.update(record.extra)
    return found


def _plain(values: list[Any]) -> list[Any]:
    return [msgspec.to_builtins(each) if isinstance(each, Struct) else each for each in values]


def _take_others(fields: dict[str, Any]) -> dict[str, Any]:
    """Remove what is no number from the fields, and return it."""
    others = {}
    for name, value in list(fields.items()):
        if type(value) is int:
            # As a float that is not finite: what follows reckons with floats.
            fields[name] = value if abs(value) < _HUGE else None
        elif type(value) not in _FLOATS:
            others[name] = fields.pop(name)
    return others
