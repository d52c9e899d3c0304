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

A package may publish components as entry points, by the group's name in `GROUPS` of
`ganterm.core.published`; such a name stands for `module:NAME`, which configurations keep.

`resolve` runs that file, so only processes call it that may run the user's code: workers
and services. All others call `facts`, which never runs anything: it knows what is built in, what
this process has resolved, and what such a process told it (`learn`) by describing a configuration
or in the journal of a run; of anything else it returns the defaults of the kind.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

import msgspec

from ganterm.core.errors import ConfigError
from ganterm.core.parts import Part, installed_module, module_at
from ganterm.core.published import GROUPS, Offer, Published, published
from ganterm.core.settings import Problem, Rule

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
REFERENCE_PATTERN: Final = (
    rf"^(.+\.py(?=:|$)|(?!torchvision:){_NAME}(?:\.{_NAME})*(?=:))"
    rf"(?::({_NAME})(?::(\w+=[^\s,=]+(?:,\w+=[^\s,=]+)*))?)?$"
)
"""What a component of the user's is named by: a file, or a module of an installed package, then its
name there and settings of its own."""
_REFERENCE: Final = re.compile(REFERENCE_PATTERN)
_PUBLISHED: Final = re.compile(r"[\w.-]+")


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
        plain: str = "",
    ) -> None:
        """Offer what lies at `places`: by name `module:NAME`, imported when it is first needed.

        At `elsewhere` is a function that returns what any other name stands for, None for nothing;
        `besides` are such names that are offered as well. At `plain` is one that makes a component
        of a `Part`, a plain class or function of the user's; it returns None for what it is not.
        """
        self.kind = kind
        self._besides = tuple(besides)
        self._elsewhere = elsewhere
        self._facts = facts
        self._plain = plain
        self._component = component
        self._places = dict(places)
        self._built_in: dict[str, ComponentT] = {}
        self._resolved: dict[str, ComponentT] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that is built in."""
        return (*self._places, *self._besides)

    @property
    def published(self) -> Offer:
        """What installed packages publish."""
        return published(self.kind, self.names) if self.kind in GROUPS else Offer()

    @property
    def offered(self) -> tuple[str, ...]:
        """The names of all that is built in, and of all that is published."""
        return (*self.names, *self.published.parts)

    def accepts(self, name: str) -> bool:
        """Tell whether `name` is built in, published, found elsewhere, or in the user's file."""
        if name in self._places or is_reference(name):
            return True
        return self.kept(name) != name or self._found(name) is not None

    def kept(self, name: str) -> str:
        """Return `name` as a configuration keeps it: of what is published `module:NAME`.

        Of a file's path it is that from the root. Settings stay what they are.
        """
        called, colon, settings = name.partition(":")
        if name in self._places or is_reference(name) or not _PUBLISHED.fullmatch(called):
            return absolute(name)
        part = self.published.parts.get(called)
        return name if part is None else f"{part.place}{colon}{settings}"

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
        if (part := self.published.parts.get(name)) is not None:
            return self._facts(title=name, help=f"Of the package {part.package}.")
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
        if (kept := self.kept(name)) != name and not is_reference(name):
            return self.resolve(kept)
        if (elsewhere := self._found(name)) is not None:
            return elsewhere
        found = _REFERENCE.fullmatch(name)
        if found is None:
            raise ConfigError(
                f"{self.kind} {name!r} is unknown; choose one of {', '.join(self.offered)}, or "
                "name one of your own as path/to/file.py:NAME."
            )
        component = self._made(self._part(name, found))
        self._resolved[name] = self._resolved[absolute(name)] = component
        return component

    def _part(self, name: str, found: re.Match[str]) -> Part:
        what, place = f"{self.kind} {short(name)}", found[1]
        if (part := self._published_at(f"{place}:{found[2]}")) is not None:
            what += f" of {part.package}"
        if place.endswith(".py"):
            path = Path(place).expanduser()
            module = module_at(what, path)
        else:
            module = installed_module(what, place)
            path = Path(module.__file__ or place)
        attribute, names = found[2], vars(module)
        if attribute is None:
            return Part(what, path, path.name, module)
        if attribute not in names:
            there = [key for key, each in names.items() if self._declares(each)]
            if self._plain and not there:
                there = [key for key, each in names.items() if _is_of(module.__name__, each)]
            raise ConfigError(
                f"{what}: {place} has no {attribute}; "
                + (f"it has {', '.join(there)}." if there else f"it declares no {self.kind}.")
            )
        return Part(what, path, attribute, names[attribute], found[3] or "")

    def _published_at(self, place: str) -> Published | None:
        return next((each for each in self.published.parts.values() if each.place == place), None)

    def _made(self, part: Part) -> ComponentT:
        """Return the component that a part is, or returns, or can be made of."""
        kind, component = self._component, part.value
        if isinstance(component, kind):
            if not part.told:
                return component
            raise part.refusal(
                f"{part.name} in {part.path} has no settings of its own, which only a function "
                f"that returns a {kind.__name__} has."
            )
        if _makes(component, kind) or (inspect.isfunction(component) and not self._plain):
            component = part.call()
            if isinstance(component, Facts):
                component = replace(component, options=part.options())
        elif self._plain:
            component = imported(self._plain)(part)
        if isinstance(component, kind):
            return component
        called = f"{part.name} in {part.path} is" if part.name != part.path.name else "it is"
        raise part.refusal(
            f"{called} of type {type(part.value).__name__}, and must be a {kind.__name__} of "
            f"{kind.__module__}, or a function that returns one."
        )

    def _declares(self, value: object) -> bool:
        return isinstance(value, self._component) or _makes(value, self._component)

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
    """Tell whether `name` names one of the user's: `path/to/file.py:NAME`, settings or not."""
    return _REFERENCE.fullmatch(name) is not None


def file_of(name: str) -> Path | None:
    """Return the file that `name` names one in; None of what is built in, or in a package."""
    found = _REFERENCE.fullmatch(name)
    return Path(found[1]).expanduser() if found and found[1].endswith(".py") else None


def absolute(name: str) -> str:
    """Return `name` as it can be kept: the path of a file from the root, a plain name as it is."""
    path = file_of(name)
    if path is None:
        return name
    return f"{path.absolute()}{_rest(name)}"


def short(name: str) -> str:
    """Return `name` as sentences and tables have it: of a file's path only the last part."""
    path = file_of(name)
    return name if path is None else f"{path.name}{_rest(name)}"


def _rest(name: str) -> str:
    """Return what of a name comes after the file."""
    found = _REFERENCE.fullmatch(name)
    return "" if found is None else name[found.end(1) :]


def imported(place: str) -> Any:
    """Return what lies at `module:NAME` of ganterm."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _is_of(module: str, value: object) -> bool:
    """Tell whether `value` is a class or a function that the module called so defines."""
    defined = inspect.isclass(value) or inspect.isfunction(value)
    return defined and value.__module__ == module


def _makes(value: Any, kind: type) -> bool:
    """Tell whether `value` is a function that says it returns a `kind`."""
    said = getattr(value, "__annotations__", {}).get("return")
    return inspect.isfunction(value) and said in (kind, kind.__name__)
