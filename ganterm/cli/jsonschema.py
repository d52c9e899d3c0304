"""JSON schemas of a run's configuration and of its journal's records."""

from __future__ import annotations

from typing import Any

import msgspec

from ganterm.config import FIELDS, RunConfig
from ganterm.core.registry import REFERENCE_PATTERN
from ganterm.runs.records import RECORDS, SCHEMA_VERSION, meanings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"


def config_schema() -> dict[str, Any]:
    """Return the schema of `RunConfig`, which is also that of the table `run` in `run.toml`."""
    _, components = msgspec.json.schema_components([RunConfig], ref_template=_REFERENCE)
    (schema,) = components.values()
    for name, described in schema["properties"].items():
        spec = FIELDS[name]
        if spec.registry is not None:
            described["anyOf"] = [{"enum": list(spec.choices)}, {"pattern": REFERENCE_PATTERN}]
        if spec.guidance:
            described["description"] = f"{spec.help} Rule of thumb: {spec.guidance}."
    return {"$schema": DIALECT, **schema, "title": "Settings of a ganterm run"}


def journal_schema() -> dict[str, Any]:
    """Return the schema of a line of `journal.jsonl`: one definition for each kind of record."""
    _, components = msgspec.json.schema_components(list(RECORDS.values()), ref_template=_REFERENCE)
    for kind, record in RECORDS.items():
        for name, words in meanings(kind).items():
            # In the record's annotations, which msgspec passes over.
            components[record.__name__]["properties"][name]["description"] = words
    return {
        "$schema": DIALECT,
        "title": f"A line of a run's journal.jsonl, version {SCHEMA_VERSION} of the schema",
        "description": "Readers pass over kinds and fields they do not know.",
        "oneOf": [{"$ref": _REFERENCE.format(name=r.__name__)} for r in RECORDS.values()],
        "$defs": components,
    }
