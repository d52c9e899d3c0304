"""The smallest recipe, and what listens to progress."""

from ganterm.benchmarks.result import ResultTable, Spread, Value

RECIPE = "dcgan-8x8"


def figure(result: ResultTable, key: str, row: int = 0) -> float:
    """Give a figure of a result as one number, the median of a spread."""
    return number(result.records()[row][key])


def number(value: Value) -> float:
    if isinstance(value, Spread):
        return value.median
    assert isinstance(value, (int, float))
    return value


class Listener:
    """Keeps what a progress is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int | None, str]] = []

    def __call__(self, what: str, done: int, total: int | None, unit: str) -> None:
        self.told.append((what, done, total, unit))
