"""The app's style sheet: parsed once, and again where variables say otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from textual.color import Color
from textual.css import stylesheet as textual_stylesheet

from ganterm.tui.terminal.thrifty import LazyStylesheet

SHEET = "Label { color: $ink; }"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is parsed from now on, source by source."""
    sources: list[str] = []
    original: Any = vars(textual_stylesheet)["parse"]

    def counting(scope: str, css: str, *arguments: Any, **options: Any) -> Any:
        sources.append(css)
        return original(scope, css, *arguments, **options)

    monkeypatch.setattr(textual_stylesheet, "parse", counting)
    return sources


def sheet_of(**variables: str) -> LazyStylesheet:
    sheet = LazyStylesheet(variables=variables)
    sheet.add_source(SHEET, read_from=("one", ""))
    sheet.reparse()
    return sheet


def ink(sheet: LazyStylesheet) -> Color:
    (rule,) = (rule for rule in sheet.rules if rule.selectors == "Label")
    return rule.styles.color


def test_a_source_is_parsed_once(parsed: list[str]) -> None:
    """Parsing again, and with the same variables again, takes what is there; the new is added."""
    sheet = sheet_of(ink="red")
    sheet.set_variables({"ink": "red"})
    sheet.reparse()
    sheet.add_source("Button { color: blue; }", read_from=("two", ""))
    sheet.reparse()
    assert parsed == [SHEET, "Button { color: blue; }"]
    assert [rule.selectors for rule in sheet.rules] == ["Label", "Button"]


def test_other_variables_give_other_styles() -> None:
    """A theme's colours reach what was parsed with another's, and the first's do so again."""
    sheet = sheet_of(ink="red")
    assert ink(sheet) == Color.parse("red")
    for colour in ("blue", "red"):
        sheet.set_variables({"ink": colour})
        sheet.reparse()
        assert ink(sheet) == Color.parse(colour)


def test_a_changed_source_is_parsed(parsed: list[str]) -> None:
    """What stands in place of a source counts."""
    sheet = sheet_of(ink="red")
    sheet.add_source("Label { color: green; }", read_from=("one", ""))
    sheet.reparse()
    assert parsed == [SHEET, "Label { color: green; }"]
    assert ink(sheet) == Color.parse("green")
