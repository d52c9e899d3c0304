"""What of a configuration is told to others when a file is passed on."""

from __future__ import annotations

from typing import Any

from ganterm.config import RunConfig
from ganterm.config.runfile import to_mapping


def public_config(config: RunConfig) -> dict[str, Any]:
    """Return the configuration as plain values, with files and folders by their names alone."""
    values = to_mapping(config)
    for name in ("dataset", "recipe"):
        values[name] = str(values[name]).replace("\\", "/").rstrip("/").rpartition("/")[2] or "."
    return values
