"""A report as a Markdown page, without the name of a machine and without a path."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ganterm.benchmarks.suite import Report
from ganterm.render.text import safe_text

KEPT_BELOW = "<!-- `ganterm bench --output` leaves what stands below as it is. -->"
"""A line of the page; whatever follows it was put there by a person, or by another measurement."""


def facts(report: Report) -> list[tuple[str, str]]:
    """Return what the figures hold for, as labels and words made safe for a terminal."""
    machine = report.machine
    processor = f"{machine['processor']} ({machine['architecture']})"
    found = {
        "Date": report.date,
        "Processor": f"{processor}, {machine['cores']} cores, {machine['vector_instructions']}",
        "GPU": machine["gpu"] or "none",
        "Memory": f"{machine['memory_gib']} GiB",
        "System": machine["system"],
        "PyTorch threads": machine["torch_threads"],
        "Load before": machine["load"],
        "Versions": ", ".join(f"{name} {version}" for name, version in report.versions.items()),
    }
    return [(label, safe_text(str(words))) for label, words in found.items()]


def markdown(report: Report, earlier: str = "") -> str:
    """Return the page; it ends with a newline.

    What the `earlier` page has from the line `KEPT_BELOW` on stands at its end again.
    """
    page = "\n".join(_lines(report)) + "\n"
    _, mark, below = earlier.partition(f"\n{KEPT_BELOW}\n")
    return page + mark + below


def _lines(report: Report) -> Iterator[str]:
    yield "# Benchmarks\n\nMeasured with `ganterm bench`, which writes this page.\n"
    yield from _table(("MACHINE", ""), facts(report))
    if report.machine["gpu"] is None:
        yield "\nThere was no CUDA GPU: what the same code does on one has not been measured here."
    for name, result in report.results.items():
        method = f"{result.method} By itself: `ganterm bench {name}`."
        yield f"\n## {result.title}\n\n{textwrap.fill(method, 100, break_on_hyphens=False)}\n"
        yield from _table(result.headings, result.cells())
        if result.notes:
            yield ""
            yield from (f"- {_text(note)}" for note in result.notes)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (headings, ["---"] * len(headings), *rows):
        yield "| " + " | ".join(map(_text, cells)) + " |"


def _text(words: str) -> str:
    """Return foreign words with what Markdown would take for its own made harmless."""
    safe = safe_text(words)
    for mark in "\\`|<*_[":
        safe = safe.replace(mark, "\\" + mark)
    return safe
