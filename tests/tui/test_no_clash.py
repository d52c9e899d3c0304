"""The app's classes and Textual's: no name of ours takes the place of one of Textual's own."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

from ganterm import tui

ON_PURPOSE = {
    "ThriftyApp": {"_display"},
    "QuietDriver": {"_request_terminal_sync_mode_support", "_query_in_band_window_resize"},
}
"""Private names of Textual that are overridden knowingly."""


def _ours() -> Iterator[type[Any]]:
    """Yield every class of the app that is built upon one of Textual's."""
    for module in pkgutil.walk_packages(tui.__path__, f"{tui.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__ == module.name and _theirs(value):
                yield value


def _theirs(owner: type[Any]) -> list[type[Any]]:
    return [base for base in owner.__mro__ if base.__module__.startswith("textual.")]


@cache
def _definitions(module: str) -> dict[str, ast.ClassDef]:
    """Return the classes of a module by qualified name, from one reading of its source."""
    found: dict[str, ast.ClassDef] = {}

    def look(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[f"{prefix}{child.name}"] = child
                look(child, f"{prefix}{child.name}.")
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                look(child, f"{prefix}{child.name}.<locals>.")
            else:
                look(child, prefix)

    look(ast.parse(inspect.getsource(importlib.import_module(module))), "")
    return found


def _private_names(owner: type[Any]) -> frozenset[str]:
    """Return the private names a class defines and those it gives to `self`."""
    names = set(vars(owner))
    for node in ast.walk(_definitions(owner.__module__)[owner.__qualname__]):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            names.add(node.attr)
    return frozenset(n for n in names if n.startswith("_") and not n.startswith("__"))


def test_no_private_name_of_textual_is_taken() -> None:
    """A widget with a `_size` of its own would break in ways that nobody would understand."""
    clashes: dict[str, list[str]] = {}
    known: dict[str, frozenset[str]] = {}
    for owner in _ours():
        theirs: set[str] = set()
        for base in _theirs(owner):
            theirs |= known.setdefault(base.__qualname__, _private_names(base))
        handlers: set[str] = {name for name in theirs if name.startswith(("_on_", "_abc_"))}
        taken = _private_names(owner) & (theirs - handlers) - ON_PURPOSE.get(owner.__name__, set())
        taken -= {"_inherit_css", "_css_type_name", "_css_type_names", "_reactives", "_computes"}
        taken -= {
            name
            for name in taken
            if name.startswith(("_merged_", "_decorated_", "_inherit", "_default_", "_reactive_"))
        }
        if taken:
            clashes[f"{owner.__module__}.{owner.__name__}"] = sorted(taken)
    assert clashes == {}
