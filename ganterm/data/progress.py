"""How long work in this package tells its caller how far it is."""

from contextvars import ContextVar
from typing import Final, Protocol


class ProgressCallback(Protocol):
    """Called now and then with what is being done and how much of it is."""

    def __call__(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Report `done` of `total` (None where unknown) in `unit`, "images" or "bytes"."""
        ...


def silent(what: str, done: int, total: int | None, unit: str) -> None:
    """Take a report and tell nobody."""


TOLD: Final[ContextVar[ProgressCallback]] = ContextVar("told of an intake", default=silent)
"""Who is told where the work comes of naming a dataset."""
