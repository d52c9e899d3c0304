"""A configuration in the making: what a person has typed so far, and the command that does it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ganterm import recipes
from ganterm.config.fields import FIELDS, Value, parse_value
from ganterm.config.resolve import combine
from ganterm.config.rules import problems
from ganterm.config.schema import RunConfig
from ganterm.core.errors import ConfigError
from ganterm.recipes import Recipe

_LENGTHS = {"steps": "epochs", "epochs": "steps"}
"""Two ways to say one thing: to set one is to take back the other."""


@dataclass(frozen=True)
class FieldState:
    """How one field stands.

    Attributes:
        text: what the field shows: what was typed, or the value in force.
        differs: whether it differs from the recipe, or is not a value at all.
        recipe_text: the recipe's value.
        trouble: what is wrong with it, in one sentence; empty if nothing is.
    """

    text: str
    differs: bool
    recipe_text: str
    trouble: str


class Draft:
    """A recipe and what was changed of it.

    `environment` holds the user's variables: settings there count as typed, and as what a command
    started here would find. Raises `ConfigError` for a recipe that cannot be used.
    """

    def __init__(self, recipe: str = "", environment: Mapping[str, str] | None = None) -> None:
        self.environment = dict(environment or {})
        self.typed: dict[str, str] = {}
        """What was typed and differs from the recipe, as text, by field."""
        self.recipe: Recipe
        self.config: RunConfig
        """What a run would train under; a field whose text is no value is as in the recipe."""
        self.standings: dict[str, FieldState] = {}
        named = self.environment.get(FIELDS["recipe"].variable, "")
        self.choose(recipe or named or str(FIELDS["recipe"].default))
        for name, spec in FIELDS.items():
            if name != "recipe" and (text := self.environment.get(spec.variable, "").strip()):
                self.set(name, text)

    @property
    def recipe_name(self) -> str:
        """The recipe as it was chosen: a name, or the path of a file."""
        return self._recipe_name

    @property
    def troubles(self) -> dict[str, str]:
        """What is wrong, by field, in the schema's order; nothing if a run can start."""
        return {name: state.trouble for name, state in self.standings.items() if state.trouble}

    @property
    def differing(self) -> list[str]:
        """The fields that differ from the recipe, in the schema's order."""
        return [name for name, state in self.standings.items() if state.differs]

    def choose(self, recipe: str) -> None:
        """Start from another recipe; what was typed stays typed.

        Raises `ConfigError` if there is none such, or it is broken; nothing has changed then.
        """
        loaded = recipes.load(recipe)
        base = combine({"recipe": recipe}).config
        self._recipe_name, self.recipe, self._base = recipe, loaded, base
        self._drop_idle()
        self._settle()

    def set(self, name: str, text: str) -> None:
        """Type `text` into the field `name`; what the recipe says anyway is not a change."""
        self.typed[name] = text
        other = _LENGTHS.get(name)
        if other and not fault_of(name, text) and parse_value(name, text):
            self.typed.pop(other, None)
        self._drop_idle(name)
        self._settle()

    def reset(self, name: str) -> None:
        """Give the field the recipe's value again."""
        self.typed.pop(name, None)
        self._settle()
        if self.standings[name].differs and name in _LENGTHS:
            self.typed.pop(_LENGTHS[name], None)
            self._settle()
        if self.standings[name].differs:
            # Another change took this field's value along, as a dataset does the split.
            self.typed[name] = to_text(getattr(self._base, name))
            self._settle()

    def reset_all(self) -> None:
        """Return to the recipe as it is."""
        self.typed.clear()
        self._settle()

    def _drop_idle(self, *names: str) -> None:
        """Forget what was typed where leaving it out changes nothing."""
        for name in names or list(self.typed):
            valid = self._valid()
            if name not in valid:
                continue
            without = {key: text for key, text in valid.items() if key != name}
            if self._combined(without) == self._combined(valid):
                del self.typed[name]

    def _valid(self) -> dict[str, str]:
        return {name: text for name, text in self.typed.items() if not fault_of(name, text)}

    def _combined(self, typed: Mapping[str, str]) -> RunConfig:
        return combine({"recipe": self._recipe_name, **typed}).config

    def _settle(self) -> None:
        self.config = self._combined(self._valid())
        # Of several problems of one field the first is told.
        found = reversed(list(problems(self.config)))
        troubles = {problem.field: problem.message for problem in found}
        wrong = {name: fault_of(name, text) for name, text in self.typed.items()}
        troubles.update({name: sentence for name, sentence in wrong.items() if sentence})
        self.standings = {
            name: FieldState(
                text=self.typed.get(name, to_text(getattr(self.config, name))),
                differs=getattr(self.config, name) != getattr(self._base, name)
                or bool(wrong.get(name)),
                recipe_text=to_text(getattr(self._base, name)),
                trouble=troubles.get(name, ""),
            )
            for name in FIELDS
            if name != "recipe"
        }


def to_text(value: Value) -> str:
    """Return a value as a person types it; `auto` for one that is unset."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def fault_of(name: str, text: str) -> str:
    """Return what the schema says of a text that is no value of the field; or nothing."""
    try:
        parse_value(name, text)
    except ConfigError as error:
        return str(error)
    return ""


def command_line(
    draft: Draft, also: Iterable[str] = (), *, name: str = "", runs_dir: str = ""
) -> str:
    """Return the command, quoted for a shell; text that is no value is left out.

    It does the same with and without the user's variables. The fields in `also` are said even
    where the recipe has the same, `name` and `runs_dir` where they are not empty.
    """
    words = ["ganterm", "train", "--recipe", draft.recipe_name]
    said = {**needed(draft), **{field: to_text(getattr(draft.config, field)) for field in also}}
    for field, text in said.items():
        words += _option(field, text)
    words += ["--name", name] if name else []
    words += ["--runs-dir", runs_dir] if runs_dir else []
    return shlex.join(words)


def needed(draft: Draft) -> dict[str, str]:
    """Return the fewest settings, as text, that make the draft's configuration of its recipe."""
    config = draft.config
    candidates = [
        name
        for name, state in draft.standings.items()
        if state.differs or name in draft.typed or draft.environment.get(FIELDS[name].variable)
    ]
    kept = {name: to_text(getattr(config, name)) for name in candidates}
    # What was typed is the last to go: the rest may only be its consequence.
    for name in sorted(candidates, key=lambda name: name in draft.typed):
        without = {key: text for key, text in kept.items() if key != name}
        if _amounts_to(config, draft, without):
            kept = without
    return {name: kept[name] for name in candidates if name in kept}


def _amounts_to(config: RunConfig, draft: Draft, typed: Mapping[str, str]) -> bool:
    settings = {"recipe": draft.recipe_name, **typed}
    return all(
        combine(settings, environment=environment).config == config
        for environment in ({}, _valid(draft.environment))
    )


def _valid(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        spec.variable: environment[spec.variable]
        for name, spec in FIELDS.items()
        if environment.get(spec.variable) and not fault_of(name, environment[spec.variable])
    }


def _option(field: str, text: str) -> list[str]:
    spec = FIELDS[field]
    if spec.kind != "boolean":
        return [spec.option, text]
    return [spec.option if text == "true" else f"--no-{spec.option.removeprefix('--')}"]
