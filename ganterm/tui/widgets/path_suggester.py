"""Completing the path of a folder while it is typed."""

from __future__ import annotations

import asyncio
import os

from textual.suggester import Suggester

from ganterm.render.text import safe_text
from ganterm.runs.files import expanded


class PathSuggester(Suggester):
    """Suggests the first folder that goes on as what was typed; the right arrow takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Complete what looks like a path: it has a separator in it."""
        if os.sep not in value:
            return None
        # A folder on a network may take its time.
        return await asyncio.to_thread(complete, value)


def complete(text: str) -> str | None:
    """Return `text` completed to the first folder there is, by name; None without one."""
    head, _, begin = text.rpartition(os.sep)
    try:
        with os.scandir(expanded(f"{head}{os.sep}")) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.startswith(begin)
                and (begin or not entry.name.startswith("."))
                and entry.name == safe_text(entry.name)
                and entry.is_dir()
            ]
    except (OSError, ValueError, RuntimeError):
        return None
    return f"{head}{os.sep}{min(names)}" if names else None
