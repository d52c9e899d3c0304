"""Settings of several runs side by side, the same in every face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganterm.config.fields import FIELDS


@dataclass(frozen=True)
class Compared:
    """A run whose settings are compared.

    Attributes:
        settings: those in force; `began_with`: those it began with, where they are known.
    """

    name: str
    settings: Mapping[str, Any]
    began_with: Mapping[str, Any]

    def says(self, key: str) -> str:
        """Return the value of a setting; one that was changed live with what it was before."""
        if key not in self.settings:
            return "-"
        now = said(self.settings[key])
        if key in self.began_with and self.began_with[key] != self.settings[key]:
            return f"{said(self.began_with[key])} → {now}"
        return now


def said(value: object) -> str:
    """Return the value of a setting as a person writes it; it may be foreign text."""
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def differing(runs: Sequence[Compared], *, everything: bool = False) -> list[list[str]]:
    """Return lines of a setting and its value in each run, in the order of the schema.

    Only settings that differ, or changed while a run trained, unless `everything` is asked for.
    """
    known = [key for key in FIELDS if any(key in each.settings for each in runs)]
    strange = sorted({key for each in runs for key in each.settings} - FIELDS.keys())
    lines = [[key, *(each.says(key) for each in runs)] for key in [*known, *strange]]
    return [
        line for line in lines if everything or len(set(line[1:])) > 1 or " → " in "".join(line)
    ]
