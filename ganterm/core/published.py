"""Parts that installed packages publish as entry points of the groups `ganterm.losses` and so on.

They are found in what is installed beside a package about it; nothing of the package is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ganterm.core.importpath import safe_path

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUPS: Final = {
    "generator": "ganterm.generators",
    "discriminator": "ganterm.discriminators",
    "loss": "ganterm.losses",
    "dataset": "ganterm.datasets",
    "optimizer": "ganterm.optimizers",
    "score": "ganterm.scores",
    "recipe": "ganterm.recipes",
    "exporter": "ganterm.exporters",
}
"""By what a part is, the group of entry points."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?<!\.py)(?<!\.toml)")
_PLACE: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")
_TEXT_PLACE: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.toml)?)")
_LARGEST: Final = 1 << 20
"""Bytes of a file of entry points."""


@dataclass(frozen=True)
class Published:
    """A part, as the metadata of its package has it.

    Attributes:
        name: what it is called.
        place: where it is, as `module:NAME`.
        package: what the package is called, and its version.
    """

    name: str
    place: str
    package: str


@dataclass(frozen=True)
class Offer:
    """What packages publish of one kind.

    Attributes:
        parts: what can be had, by name.
        troubles: why others cannot, a sentence each, by their names.
    """

    parts: dict[str, Published] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


@cache
def published(kind: str, taken: tuple[str, ...]) -> Offer:
    """Return what there is of a kind of `GROUPS`; names that are `taken` stay what they are.

    A name that several packages give to parts of theirs is nobody's.
    """
    offer = Offer()
    named: dict[str, list[Published]] = {}
    for group, each in _entries():
        if group == GROUPS.get(kind):
            named.setdefault(each.name, []).append(each)
    pattern = _TEXT_PLACE if kind == "recipe" else _PLACE
    for name, found in sorted(named.items()):
        first, whose = found[0], " and ".join(each.package for each in found)
        places = " or ".join(dict.fromkeys(each.place for each in found))
        if not _NAME.fullmatch(name) or not all(pattern.fullmatch(each.place) for each in found):
            why = f"it is called {name!r} and lies at {places!r}, and that must be module:NAME"
        elif name in taken:
            why = f"ganterm's own {kind} {name} has that name"
            why += "" if kind == "recipe" else f"; say {places} for theirs"
        elif len(found) > 1:
            why = f"they all publish one of that name; say {places}"
            why = "both have that name, so that neither is taken" if kind == "recipe" else why
        else:
            offer.parts[name] = first
            continue
        offer.troubles[name] = f"The {kind} {name} of {whose} is passed over: {why}."
    return offer


def every() -> tuple[tuple[str, Published], ...]:
    """Return all that packages publish, whether or not it can be had, each after its kind."""
    kinds = {group: kind for kind, group in GROUPS.items()}
    return tuple((kinds[group], found) for group, found in _entries())


def is_published(place: str) -> bool:
    """Tell whether a package publishes what lies at `module:NAME`, as whatever kind."""
    return any(found.place == place for _, found in _entries())


def package_of(module: str) -> str:
    """Return the installed package that a module is of, and its version; empty if it is none's."""
    for _, found in _entries():
        if found.place.partition(":")[0] == module:
            return found.package
    from importlib import metadata  # noqa: PLC0415 - it takes a while

    names = metadata.packages_distributions().get(module.partition(".")[0], [])
    return _words(metadata.distribution(names[0])) if names else ""


@cache
def _entries() -> tuple[tuple[str, Published], ...]:
    """Return all parts that are published, each after its group."""
    found: list[tuple[str, Published]] = []
    seen = set[str]()
    for package in _packages():
        try:
            words, entries = _words(package), list(package.entry_points)
        except (OSError, ValueError, TypeError, KeyError):  # Its metadata is none.
            continue
        if (name := words.rpartition(" ")[0].lower()) in seen or not words.isprintable():
            continue
        seen.add(name)
        found += [
            (each.group, Published(each.name, each.value.replace(" ", ""), words))
            for each in entries
            if each.group in GROUPS.values()
        ]
    return tuple(found)


def _words(package: Distribution) -> str:
    return f"{package.metadata['Name']} {package.version}"


def _packages() -> Iterator[Distribution]:
    """Yield the installed packages that say something of ganterm, in the order of imports.

    That is found out without `importlib.metadata`, which takes far longer to be imported alone.
    """
    for place in safe_path():
        try:
            names = sorted(os.listdir(place))  # noqa: PTH208 - names alone, of hundreds
        except OSError:
            continue
        for name in names:
            if not name.endswith((".dist-info", ".egg-info")):
                continue
            path = Path(place, name)
            try:
                with (path / "entry_points.txt").open("rb") as file:
                    ours = b"[ganterm." in file.read(_LARGEST)
            except OSError:
                continue
            if ours:
                from importlib.metadata import PathDistribution  # noqa: PLC0415

                yield PathDistribution(path)
