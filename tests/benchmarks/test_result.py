import json

import pytest

from ganterm.benchmarks.result import Form, ResultColumn, ResultTable, Spread, Value, write


def test_a_spread_is_median_smallest_and_largest() -> None:
    """The order of the values has no part in their spread, and none have none."""
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert Spread.of(iter([4.0, 2.0])) == Spread(3.0, 2.0, 4.0)
    assert Spread.of([2.0]).scaled(3) == Spread(6.0, 6.0, 6.0)
    assert Spread.of_ratios([2.0, 9.0], [1.0, 3.0]) == Spread(2.5, 2.0, 3.0)
    with pytest.raises(ValueError, match="no median"):
        Spread.of([])


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (None, "ms", "-"),
        ("mlp", "text", "mlp"),
        (10_000, "count", "10,000"),
        (12345.6, "rate", "12,346"),
        (0.0123, "ms", "12.3 ms"),
        (0.25, "ms", "250 ms"),
        (4.56e-6, "us", "4.56 us"),
        (24_300_000, "bytes", "24.3 MB"),
        (1.8, "ratio", "1.80x"),
        (0.0085, "share", "0.85 %"),
        (0.000042, "share", "0.004 %"),
        (0.0, "share", "0 %"),
        (9.4, "number", "9.40"),
        (0.03216, "number", "0.0322"),
        (47.31, "s", "47.3 s"),
        (2.73e10, "giga", "27.3"),
        (Spread(0.0123, 0.009, 0.25), "ms", "12.3 ms (9.00 to 250)"),
        (Spread(2.0, 1.8, 2.5), "ratio", "2.00x (1.80 to 2.50)"),
    ],
)
def test_cells_read_as_figures_with_their_unit(value: Value, form: Form, text: str) -> None:
    """A cell has about three digits, one unit, and the range of a spread beside its median."""
    assert write(value, form) == text


def test_rows_become_cells_and_json_in_the_order_of_the_columns() -> None:
    """Text has every column's cell; JSON has base units and names the parts of a spread."""
    columns = [ResultColumn("name", "NAME"), ResultColumn("cost", "COST", "ms")]
    result = ResultTable(
        "Title", "How.", columns, [("a", Spread(0.002, 0.001, 0.003))], ["A note."]
    )
    assert result.cells() == [["NAME", "COST"], ["a", "2.00 ms (1.00 to 3.00)"]]
    assert json.loads(json.dumps(result.as_mapping())) == {
        "title": "Title",
        "method": "How.",
        "rows": [{"name": "a", "cost": {"median": 0.002, "min": 0.001, "max": 0.003}}],
        "notes": ["A note."],
    }
