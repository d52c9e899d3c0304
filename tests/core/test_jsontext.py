"""The quick way to read an object reads every line as the strict one does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.core import jsontext

BASE = b'"v":1,"kind":"metrics","step":3,"time":1.5'

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.none()
texts = st.text(max_size=5) | st.sampled_from(["step", "a:b", '":', "\ud800", "\x7f"])
values = st.recursive(
    numbers | st.booleans() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
fields = st.lists(st.tuples(texts, values), max_size=5)


def line_of(pairs: list[tuple[str, object]], ascii_only: bool, spaced: bool) -> bytes:
    """Write pairs as an object, keys that stand twice included."""
    colon = " : " if spaced else ":"
    written = [
        json.dumps(key, ensure_ascii=ascii_only)
        + colon
        + json.dumps(value, ensure_ascii=ascii_only)
        for key, value in pairs
    ]
    text = "{" + ",".join([BASE.decode(), *written]) + "}"
    return text.encode("utf-8", "surrogatepass")


def assert_read_alike(line: bytes) -> None:
    """Hold `parse_object` against `parse`, which takes the long way with every line."""
    found: object
    expected: object
    try:
        found = jsontext.parse_object(line)
    except ValueError:
        found = None
    try:
        expected = jsontext.parse(line)
    except ValueError:
        expected = None
    assert repr(found) == repr(expected if isinstance(expected, dict) else None)


@given(fields, st.booleans(), st.booleans())
def test_objects_are_read_alike(
    pairs: list[tuple[str, object]], ascii_only: bool, spaced: bool
) -> None:
    assert_read_alike(line_of(pairs, ascii_only, spaced))


@given(st.binary(max_size=60) | st.binary(max_size=20).map(lambda junk: b"{" + BASE + junk))
def test_junk_is_read_alike(line: bytes) -> None:
    assert_read_alike(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"{" + BASE + b"}",
        b" {" + BASE + b"} \r",
        b"{" + BASE + b',"x":1e999}',
        b"{" + BASE + b',"x":NaN}',
        b"{" + BASE + b',"x":-0.0,"y":-0}',
        b"{" + BASE + b',"x":1' + b"0" * 400 + b"}",
        b"{" + BASE + b',"x":' + b"9" * 5000 + b"}",
        b"{" + BASE + b',"x":5e-324,"y":1e-400}',
        b"{" + BASE + b',"step":4}',
        b"{" + BASE + b',"x":{"y":1,"y":2}}',
        b"{" + BASE + b',"x":[{"y":1,"y":2}]}',
        b"{" + BASE + b',"x" :1,"x" :2,"y":"::"}',
        b"{" + BASE + b',"x":"\\u003a","x":2}',
        b"{" + BASE + b',"x":"\\ud800"}',
        b"{" + BASE + b',"x":"\xff"}',
        b"{" + BASE + b',"x":"\t"}',
        b"\xef\xbb\xbf{" + BASE + b"}",
        b"{" + BASE + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{" + BASE.replace(b"1.5", b"true") + b"}",
        b"{" + BASE.replace(b"3", b"3.0") + b"}",
        b"{" + BASE.replace(b"1,", b"true,") + b"}",
    ],
    ids=lambda line: repr(line[:60]),
)
def test_the_edges_of_the_format_are_read_alike(line: bytes) -> None:
    assert_read_alike(line)


def test_a_line_of_metrics_does_not_take_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(jsontext, "parse")
    found = jsontext.parse_object(b"{" + BASE + b',"d_loss":0.7,"g_loss":null}')
    assert found == {
        "v": 1, "kind": "metrics", "step": 3, "time": 1.5, "d_loss": 0.7, "g_loss": None
    }  # fmt: skip
