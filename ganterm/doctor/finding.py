"""What a detector has to say: that a trouble is there, or that it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Symptom:
    """A trouble as it shows.

    Attributes:
        message: the trouble and its cause in plain words, with the figures it rests on.
        evidence: those figures by name.
    """

    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What changed: the trouble called `code` has begun, or is over where `cleared` says so."""

    code: str
    symptom: Symptom
    cleared: bool = False
