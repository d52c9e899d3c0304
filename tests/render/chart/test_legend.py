"""The legend names every quantity by its mark, with the value read, and says what is not drawn."""

import math

import pytest

from ganterm.render.chart import Reference, Trace, View, draw_chart
from ganterm.render.colour import Charset
from tests.render.chart.points import Points, evenly, text_of


def legend(*traces: Trace, columns: int = 100, rows: int = 16, **options: object) -> str:
    return text_of(draw_chart(traces, columns, rows, **options))[0].rstrip()  # type: ignore[arg-type]


def test_a_quantity_has_its_mark_its_name_and_its_newest_value() -> None:
    first = Trace("D loss", evenly([1.0, 0.5]), 0)
    second = Trace("G loss", evenly([2.0, 123.456]), 1)
    assert legend(first, second) == "● D loss 0.5     ▲ G loss 123.5"
    assert legend(first, second, charset=Charset.ASCII) == "o D loss 0.5     * G loss 123.5"


def test_a_quantity_without_points_has_no_value_and_a_broken_one_none_either() -> None:
    assert legend(Trace("x", Points([])), Trace("y", evenly([math.nan]), 1)) == (
        "● x -       ▲ y nan     y: 1 not finite"
    )


def test_a_title_comes_first() -> None:
    assert legend(Trace("x", evenly([1.0])), title="Losses\x07") == ("Losses\\x07  ● x 1")


def test_the_crosshair_reads_the_points_there() -> None:
    chart = draw_chart(
        [Trace("x", evenly([float(n) for n in range(101)])), Trace("y", Points([(0, 7.0)]), 1)],
        108,
        16,
        View(crosshair=30),
    )
    assert text_of(chart)[0].rstrip() == "● x 30      ▲ y -"
    assert [(r.label, r.value, r.low, r.high) for r in chart.readings] == [
        ("x", 30.0, 30.0, 30.0),
        ("y", None, None, None),
    ]


def test_a_reading_has_the_range_of_its_points() -> None:
    chart = draw_chart([Trace("x", evenly([0.0, 4.0] * 500))], 48, 16, View(crosshair=500))
    (reading,) = chart.readings
    assert reading.value == pytest.approx(2.0, abs=0.3)
    assert (reading.low, reading.high) == (0.0, 4.0)


def test_a_crosshair_outside_the_window_reads_nothing() -> None:
    chart = draw_chart([Trace("x", evenly([1.0, 2.0, 3.0]))], 80, 16, View(crosshair=99))
    assert chart.readings[0].value is None


def test_what_is_beyond_the_scale_is_said() -> None:
    trace = Trace("x", evenly([-5.0, 0.5, 7.25]))
    chart = draw_chart([trace], 80, 16, View(limits=(0, 1)))
    assert chart.notes == ["x: down to -5", "x: up to 7.25"]
    chart = draw_chart([trace], 80, 16, View(log=True))
    assert chart.notes == ["x: not above 0, at the lower edge"]
    assert chart.notes[0] in "".join(text_of(chart)[:2])
    assert draw_chart([trace], 80, 16).notes == []


def test_a_legend_takes_a_second_row_where_it_must_and_says_if_something_is_left() -> None:
    traces = [Trace(f"quantity {n}", evenly([1.0]), n) for n in range(8)]
    wide = draw_chart(traces, 200, 20)
    assert wide.area.top == 1
    narrow = draw_chart(traces, 60, 20)
    assert narrow.area.top == 2
    assert text_of(narrow)[1].endswith("…")
    low = draw_chart(traces, 60, 10, charset=Charset.ASCII)
    assert low.area.top == 1
    assert text_of(low)[0].endswith("~")


def test_nothing_moves_while_a_value_changes() -> None:
    tops = {legend(Trace("x", evenly([v])), Trace("y", evenly([1.0]), 1)).index("▲")
            for v in (1.0, 0.6931, -0.5, 12.34)}  # fmt: skip
    assert len(tops) == 1


def test_foreign_names_are_made_safe_and_kept_short() -> None:
    shown = legend(Trace("\x1b[31mred\x1b[0m", evenly([1.0])), Trace("n" * 90, evenly([1.0]), 1))
    assert "\x1b" not in shown
    assert "n" * 31 + "… 1" in shown


def test_a_reference_is_named_at_the_axis() -> None:
    chart = draw_chart(
        [Trace("x", evenly([0.0, 1.0]))], 80, 16, references=[Reference(0.5, "half")]
    )
    (row,) = [row for row in text_of(chart) if "half" in row]
    assert row.startswith("   half┤")
    assert row.count("┄") > 50
