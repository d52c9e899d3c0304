"""Pieces of Markdown that foreign text cannot break out of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ganterm.render.text import safe_text

LONGEST = 200
"""Characters of a foreign string that are shown."""


def code(text: object) -> str:
    """Return foreign text as a span of code, in which nothing is a link, a picture or HTML."""
    plain = safe_text(str(text))
    if len(plain) > LONGEST:
        plain = plain[: LONGEST - 1] + "…"
    # A table splits its cells before anything else, in code as well.
    plain = plain.replace("|", "¦")
    if not plain.strip():
        return "(empty)"
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    space = " " if plain.startswith("`") or plain.endswith("`") or plain != plain.strip() else ""
    return f"{fence}{space}{plain}{space}{fence}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; its cells are Markdown already."""
    lines = [list(headings), ["---"] * len(headings), *map(list, rows)]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
