"""Strict JSON: what is written can be read by any parser, and what is read cannot surprise."""

import json
import math
from typing import Any, Final, NoReturn, TypeGuard

import msgspec


def dump_line(value: dict[str, Any]) -> bytes:
    """Return `value` as one line of ASCII JSON, with the newline.

    Escaping everything that is not printable ASCII keeps control sequences and lone surrogates of
    foreign names out of `tail -f`.

    Raises:
        TypeError: a value that JSON cannot hold.
        ValueError: NaN and infinity, for which JSON has no word (see `finite`).
    """
    return printable(_ENCODE(value)).encode("ascii") + b"\n"


def printable(text: str) -> str:
    """Return ASCII JSON with the one control character escaped that encoders leave: DEL."""
    return text.replace("\x7f", "\\u007f")


def finite(value: Any) -> Any:
    """Return `value` with every NaN and infinity in its lists and dicts replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {
            key: item if type(item) is float and math.isfinite(item) else finite(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def parse(data: bytes) -> Any:
    """Parse UTF-8 JSON: finite numbers, no key twice in an object.

    Raises:
        ValueError: anything else, nesting too deep to parse included.
    """
    try:
        return _STRICT.decode(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_object(data: bytes) -> dict[str, Any]:
    """Parse UTF-8 JSON whose outermost value is an object.

    Raises:
        ValueError: as `parse`, and where the value is not an object.
    """
    # Several times as quick as `parse`, but it does not mind a key that stands twice. Every key
    # has a colon, so an object with no more colons than keys has no other object in it and no key
    # twice; whatever has more, or does not please the decoder, is left to `parse`.
    try:
        value = _DECODE(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or data.count(b":") != len(value):
        value = parse(data)
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    return value


def is_count(value: object, below: int = 1 << 53) -> TypeGuard[int]:
    """Tell whether `value` is an int in [0, below), the range every JSON reader keeps exactly."""
    return type(value) is int and 0 <= value < below


def is_plain(value: object, depth: int = 32) -> bool:
    """Tell whether the whole numbers in a value have 64 bits, and it is at most so deep."""
    if type(value) is int:
        return -(1 << 63) <= value < 1 << 64
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(is_plain(item, depth - 1) for item in inner)
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


# Made once: `json.loads` and `json.dumps` would make one for every line.
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_DECODE: Final = msgspec.json.Decoder().decode
_STRICT: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite_float, object_pairs_hook=_unique
)
