"""No foreign string can steer the terminal it is shown on, and honest text stays as it is."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.text import safe_text


@pytest.mark.parametrize(
    ("foreign", "safe"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\bc\x7f", "a\\x0db\\x08c\\x7f"),
        ("gpj.\u202egnp", "gpj.\\u202egnp"),
        ("a\u2028b\u200b\ufeff", "a\\u2028b\\u200b\\ufeff"),
        (os.fsdecode(b"caf\xe9.png"), "caf\\xe9.png"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("one\ttwo\nthree", "one two\\nthree"),
        ("Ziffern à 手書き 👩\u200d🔬", "Ziffern à 手書き 👩\u200d🔬"),
    ],
)
def test_controls_are_written_out(foreign: str, safe: str) -> None:
    """Escapes, controls, direction marks and undecodable bytes are shown as what they are."""
    assert safe_text(foreign) == safe


def test_line_feeds_stay_on_request() -> None:
    """Several lines stay several lines only where the caller allows it."""
    assert safe_text("a\nb\x1b", newline=True) == "a\nb\\x1b"


@given(st.text(st.characters()))
def test_nothing_dangerous_is_left(foreign: str) -> None:
    """Whatever comes in, what comes out is one printable line of UTF-8, and is final."""
    safe = safe_text(foreign)
    safe.encode("utf-8")
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in safe)
    assert not any(
        unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI"}
        for c in safe
    )
    assert safe_text(safe) == safe
