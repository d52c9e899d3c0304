"""Answers that nobody here asked for are no keys; keys are never taken for answers."""

from __future__ import annotations

import pytest

from ganterm.tui.terminal.driver import ANSWER_SECONDS, KEYS_SECONDS, Answers
from tests.tui.driving import Clock

ANSWERS = [
    "\x1b[?1;2c",
    "\x1b[>41;354;0c",
    "\x1b[0n",
    "\x1b[?2026;2$y",
    "\x1b[12;40R",
    "\x1b[8;24;80t",
    "\x1b[?0u",
    "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "\x1b]4;1;rgb:cd/00/00\x07",
    "\x1bP>|tmux 3.4\x1b\\",
    "\x1bP1+r544e=787465726d\x1b\\",
    "\x1b_Gi=1;OK\x1b\\",
]

KEYS = [
    "a",
    "é",
    "\x1b",
    "\x1b[A",
    "\x1bOP",
    "\x1b[1;5C",
    "\x1b[1;2R",
    "\x1b[15~",
    "\x1b[Z",
    "\x1b[97;5u",
    "\x1b[27u",
    "\x1bq",
    "\x1b[<35;10;12M",
    "\x1b[<0;10;12m",
    "\x1b[I",
    "\x1b[200~pasted [?] text\x1b[201~",
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_are_taken_out(answer: str) -> None:
    """Wherever they stand between keys."""
    assert Answers().without(f"ab{answer}\x1b[A{answer}c") == "ab\x1b[Ac"


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_may_come_in_pieces(answer: str) -> None:
    """Cut anywhere but right after the Escape, which may be a key of its own."""
    for cut in range(2, len(answer)):
        answers = Answers()
        pieces = [answers.without(answer[:cut]), answers.without(answer[cut:] + "k")]
        assert "".join(pieces) == "k"


@pytest.mark.parametrize("keys", KEYS)
def test_keys_come_through(keys: str) -> None:
    assert Answers().without(keys) == keys


@pytest.mark.parametrize("keys", ["\x1b[A", "\x1b[1;5C", "\x1b[<35;10;12M", "\x1b[97;5u"])
def test_keys_in_pieces_come_through(keys: str) -> None:
    """A key that a slow link cut in two is a key when its rest has come."""
    for cut in range(1, len(keys)):
        answers = Answers()
        assert answers.without(keys[:cut]) + answers.without(keys[cut:]) == keys


@pytest.mark.parametrize("keys", ["\x1b[", "\x1b]", "\x1bP"])
def test_alt_and_a_bracket_are_keys_after_a_moment(keys: str) -> None:
    clock = Clock()
    answers = Answers(clock=clock)
    assert answers.without(keys) == ""
    assert answers.without("") == ""
    clock.now = KEYS_SECONDS
    assert answers.without("") == keys
    assert answers.without("") == ""


def test_an_answer_that_breaks_off_is_dropped() -> None:
    """What was held of it is never typed; keys count again afterwards."""
    clock = Clock()
    answers = Answers(clock=clock)
    assert answers.without("\x1b]11;rgb:00") == ""
    clock.now = ANSWER_SECONDS
    assert answers.without("") == ""
    assert answers.without("q") == "q"
