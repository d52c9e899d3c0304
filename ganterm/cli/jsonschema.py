"""JSON schemas of a run's configuration and of its journal's records."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from ganterm.config import FIELDS, RunConfig
from ganterm.runs.records import RECORDS, SCHEMA_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"


def config_schema() -> dict[str, Any]:
    """Return the schema of `RunConfig`, which is also that of the table `run` in `run.toml`."""
    _, components = msgspec.json.schema_components([RunConfig], ref_template=_REFERENCE)
    (schema,) = components.values()
    for name, described in schema["properties"].items():
        spec = FIELDS[name]
        if spec.guidance:
            described["description"] = f"{spec.help} Rule of thumb: {spec.guidance}."
    return {"$schema": DIALECT, **schema, "title": "Settings of a ganterm run"}


def journal_schema() -> dict[str, Any]:
    """Return the schema of a line of `journal.jsonl`: one definition for each kind of record."""
    _, components = msgspec.json.schema_components(list(RECORDS.values()), ref_template=_REFERENCE)
    for record in RECORDS.values():
        _describe_fields(components[record.__name__], record)
    return {
        "$schema": DIALECT,
        "title": f"A line of a run's journal.jsonl, version {SCHEMA_VERSION} of the schema",
        "description": "Readers pass over kinds and fields they do not know.",
        "oneOf": [{"$ref": _REFERENCE.format(name=r.__name__)} for r in RECORDS.values()],
        "$defs": components,
    }


def _describe_fields(schema: dict[str, Any], record: Any) -> None:
    """Move the strings in a record's annotations, which msgspec passes over, into its schema."""
    for name, hint in get_type_hints(record, include_extras=True).items():
        if get_origin(hint) is Annotated:
            described = schema["properties"][name]
            described["description"] = next(m for m in get_args(hint)[1:] if isinstance(m, str))
