"""Numbers in words, the same in every face: spans of time, sizes, losses."""

from __future__ import annotations

import time


def duration(seconds: float) -> str:
    """Return a span of time as a person says it: `48 s`, `2 min 5 s`, `3 h 10 min`, `2 d 1 h`."""
    whole = int(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def clock(seconds: float) -> str:
    """Return a moment, in seconds since 1970, as the time of day here: `21:35:02`."""
    try:
        return time.strftime("%H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):  # a foreign journal's
        return "--:--:--"


def age(seconds: float | None) -> str:
    """Return a span of time in its largest unit: `5s`, `3m`, `7h`, `2d`; a dash for None."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:.0f}s"


def size(count: int) -> str:
    """Return a number of bytes in its largest unit: `512B`, `1.5k`, `23M`, `1.0G`."""
    for unit, length in (("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)):
        if count >= length:
            return f"{count / length:.{1 if count < 10 * length else 0}f}{unit}"
    return f"{count}B"


def number(value: object) -> str:
    """Return a loss or a probability with three digits; a dash for what is no number."""
    return f"{value:.3f}" if isinstance(value, (int, float)) else "-"


def plural(count: int, thing: str) -> str:
    """Return `1 image`, `2 images`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def roughly(seconds: float) -> str:
    """Return an estimate no more exact than it can be."""
    if seconds < 10:
        return f"{max(seconds, 0.1):.1f} s"
    for limit, length, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86400:,.0f} days"
