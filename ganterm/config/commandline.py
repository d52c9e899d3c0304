"""The command that does what a draft would: `ganterm train` with what differs from the recipe."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from ganterm.config.draft import Draft, fault_of, to_text
from ganterm.config.fields import FIELDS
from ganterm.config.resolve import combine
from ganterm.config.schema import RunConfig


def command_line(draft: Draft, *, name: str = "", runs_dir: str = "") -> str:
    """Return the command, quoted for a shell; text that is no value is left out.

    It does the same with and without the user's variables. `name` and `runs_dir` are said where
    they are not empty.
    """
    words = ["ganterm", "train", "--recipe", draft.recipe_name]
    for field, text in needed(draft).items():
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
