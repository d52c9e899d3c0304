"""What the tests of the app share: nothing on the screen happens because a test takes long."""

from __future__ import annotations

from typing import Any

import pytest
import textual.app
import textual.pilot
from textual.css.stylesheet import Stylesheet

from ganterm.tui.screens import runs
from tests.tui.idle import rest


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the list of runs from looking closer at a run by itself; tests ask it to."""
    monkeypatch.setattr(runs, "REST_SECONDS", 3600.0)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on as soon as the app is at rest."""
    monkeypatch.setattr(textual.app, "wait_for_idle", rest)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", rest)


_RULES: dict[Any, Any] = {}


@pytest.fixture(autouse=True)
def _parsed_once(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Parse a style sheet once for all apps with the same variables."""
    parse = Stylesheet._parse_rules

    def rules(sheet: Stylesheet, css: str, *arguments: Any, **options: Any) -> Any:
        variables = frozenset(sheet._variables.items())
        key = (css, arguments, tuple(options.items()), variables)
        if key not in _RULES:
            _RULES[key] = parse(sheet, css, *arguments, **options)
        return _RULES[key]

    if "parsed" not in request.fixturenames:
        monkeypatch.setattr(Stylesheet, "_parse_rules", rules)
