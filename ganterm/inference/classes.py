"""The classes of a conditional generator, by name or number."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from ganterm.core.errors import ConfigError
from ganterm.inference.load import Trained

ALL = "all"
"""Stands for every class."""
_LISTED = 12
"""Classes that an error lists; of more it tells how many there are."""


def label_of(trained: Trained, wanted: str) -> int:
    """Return the label of the class called `wanted`, or of that number from 0.

    A name goes before a number; capitals do not matter where no other class is called so. Raises
    `ConfigError` for a class it does not have, and for a generator that has none.
    """
    names = trained.data.classes
    if not names:
        raise ConfigError(
            "This run was trained without labels, so there is no class to choose; leave --class "
            "out, or train with --conditional projection."
        )
    if wanted in names:
        return names.index(wanted)
    alike = [label for label, name in enumerate(names) if name.casefold() == wanted.casefold()]
    if len(alike) == 1:
        return alike[0]
    if wanted.isascii() and wanted.isdigit() and int(wanted[:9]) < len(names):
        return int(wanted[:9])
    raise ConfigError(f"There is no class {wanted!r}: {_known(names, wanted)}.")


def labels_of(trained: Trained, wanted: Sequence[str]) -> list[int]:
    """Return the labels of several classes in the order of `wanted`, where `all` is every one.

    Raises `ConfigError` as `label_of` does.
    """
    labels: list[int] = []
    for each in wanted:
        if each == ALL and ALL not in trained.data.classes and trained.data.classes:
            labels += range(len(trained.data.classes))
        else:
            labels.append(label_of(trained, each))
    return labels


def _known(names: Sequence[str], wanted: str) -> str:
    """Say which classes there are, or of many which are meant perhaps."""
    if len(names) <= _LISTED:
        return f"there are {', '.join(names)}"
    near = get_close_matches(wanted, names, n=3)
    if near:
        return f"there is {' and '.join(near)}, and a number from 0 to {len(names) - 1} will do"
    return f"there are {len(names)}, {names[0]} to {names[-1]}; name one, or 0 to {len(names) - 1}"
