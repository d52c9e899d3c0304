"""JSON schemas of a run's configuration and of its journal's records."""

from __future__ import annotations

from typing import Any

import msgspec

from ganterm.components.scores import SCORES
from ganterm.config import FIELDS, RunConfig
from ganterm.core.quantities import QUANTITIES
from ganterm.core.records import (
    KINDS,
    OPEN_FIELDS,
    SCHEMA_VERSION,
    JudgedRecord,
)
from ganterm.core.registry import REFERENCE_PATTERN

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
    kinds = list(KINDS.values())
    _, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for record in kinds:
        described = components[record.__name__]
        del described["properties"]["extra"]
        described["required"] = [*described["required"], "v", "time"]
        if beside := OPEN_FIELDS.get(record):
            described["required"].remove(beside)
            measured = described["properties"].pop(beside)
            number = {"anyOf": [{"type": "number"}, {"type": "null"}]}
            known = {each.name: each.help for each in QUANTITIES.values()}
            if record is JudgedRecord:
                known = {name: SCORES.facts(name).help for name in SCORES.names}
            described["properties"] |= {
                name: {**number, "description": words}
                for name, words in known.items()
                if name not in described["properties"]
            }
            described["additionalProperties"] = {**number, "description": measured["description"]}
    return {
        "$schema": DIALECT,
        "title": f"A line of a run's journal.jsonl, version {SCHEMA_VERSION} of the schema",
        "description": "Readers pass over kinds and fields they do not know.",
        "oneOf": [{"$ref": _REFERENCE.format(name=r.__name__)} for r in kinds],
        "$defs": components,
    }
