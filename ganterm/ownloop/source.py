"""The code that classes and functions of a script need, as a file of definitions alone.

A script cannot be run again to have its classes: it would train. What they use of it, from the
imports to numbers such as `ngf = 64`, is written down as it is now; modules that the user wrote
are copied beside.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import linecache
import math
import sys
import sysconfig
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np
import torch

from ganterm.core.errors import ConfigError
from ganterm.runs.parts import imported_by

_INSTALLED: Final = tuple(
    Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib", "purelib", "platlib")
)
_BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ",)"),
    set: ("{", "}"),
}
_MAIN: Final = "__main__"


def definitions_of(wanted: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return a file of what is `wanted`, by name, and the modules of the user's that it imports.

    Of these the file and the dotted name, as a path. Names with dots are of modules that the file
    imports. Raises `ConfigError` where the code of something is not to be had.
    """
    found = _Definitions()
    for name, value in wanted.items():
        found.want(name, value)
    return found.text, dict(found.modules())


class _Definitions:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._known = set[str]()
        self._imported = set[str]()
        self._names: Mapping[str, Any] = vars(sys.modules[_MAIN])

    @property
    def text(self) -> str:
        # Where the script puts its annotations off, they may name what is not defined yet.
        puts_off = self._names.get("annotations") is __future__.annotations
        first = ["from __future__ import annotations"] if puts_off else []
        return "\n\n".join([*first, *self._lines]) + "\n"

    def want(self, name: str, value: Any) -> None:
        """Have `name` be `value` in the file."""
        if value.__module__ == _MAIN:
            outermost = value.__qualname__.split(".")[0]
            if outermost not in self._known:
                self._define(outermost, self._names.get(outermost, value))
        else:
            self._import(value.__module__)

    def modules(self) -> Iterator[tuple[str, str]]:
        """Yield the path that each module of the user's is imported by, and its file."""
        waiting, seen = sorted(self._imported), set[str]()
        while waiting:
            dotted = waiting.pop()
            file = getattr(sys.modules.get(dotted), "__file__", None)
            if dotted in seen or not file or not file.endswith(".py") or not _is_own(Path(file)):
                continue
            seen.add(dotted)
            path = dotted.replace(".", "/")
            path += "/__init__.py" if Path(file).name == "__init__.py" else ".py"
            yield path, file
            text = Path(file).read_bytes()
            waiting += [".".join(each) for each in imported_by(text, Path("/", path), Path("/"))]
            waiting += [dotted[:at] for at, char in enumerate(dotted) if char == "."]

    def _import(self, module: str, name: str = "") -> None:
        self._imported.add(module)
        self._lines.append(f"import {module}" + (f" as {name}" if name not in {"", module} else ""))

    def _define(self, name: str, value: Any) -> None:
        text, tree = _segment(value)
        self._known.add(name)
        for each in ast.walk(tree):
            if isinstance(each, ast.Name) and each.id not in self._known and each.id in self._names:
                self._known.add(each.id)
                self._use(each.id, self._names[each.id])
        self._lines.append(text)

    def _use(self, name: str, value: Any) -> None:
        """Have what a definition uses be there, if it can be told; else its use will tell."""
        if isinstance(value, ModuleType):
            self._import(value.__name__, name)
        elif isinstance(value, (type, FunctionType)) and value.__module__ == _MAIN:
            with contextlib.suppress(ConfigError):
                self._define(name, value)
        elif (told := _literal(value)) is not None:
            self._lines.append(f"{name} = {told}")
        elif (home := _home(name, value)) is not None:
            module, called = home
            self._imported.add(module)
            alias = "" if called == name else f" as {name}"
            self._lines.append(f"from {module} import {called}{alias}")


def _literal(value: Any) -> str | None:
    """Return the expression that is a plain value; None for any other."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in {bool, int, str, bytes}:
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, torch.device):
        return '__import__("torch").device("cpu")'
    if type(value) in {list, tuple, set} and value:
        parts = [_literal(each) for each in value]
        if None in parts:
            return None
        left, right = _BRACKETS[type(value)]
        return f"{left}{', '.join(map(str, parts))}{right}"
    if type(value) in {list, tuple, dict} and not value:
        return repr(value)
    if type(value) is dict:
        pairs = [(_literal(key), _literal(each)) for key, each in value.items()]
        told = [f"{key}: {each}" for key, each in pairs if key is not None and each is not None]
        return f"{{{', '.join(told)}}}" if len(told) == len(pairs) else None
    if type(value).__name__ in {"Namespace", SimpleNamespace.__name__}:
        told = [f"{key!r}: {text}" for key, each in vars(value).items() if (text := _literal(each))]
        return f'__import__("types").SimpleNamespace(**{{{", ".join(told)}}})'
    return None


def _home(name: str, value: Any) -> tuple[str, str] | None:
    """Return the module that a value can be imported from, and what it is called there."""
    called = str(getattr(value, "__name__", None) or getattr(value, "_name", None) or name)
    first = str(getattr(value, "__module__", "") or "")
    for module in (first, "typing", *(each for each in list(sys.modules) if each != _MAIN)):
        there = getattr(sys.modules.get(module), "__dict__", {})
        for each in (called, name):
            if module and there.get(each) is value and vars(builtins).get(each) is not value:
                return module, each
    return None


def _segment(value: Any) -> tuple[str, ast.stmt]:
    """Return the text and the tree of the class or function that `value` is."""
    code = _code_of(value)
    main = sys.modules[_MAIN]
    file = code.co_filename if code is not None else str(getattr(main, "__file__", ""))
    lines = linecache.getlines(file, vars(main))
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        tree = ast.Module([], [])
    kind = ast.ClassDef if isinstance(value, type) else ast.FunctionDef
    name = value.__qualname__.split(".")[0]
    for node in ast.walk(tree):
        if not isinstance(node, kind) or node.name != name:
            continue
        first = min(each.lineno for each in (node, *node.decorator_list))
        last = node.end_lineno or first
        if code is None or first <= code.co_firstlineno <= last:
            return textwrap.dedent("".join(lines[first - 1 : last])).rstrip(), node
    raise ConfigError(
        f"the code of {name} is not to be had (its file or cell is not there as it was run); "
        "define it in a file of its own and import it"
    )


def _code_of(value: Any) -> CodeType | None:
    if isinstance(value, FunctionType):
        return value.__code__
    for each in vars(value).values():
        inner = getattr(each, "__func__", None) or getattr(each, "fget", None) or each
        if isinstance(inner, FunctionType) and inner.__qualname__.startswith(value.__qualname__):
            return inner.__code__
    return None


def _is_own(file: Path) -> bool:
    """Tell whether a file is the user's: of no installed package, nor of Python's or ganterm's."""
    if {"site-packages", "dist-packages"} & set(file.parts):
        return False
    ours = Path(__file__).parent.parent
    return not any(file.is_relative_to(each) for each in (*_INSTALLED, ours))
