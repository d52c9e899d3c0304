"""Registries: all that a configuration can name of one kind, such as every loss.

A kind has two classes. Its *facts* are a frozen dataclass of plain data that derives from `Facts`,
with a default for every field: what forms, charts, the doctor, rules and help need to know. Its
*component* derives from them and from `Component`, and adds what runs: functions, rules, or the
path of code that needs PyTorch. A file declares one once::

    # components/losses/hinge.py
    HINGE = Loss(title="Hinge", help="Margins of 1 on both sides.", real=..., fake=..., ...)

and one line makes it a name: `"hinge": "ganterm.components.losses.hinge:HINGE"`. Such a file
imports no PyTorch at its top, for every face reads it: it uses methods of tensors, or imports late,
inside its functions. Where the code is classes derived from PyTorch's it lies in a file of its own,
and the component has its path, which `imported` follows::

    DCGAN = GeneratorFamily(title="...", code="ganterm.components.networks.dcgan:generator")

Settings that belong to a kind are a struct beside it (`ganterm.core.settings`), and combinations
that make no sense are `rules` of the component that forbids them.

In place of a name a configuration may say `path/to/file.py:NAME`, for a component in a file of the
user's. Where NAME is a function that returns one, its parameters are settings of the component,
told as `path/to/file.py:NAME:depth=3,skip=true`::

    def margin(*, width: Annotated[float, Meta(description="Of either side.", ge=0)] = 1.0) -> Loss:
        return Loss(title=f"Hinge of {width:g}", real=..., fake=..., generator=...)

`resolve` runs that file, so only processes call it that may run the user's code: workers
and services. All others call `facts`, which never runs anything: it knows what is built in, what
this process has resolved, and what such a process told it (`learn`) by describing a configuration
or in the journal of a run; of anything else it returns the defaults of the kind.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import FunctionType
from typing import Any, Final, Generic, TypeVar, cast

import msgspec

from ganterm.core.errors import ConfigError
from ganterm.core.settings import Problem, Rule, help_of

REFERENCE_PATTERN: Final = (
    r"^(.+\.py):([A-Za-z_][A-Za-z0-9_]*)(?::(\w+=[^\s,=]+(?:,\w+=[^\s,=]+)*))?$"
)
"""What a component in a file of the user's is named by, with or without settings of its own."""
_REFERENCE: Final = re.compile(REFERENCE_PATTERN)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a component without its code.

    Attributes:
        title: what it is called, in a few words.
        help: what it is, in one line for lists.
        options: settings of its own, of one in a file of the user's: what each is, by name.
    """

    title: str = ""
    help: str = ""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Component:
    """What a component has beside its facts and its code.

    Attributes:
        rules: each takes the whole configuration and yields what makes no sense in it.
    """

    rules: tuple[Rule, ...] = ()


FactsT = TypeVar("FactsT", bound=Facts)
ComponentT = TypeVar("ComponentT", bound=Component)


class Registry(Generic[FactsT, ComponentT]):
    """The components of one kind by name, in the order in which they are offered.

    Attributes:
        kind: what one is called in sentences, such as `loss`.
    """

    def __init__(
        self,
        kind: str,
        facts: type[FactsT],
        component: type[ComponentT],
        places: Mapping[str, str],
        *,
        elsewhere: str = "",
        besides: Sequence[str] = (),
    ) -> None:
        """Offer what lies at `places`: by name `module:NAME`, imported when it is first needed.

        At `elsewhere` is a function that returns what any other name stands for, None for nothing;
        `besides` are such names that are offered as well.
        """
        self.kind = kind
        self._besides = tuple(besides)
        self._elsewhere = elsewhere
        self._facts = facts
        self._component = component
        self._places = dict(places)
        self._built_in: dict[str, ComponentT] = {}
        self._resolved: dict[str, ComponentT] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that is built in."""
        return (*self._places, *self._besides)

    def accepts(self, name: str) -> bool:
        """Tell whether `name` is built in, found elsewhere, or in a file of the user's."""
        return name in self._places or is_reference(name) or self._found(name) is not None

    def knows(self, name: str) -> bool:
        """Tell whether `facts` has more to say of `name` than the defaults."""
        told = name in self._resolved or (self.kind, name) in _LEARNT
        return name in self._places or told or self._found(name) is not None

    def facts(self, name: str) -> FactsT:
        """Return what is known of `name` here, at least the defaults; runs no code of the user's.

        A component that is built in, or has been resolved, comes with its code.
        """
        if name in self._places:
            return cast("FactsT", self._of_ours(name))
        if (found := self._resolved.get(name) or self._found(name)) is not None:
            return cast("FactsT", found)
        try:
            told = msgspec.convert(_LEARNT[self.kind, name], self._facts)
        except (KeyError, msgspec.ValidationError):
            return self._facts(title=short(name))
        # They may come from anybody's journal, and end on a terminal.
        texts = [text for text in vars(told).values() if isinstance(text, str)]
        texts += [*told.options, *told.options.values()]
        return told if all(map(str.isprintable, texts)) else self._facts(title=short(name))

    def problems(self, name: str, config: object) -> Iterator[Problem]:
        """Yield what the component called `name` finds wrong in `config`, where it is at hand."""
        rules: tuple[Rule, ...] = getattr(self.facts(name), "rules", ())
        for rule in rules:
            yield from rule(config)

    def resolve(self, name: str) -> ComponentT:
        """Return the component called `name`; of `file.py:NAME` the file is run.

        A file is run again once it has changed. Raises `ConfigError` in one sentence where there
        is no such component, or its file cannot be run.
        """
        if name in self._places:
            return self._of_ours(name)
        if (elsewhere := self._found(name)) is not None:
            return elsewhere
        found = _REFERENCE.fullmatch(name)
        if found is None:
            raise ConfigError(
                f"{self.kind} {name!r} is unknown; choose one of {', '.join(self.names)}, or name "
                "one of your own as path/to/file.py:NAME."
            )
        path, attribute, settings = found[1], found[2], found[3] or ""
        what, kind = f"{self.kind} {short(name)}", self._component
        names = vars(_run(what, Path(path).expanduser()))
        if attribute not in names:
            there = [
                key for key, each in names.items() if isinstance(each, kind) or _makes(each, kind)
            ]
            raise ConfigError(
                f"{what}: {path} has no {attribute}; "
                + (f"it has {', '.join(there)}." if there else f"it declares no {self.kind}.")
            )
        component = names[attribute]
        if inspect.isfunction(component):
            component = _made(what, Path(path).expanduser(), component, settings)
        elif settings:
            raise ConfigError(
                f"{what}: {attribute} in {path} has no settings of its own, which only a function "
                f"that returns a {kind.__name__} has."
            )
        if not isinstance(component, kind):
            raise ConfigError(
                f"{what}: {attribute} in {path} is of type {type(component).__name__}, and must be "
                f"a {kind.__name__} of {kind.__module__}, or a function that returns one."
            )
        self._resolved[name] = component
        return component

    def told(self, name: str) -> dict[str, Any]:
        """Return the facts of `name` as plain data, which `learn` takes by kind and name."""
        found = self.facts(name)
        data = {field.name: getattr(found, field.name) for field in fields(self._facts)}
        plain: dict[str, Any] = msgspec.to_builtins(data)
        return plain

    def _found(self, name: str) -> ComponentT | None:
        if not self._elsewhere or is_reference(name):
            return None
        found: ComponentT | None = imported(self._elsewhere)(name)
        return found

    def _of_ours(self, name: str) -> ComponentT:
        if name not in self._built_in:
            found: ComponentT = imported(self._places[name])
            self._built_in[name] = found
        return self._built_in[name]


