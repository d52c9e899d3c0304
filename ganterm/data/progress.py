"""How long work in this package tells its caller how far it is."""

from typing import Protocol


class ProgressCallback(Protocol):
    """Called now and then with what is being done and how much of it is."""

    def __call__(self, what: str, done: int, total: int | None, unit: str) -> None:
        """Report `done` of `total` (None where unknown) in `unit`, "images" or "bytes"."""
        ...


def silent(what: str, done: int, total: int | None, unit: str) -> None:
    """Take a report and tell nobody."""
