"""Code of the user's: files that are run as modules, and plain things in them.

Only workers and services run it. Of a run they run the copies that it holds (`use_copies`), as if
they were the files. The folder of a file can be imported from while it is run, as of
a script, and whatever it raises becomes one sentence with the line of the user's that raised it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import linecache
import sys
import traceback
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

from ganterm.core.errors import ConfigError
from ganterm.core.settings import help_of

_Stamp = tuple[str, int, int]


class PartError(ConfigError):
    """Code of the user's raised an error, which is its `__context__`."""


@dataclass(frozen=True)
class _Loaded:
    module: ModuleType
    stamps: tuple[_Stamp, ...]
    """Of the file and of all of its folder that it imported."""
    copy: Copy | None
    """What was run in place of these."""


@dataclass(frozen=True)
class Copy:
    """Code that is run in place of a file.

    Attributes:
        home: the folder that its imports begin in.
        main: the file itself, whatever links led to it.
        sources: the text of that and of all below `home` that it imports, by their paths.
    """

    home: Path
    main: Path
    sources: Mapping[Path, bytes]


_COPIES: Final[dict[Path, Copy]] = {}
_LOADED: Final[dict[Path, _Loaded]] = {}


@dataclass(frozen=True)
class Part:
    """A class, a function or a whole file of the user's, before it is anything of a registry.

    Attributes:
        what: what was asked for, in sentences, such as `generator nets.py:Generator`.
        path: the file it is in.
        name: what it is called there; of a whole file what the file is called.
        value: itself.
        told: its settings as they were typed, such as `depth=3,skip=true`.
    """

    what: str
    path: Path
    name: str
    value: Any
    told: str = ""

    @property
    def help(self) -> str:
        """The first line of its docstring; of what has none, nothing."""
        line = (self.value.__doc__ or "").strip().partition("\n")[0]
        return line if line.isprintable() else ""

    def refusal(self, sentence: str) -> ConfigError:
        """Return the error that says of this part what is wrong with it."""
        return ConfigError(f"{self.what}: {sentence}")

    def call(self, given: Mapping[str, object] | None = None) -> Any:
        """Return what it returns for its settings, and for what it names of `given`.

        A setting goes before what is given. Raises `ConfigError`.
        """
        if not callable(self.value):
            raise self.refusal(f"{self.name} in {self.path} is no class and no function.")
        typed = dict(pair.split("=", 1) for pair in self.told.split(",") if pair)
        named = self.parameters
        arguments = {key: value for key, value in (given or {}).items() if key in named}
        own = {key: each for key, each in named.items() if key not in arguments or key in typed}
        arguments |= self._settings(typed, own)
        missing = [k for k, p in named.items() if p.default is p.empty and k not in arguments]
        if missing:
            can = f", beside what it may be given: {', '.join(given)}" if given else ""
            raise self.refusal(
                f"{self.name} asks for {', '.join(missing)}; tell it, as in "
                f"{self.path.name}:{self.name}:{missing[0]}=1{can}."
            )
        with self.guarded():
            return self.value(**arguments)

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What it can be given by name."""
        try:
            found = inspect.signature(self.value).parameters
        except (TypeError, ValueError):
            return {}
        plain = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
        return {key: each for key, each in found.items() if each.kind in plain}

    def options(self, given: Mapping[str, object] | None = None) -> dict[str, str]:
        """Return what its settings are, by name, but for what it is `given`."""
        own = {k: p for k, p in self.parameters.items() if k not in (given or {})}
        return help_of(self._struct(own))

    def _settings(
        self, typed: Mapping[str, str], own: Mapping[str, inspect.Parameter]
    ) -> dict[str, Any]:
        if strange := sorted(typed.keys() - own.keys()):
            there = f"it has {', '.join(own)}" if own else "it has none"
            raise self.refusal(f"{strange[0]} is no setting of {self.name}; {there}.")
        asked = {key: each for key, each in own.items() if key in typed}
        try:
            struct = self._struct(asked)
            settings = msgspec.convert(
                {key: _guessed(text, struct, key) for key, text in typed.items()},
                struct,
                strict=False,
            )
        except msgspec.ValidationError as error:
            raise self.refusal(f"{str(error).replace('$.', '')}.") from None
        return {key: getattr(settings, key) for key in asked}

    def _struct(self, own: Mapping[str, inspect.Parameter]) -> type[msgspec.Struct]:
        target = self.value.__init__ if inspect.isclass(self.value) else self.value
        try:
            hints = typing.get_type_hints(target, include_extras=True)
        except Exception:  # noqa: BLE001 - names that nobody can look up, or not any more
            hints = {}
        fields = []
        for key, parameter in own.items():
            usual = parameter.default
            simple = isinstance(usual, (bool, int, float, str))
            kind = hints.get(key, type(usual) if simple else Any)
            # A default that may change is told by its words.
            shown = usual if simple or usual is None else repr(usual)
            default = msgspec.NODEFAULT if usual is parameter.empty else shown
            fields.append((key, kind, default))
        return msgspec.defstruct("Settings", fields, kw_only=True)

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what the user's code raises into a `ConfigError` that says where it did."""
        try:
            yield
        except ConfigError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever code may raise
            words = f"{self.what}: {self.path} {why(error, self.path)}."
            raise PartError(words) from None