_LEARNT: Final[dict[tuple[str, str], object]] = {}
"""By kind and name, what other processes told of components of the user's; not checked yet."""


def learn(told: object) -> None:
    """Take what `Registry.told` said in another process, by kind and name.

    What is no such data is passed over, and what this process has resolved itself it knows better.
    """
    for kind, components in told.items() if isinstance(told, Mapping) else ():
        for name, facts in components.items() if isinstance(components, Mapping) else ():
            _LEARNT[str(kind), str(name)] = facts


def is_reference(name: str) -> bool:
    """Tell whether `name` names a component in a file: `path/to/file.py:NAME`, settings or not."""
    return _REFERENCE.fullmatch(name) is not None


def absolute(name: str) -> str:
    """Return `name` as it can be kept: the path of a file from the root, a plain name as it is."""
    found = _REFERENCE.fullmatch(name)
    if found is None:
        return name
    return f"{Path(found[1]).expanduser().absolute()}{name[found.end(1) :]}"


def short(name: str) -> str:
    """Return `name` as sentences and tables have it: of a file's path only the last part."""
    found = _REFERENCE.fullmatch(name)
    return name if found is None else f"{Path(found[1]).name}{name[found.end(1) :]}"


def imported(place: str) -> Any:
    """Return what lies at `module:NAME` of ganterm."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _run(what: str, path: Path) -> Any:
    """Run the file at `path` as a module, unless it has been run as it stands; return the module.

    Raises `ConfigError`, which begins with `what` was asked for.
    """
    try:
        path = path.resolve(strict=True)
        stat = path.stat()
    except OSError as error:
        raise ConfigError(f"{what}: {path} cannot be read ({error.strerror}).") from None
    stamp = f"{path}\0{stat.st_mtime_ns}\0{stat.st_size}"
    name = f"ganterm_file_{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{what}: {path} is no file of Python.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's file may raise
        del sys.modules[name]
        raise ConfigError(f"{what}: {path} {_why(error, path)}.") from None
    return module


def _makes(value: Any, kind: type) -> bool:
    """Tell whether `value` is a function that says it returns a `kind`."""
    said = getattr(value, "__annotations__", {}).get("return")
    return inspect.isfunction(value) and said in (kind, kind.__name__)


def _made(what: str, path: Path, make: FunctionType, told: str) -> object:
    """Return what `make` returns for settings such as `depth=3,skip=true`, by their annotations.

    Raises `ConfigError`, which begins with `what` was asked for.
    """
    given = dict(pair.split("=", 1) for pair in told.split(",") if pair)
    try:
        hints = typing.get_type_hints(make, include_extras=True)
        parameters = inspect.signature(make).parameters
        unset = {
            key: msgspec.NODEFAULT if p.default is p.empty else p.default
            for key, p in parameters.items()
        }
        struct = [(key, hints.get(key, str), default) for key, default in unset.items()]
        settings = msgspec.defstruct("Settings", struct, kw_only=True)
        if strange := sorted(given.keys() - unset.keys()):
            there = f"it has {', '.join(unset)}" if unset else "it has none"
            raise ConfigError(f"{what}: {strange[0]} is no setting of {make.__name__}; {there}.")
        component: object = make(
            **msgspec.structs.asdict(msgspec.convert(given, settings, strict=False))
        )
    except ConfigError:
        raise
    except msgspec.ValidationError as error:
        raise ConfigError(f"{what}: {str(error).replace('$.', '')}.") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's function may raise
        raise ConfigError(f"{what}: {path} {_why(error, path.resolve())}.") from None
    return (
        replace(component, options=help_of(settings)) if isinstance(component, Facts) else component
    )


def _why(error: BaseException, path: Path) -> str:
    """Say what went wrong in the file at `path`, and on which of its lines."""
    if isinstance(error, SyntaxError):
        line: int | None = error.lineno
        words = error.msg
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
        words = " ".join(str(error).split())
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return f"cannot be run, {f'line {line}: ' if line else ''}{said.rstrip('.')}"
