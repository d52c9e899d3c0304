"""Which of many cases every run of the tests has; the others are `slow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def slow_unless(quick: Callable[..., bool], cases: Iterable[Any]) -> list[Any]:
    """Return the cases as parameters, those marked slow that are not `quick`.

    A case of several arguments is a tuple, whose parts `quick` gets one by one.
    """
    taken = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case, marks=[] if quick(*case) else [pytest.mark.slow]) for case in taken]