def _guessed(text: str, struct: type[msgspec.Struct], key: str) -> object:
    """Return what a setting was typed as; of one without a type the number that it spells."""
    kind = next(field.type for field in msgspec.structs.fields(struct) if field.name == key)
    if kind is not Any:
        return text
    with contextlib.suppress(msgspec.DecodeError):
        return msgspec.json.decode(text)
    return text


def module_at(what: str, path: Path) -> ModuleType:
    """Run the file at `path` as a module, unless it has been run as it stands; return the module.

    A file of a package is run as its module. Raises `ConfigError`, which begins with `what` was
    asked for.
    """
    copy = copy_of(path)
    shown = path
    try:
        path = path.resolve(strict=True) if copy is None else copy.main
        stamps = [_stamp(path)] if copy is None else []
    except OSError as error:
        raise ConfigError(f"{what}: {path} cannot be read ({error.strerror}).") from None
    if path in _LOADED and _LOADED[path].copy == copy and _unchanged(_LOADED[path].stamps):
        return _LOADED[path].module
    home = home_of(path) if copy is None else copy.home
    dotted = ".".join(path.relative_to(home).with_suffix("").parts)
    before = set(sys.modules)
    arguments = sys.argv
    finder = _Finder(copy) if copy is not None else None
    if finder is None:
        sys.path.insert(0, str(home))
    else:
        sys.meta_path.insert(0, finder)
    # A script that reads its command line finds an empty one.
    sys.argv = [str(path)]
    try:
        module = _run(dotted, path, copy, alone=path.parent == home)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever code may raise
        raise PartError(f"{what}: {shown} {why(error, shown)}.") from None
    finally:
        sys.argv = arguments
        with contextlib.suppress(ValueError):
            if finder is None:
                sys.path.remove(str(home))
            else:
                sys.meta_path.remove(finder)
        # Others have files that are called alike.
        siblings = [_taken_out(name, home, copy) for name in set(sys.modules) - before]
    if copy is None:
        stamps += map(_stamp, sorted({each for each in siblings if each is not None} - {path}))
    _LOADED[path] = _Loaded(module, tuple(stamps), copy)
    return module


def use_copies(copies: Mapping[Path, Copy]) -> None:
    """Run these from now on in place of the files that they are copies of, and no others."""
    _COPIES.clear()
    _COPIES.update(copies)


def copy_of(path: Path) -> Copy | None:
    """Return what is run in place of the file at `path`, if anything."""
    return _COPIES.get(path.absolute())


def blamed(error: BaseException) -> str:
    """Return in words which line of the user's raised `error`; empty where none had a part."""
    files = {Path(name) for loaded in _LOADED.values() for name, _, _ in loaded.stamps}
    files |= {each for loaded in _LOADED.values() if loaded.copy for each in loaded.copy.sources}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename) in files:
            words = " ".join(str(error).split())
            said = f"{type(error).__name__}: {words}" if words else type(error).__name__
            return f"{frame.filename}, line {frame.lineno}: {said}".rstrip(".")
    return ""


