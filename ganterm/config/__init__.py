"""The one schema of a run, its rules, and how its values are put together.

`schema` declares every setting once; `fields` describes the declaration to the faces; `rules`
refuses combinations that make no sense; `resolve` layers defaults, recipe, file, environment and
what was typed; `runfile` reads and writes `run.toml`.
"""

from ganterm.config.cadence import Cadence
from ganterm.config.fields import FIELDS, Field, parse_value
from ganterm.config.resolve import Resolved, combine, resolve
from ganterm.config.rules import check, problems
from ganterm.config.schema import RunConfig

__all__ = [
    "FIELDS",
    "Cadence",
    "Field",
    "Resolved",
    "RunConfig",
    "check",
    "combine",
    "parse_value",
    "problems",
    "resolve",
]
