"""What the build adds: README with addresses that are whole, for a page that is not beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_RELATIVE = re.compile(r"(!?)\[([^\[\]]*)\]\((?![a-z]+:|#)([^)]+)\)")
_FILES = "https://github.com/ganterm/ganterm/blob/main"
_RAW = "https://raw.githubusercontent.com/ganterm/ganterm/main"


class ReadmeHook(MetadataHookInterface):
    """Gives the package its description, in which pictures and links lead to the repository."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme`; a package index shows no picture by an address relative to it."""
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _RELATIVE.sub(_whole, text)}


def _whole(link: re.Match[str]) -> str:
    picture, words, place = link.groups()
    return f"{picture}[{words}]({_RAW if picture else _FILES}/{place})"