def home_of(path: Path) -> Path:
    """Return the folder that imports of the file at `path` begin in, above its package."""
    home = path.parent
    while (home / "__init__.py").is_file() and home != home.parent:
        home = home.parent
    return home


def installed_module(what: str, name: str) -> ModuleType:
    """Import a module of an installed package, never one of the current directory.

    Raises `ConfigError`, which begins with `what` was asked for.
    """
    here = Path.cwd()
    before = list(sys.path)
    sys.path[:] = [each for each in before if each and Path(each).resolve() != here.resolve()]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise PartError(f"{what}: {name} cannot be imported: {error}.") from None
        raise ConfigError(
            f"{what}: no installed package has a module {name}; install it, or name a file as "
            "path/to/file.py:NAME."
        ) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever code may raise
        words = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise PartError(f"{what}: {name} cannot be imported: {words}.") from None
    finally:
        sys.path[:] = before


def why(error: BaseException, path: Path) -> str:
    """Say what went wrong in the file at `path`, and on which line of the user's own code."""
    place = ""
    words = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        place, words = f"line {error.lineno}: ", error.msg
    elif (found := line_of(error, path)) is not None:
        file, line = found
        place = f"line {line}: " if file == _place(path)[0] else f"line {line} of {file.name}: "
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return f"cannot be run, {place}{said.rstrip('.')}"


def line_of(error: BaseException, path: Path) -> tuple[Path, int] | None:
    """Return the innermost line of the file at `path`, or beside it, that `error` came through."""
    _, home = _place(path)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if frame.lineno and _is_own(file, home):
            return file, frame.lineno
    return None


def _place(path: Path) -> tuple[Path, Path]:
    """Return the file that is run for `path`, and the folder that its imports begin in."""
    if (copy := copy_of(path)) is not None:
        return copy.main, copy.home
    return path.resolve(), home_of(path.resolve())


class _Source(importlib.abc.SourceLoader):
    """Runs the text of a copy as the file that it is a copy of."""

    def __init__(self, file: Path, copy: Copy) -> None:
        self._file, self._copy = file, copy
        text = self._copy.sources[file].decode(errors="replace")
        # Tracebacks show the lines that were run.
        linecache.cache[str(file)] = len(text), None, text.splitlines(True), str(file)

    def get_filename(self, fullname: str) -> str:
        return str(self._file)

    def get_data(self, path: bytes | str) -> bytes:
        if Path(str(path)) != self._file:
            raise FileNotFoundError(path)
        return self._copy.sources[self._file]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds what a copy imports among what was copied."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        place = self._copy.home.joinpath(*fullname.split("."))
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file in self._copy.sources:
                inside = [str(place)] if file.name == "__init__.py" else None
                loader = _Source(file, self._copy)
                return importlib.util.spec_from_file_location(
                    fullname, file, loader=loader, submodule_search_locations=inside
                )
        if any(file.is_relative_to(place) for file in self._copy.sources):
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(place)]
            return spec
        return None


def _run(dotted: str, path: Path, copy: Copy | None, *, alone: bool) -> ModuleType:
    if not alone:
        return importlib.import_module(dotted)
    # Under a name of its own, so that none of ours is replaced while it runs.
    name = f"ganterm_file_{path.stem}"
    loader = None if copy is None else _Source(path, copy)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no file of Python")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _taken_out(name: str, home: Path, copy: Copy | None) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    if not isinstance(file, str) or not _is_own(Path(file), home):
        return None
    if not (Path(file).is_file() if copy is None else Path(file) in copy.sources):
        return None
    del sys.modules[name]
    return Path(file).resolve()


def _is_own(file: Path, home: Path) -> bool:
    """Tell whether a file is below `home`, and of no package that is installed there."""
    return file.is_absolute() and file.is_relative_to(home) and "site-packages" not in file.parts


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return str(path), stat.st_mtime_ns, stat.st_size


def _unchanged(stamps: tuple[_Stamp, ...]) -> bool:
    try:
        return all(_stamp(Path(path)) == (path, time, size) for path, time, size in stamps)
    except OSError:
        return False
