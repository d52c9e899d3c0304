"""Components of the user's own that a configuration names."""

from __future__ import annotations

from typing import Any

from ganterm.config.fields import FIELDS
from ganterm.config.schema import RunConfig
from ganterm.core.registry import is_reference


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
