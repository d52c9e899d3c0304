"""Registries: built-in names, the user's files, and facts that pass from process to process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ganterm.core.errors import ConfigError
from ganterm.core.registry import Component, Facts, Registry, absolute, is_reference, learn, short
from ganterm.core.settings import Problem


@dataclass(frozen=True, kw_only=True)
class ToyFacts(Facts):
    level: float | None = None


@dataclass(frozen=True, kw_only=True)
class Toy(ToyFacts, Component):
    play: Callable[[int], int] = abs


def _never(config: Any) -> Iterator[Problem]:
    yield Problem("level", f"{config} is none.")


DOUBLE = Toy(title="Double", level=2.0, play=lambda value: 2 * value, rules=(_never,))

OWN = """
from tests.core.test_registry import Toy

def triple(value):
    return 3 * value

TRIPLE = Toy(title="Triple", help="Three times.", level=3.0, play=triple)
NUMBER = 5
"""


@pytest.fixture
def toys() -> Registry[ToyFacts, Toy]:
    return Registry("toy", ToyFacts, Toy, {"double": f"{__name__}:DOUBLE"})


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def test_a_name_of_ours(toys: Registry[ToyFacts, Toy]) -> None:
    assert toys.names == ("double",)
    assert toys.resolve("double") is toys.facts("double") is DOUBLE
    assert [each.message for each in toys.problems("double", "this")] == ["this is none."]


def test_a_component_in_a_file(toys: Registry[ToyFacts, Toy], own: Path) -> None:
    name = f"{own}:TRIPLE"
    assert toys.facts(name) == ToyFacts(title="own.py:TRIPLE"), "facts run no file"
    assert toys.resolve(name).play(4) == 12
    assert toys.facts(name).level == 3.0
    assert toys.resolve(name) is toys.resolve(name)


def test_a_file_that_changed_is_run_again(toys: Registry[ToyFacts, Toy], own: Path) -> None:
    name = f"{own}:TRIPLE"
    toys.resolve(name)
    own.write_text(OWN.replace("3 * value", "33 * value"))
    assert toys.resolve(name).play(1) == 33
    assert toys.facts(name) is toys.resolve(name)


def test_facts_pass_to_a_process_that_runs_no_file(own: Path) -> None:
    worker = Registry("toy", ToyFacts, Toy, {})
    face = Registry("toy", ToyFacts, Toy, {})
    name = f"{own}:TRIPLE"
    worker.resolve(name)
    told = worker.told(name)
    assert told == {"title": "Triple", "help": "Three times.", "level": 3.0, "options": {}}
    assert not face.knows(name)
    learn({"toy": {name: told}})
    assert face.knows(name)
    assert face.facts(name) == ToyFacts(title="Triple", help="Three times.", level=3.0)
    assert list(face.problems(name, "this")) == []
    learn({"toy": {name: {"level": "high"}}})
    assert worker.facts(name).level == 3.0, "what was resolved here is known better"
    learn({"toy": {name: {"title": "\x1b[2J"}}})
    assert face.facts(name).title == "own.py:TRIPLE"
    for nonsense in (None, 5, {"toy": 5}):
        learn(nonsense)
    assert face.facts(name) == ToyFacts(title="own.py:TRIPLE"), "what is no fact is passed over"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (None, "TRIPLE", r"own.py cannot be read \(No such file or directory\)\."),
        (OWN, "QUADRUPLE", r"own.py has no QUADRUPLE; it has TRIPLE\."),
        ("", "TRIPLE", r"own.py has no TRIPLE; it declares no toy\."),
        (OWN, "NUMBER", r"NUMBER in .*own.py is of type int, and must be a Toy of "),
        ("x = 1\nx +", "X", r"own.py cannot be run, line 2: SyntaxError: invalid syntax\."),
        ("x = 1\n1 / 0", "X", r"own.py cannot be run, line 2: ZeroDivisionError: division by "),
        ("import nowhere", "X", r"line 1: ModuleNotFoundError: No module named 'nowhere'\."),
        ("raise SystemExit(3)", "X", r"line 1: SystemExit: 3\."),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(
    toys: Registry[ToyFacts, Toy], own: Path, text: str | None, name: str, said: str
) -> None:
    if text is None:
        own.unlink()
    else:
        own.write_text(text)
    with pytest.raises(ConfigError, match=rf"^toy own.py:{name}: .*{said}") as raised:
        toys.resolve(f"{own}:{name}")
    assert raised.value.__cause__ is None
    assert "\n" not in str(raised.value)


def test_an_unknown_name_tells_what_there_is(toys: Registry[ToyFacts, Toy]) -> None:
    with pytest.raises(ConfigError, match="toy 'treble' is unknown; choose one of double, or"):
        toys.resolve("treble")


def test_a_reference_is_kept_with_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = absolute("parts/own.py:TRIPLE")
    assert kept == f"{tmp_path}{os.sep}parts{os.sep}own.py:TRIPLE"
    assert absolute(kept) == kept
    assert absolute("double") == short("double") == "double"
    assert short(kept) == "own.py:TRIPLE"
    assert is_reference(kept)
    assert is_reference("own.py"), "a file whose functions are a loss"
    assert is_reference("package.module:NAME")
    assert not is_reference("torchvision:NAME")
    assert absolute("package.module:NAME") == "package.module:NAME"
