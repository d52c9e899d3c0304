"""What a person can do on each screen: read from the table of keys, and done as it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from textual.actions import parse
from textual.binding import Binding, BindingType

Scope = Literal[
    "app",
    "runs",
    "setup",
    "monitor",
    "judge",
    "explorer",
    "compare",
    "help",
    "confirm",
    "prompt",
    "picker",
    "command",
]

TITLES: Final[dict[Scope, str]] = {
    "runs": "Runs",
    "setup": "New run",
    "monitor": "Watching a run",
    "judge": "Judging a run",
    "explorer": "Exploring a generator",
    "compare": "Comparing runs",
    "app": "Everywhere",
}
"""What the help screen calls the scopes, in its order."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do, and every way to do it: a row of `keys.txt`.

    Attributes:
        id: its name.
        keys: Textual's names of its keys, separated by commas; the first is the one shown.
        does: what is called on the screen, such as `charts.turn(1)`; empty for what Textual does.
        rank: place in the footer; a narrow screen keeps the lowest. 0: not in the footer.
        priority: whether its keys work even while a field is being typed into.
        label: one to three words, for the footer and the palette.
        help: one sentence, for the help screen and the palette.
    """

    id: str
    keys: str
    does: str
    rank: int
    priority: bool
    label: str
    help: str

    def target(self, screen: object) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Return what it calls on a screen, and with which arguments."""
        path, name, arguments = parse(self.does)
        for part in filter(None, path.split(".")):
            screen = getattr(screen, part)
        return getattr(screen, name), arguments


def _read(table: str) -> dict[Scope, tuple[Action, ...]]:
    rows: dict[str, list[Action]] = {}
    scope = ""
    for line in filter(None, table.splitlines()):
        if line.startswith("["):
            scope = line.strip("[]")
        elif not line.startswith("#"):
            name, keys, does, rank, label, told = re.split(r"\s{2,}", line)
            row = Action(
                name,
                keys,
                "" if does == "-" else does,
                int(rank.rstrip("!")),
                rank.endswith("!"),
                label,
                told,
            )
            rows.setdefault(scope, []).append(row)
    return {scope: tuple(rows[scope]) for scope in get_args(Scope)}


TABLE: Final = _read(Path(__file__).with_name("keys.txt").read_text(encoding="utf-8"))


class Acting:
    """Gives a class with a `SCOPE` the keys of that scope, and has done what they call.

    Textual finds an action by its method `action_...`: all of them are one dispatcher here.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        scope: Scope | None = vars(cls).get("SCOPE")
        if scope is not None:
            cls.BINDINGS = bindings(scope)  # type: ignore[attr-defined]
            for action in TABLE[scope]:
                if action.does:
                    setattr(cls, f"action_{action.id}", _dispatcher(action))
        super().__init_subclass__(**options)


def _dispatcher(action: Action) -> Callable[[object], object]:
    def act(screen: object) -> object:
        call, arguments = action.target(screen)
        return call(*arguments)

    return act


DIALOGS: Final[frozenset[Scope]] = frozenset({"help", "confirm", "prompt", "picker", "command"})
"""Scopes of what lies over a screen; the app's own actions wait meanwhile."""


def bindings(scope: Scope) -> list[BindingType]:
    """Return the key bindings of a scope."""
    return [
        Binding(
            action.keys,
            action.id,
            action.label,
            show=bool(action.rank),
            tooltip=action.help,
            priority=action.priority,
        )
        for action in TABLE[scope]
    ]


def offered(scope: Scope) -> list[tuple[Scope, Action]]:
    """Return everything that can be done on a screen: its own actions, then those of the app."""
    scopes: tuple[Scope, ...] = (scope,) if scope in {*DIALOGS, "app"} else (scope, "app")
    return [(of, action) for of in scopes for action in TABLE[of]]


_KEY_NAMES: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "delete": "Del",
    "tab": "Tab",
    "home": "Home",
    "end": "End",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_MODIFIERS: Final = {"ctrl": "^", "shift": "Shift-", "alt": "Alt-"}


def is_typed(key: str) -> bool:
    """Tell whether a field would take a key as a letter, or to move in what was typed."""
    return len(key_name(key)) == 1 or key in {"space", "enter", "home", "end", "delete"}


def key_name(key: str) -> str:
    """Return one key as a person reads it: `?`, `Esc`, `^p`, `F1`."""
    *modifiers, last = key.split("+")
    name = _KEY_NAMES.get(last) or (last.upper() if last[1:].isdigit() else last)
    return "".join(_MODIFIERS.get(modifier, f"{modifier}-") for modifier in modifiers) + name
