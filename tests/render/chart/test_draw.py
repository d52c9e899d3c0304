"""A chart shows what the points say, at any size, with any values, in every character set."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.chart import KINDS, STYLES, Mark, Reference, Trace, View, draw_chart
from ganterm.render.chart.axis import step_ticks
from ganterm.render.colour import Charset
from ganterm.render.text import cell_width
from tests.render.chart.points import EXTREME, Points, evenly, plot_of, styles_in, text_of

UNICODE, ASCII = Charset.HALFBLOCK, Charset.ASCII
BLANK = set(" ┄┊│")

anything = st.lists(
    st.tuples(st.integers(0, 300), st.floats() | st.sampled_from((*EXTREME, math.nan, math.inf))),
    max_size=25,
).map(lambda points: Points(sorted(points, key=lambda point: point[0])))
views = st.builds(
    View,
    start=st.none() | st.integers(-10, 400),
    stop=st.none() | st.integers(-10, 400),
    log=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.6, 0.99, 1.0]),
    limits=st.none() | st.tuples(st.floats(), st.floats()),
    outliers=st.booleans(),
    bands=st.booleans(),
    crosshair=st.none() | st.floats(-5, 400),
)


@given(
    sources=st.lists(anything, max_size=4),
    view=views,
    columns=st.integers(0, 90),
    rows=st.integers(0, 26),
    charset=st.sampled_from(list(Charset)),
    references=st.lists(st.floats() | st.sampled_from([0.5, math.log(2)]), max_size=3),
    marks=st.lists(st.tuples(st.integers(-5, 400), st.sampled_from(KINDS)), max_size=6),
)
def test_any_chart_has_its_size(
    *,
    sources: list[Points],
    view: View,
    columns: int,
    rows: int,
    charset: Charset,
    references: list[float],
    marks: list[tuple[int, str]],
) -> None:
    chart = draw_chart(
        [Trace(f"trace {n}", source, n * 3) for n, source in enumerate(sources)],
        columns,
        rows,
        view,
        charset=charset,
        references=[Reference(value, "log 2") for value in references],
        marks=[Mark(step, kind) for step, kind in marks],  # type: ignore[arg-type]
    )
    text = text_of(chart)
    assert len(text) == rows
    assert all(cell_width(row) == columns for row in text)
    assert charset is UNICODE or all(row.isascii() for row in text)


def drawn_cells(rows: list[str]) -> set[tuple[int, int]]:
    return {(x, y) for y, row in enumerate(rows) for x, char in enumerate(row) if char not in BLANK}


@pytest.mark.parametrize("charset", list(Charset))
def test_a_rising_quantity_rises(charset: Charset) -> None:
    chart = draw_chart([Trace("x", evenly(map(float, range(200))))], 60, 20, charset=charset)
    cells = drawn_cells(plot_of(chart))
    lowest = {x: max(y for at, y in cells if at == x) for x, _ in cells}
    assert sorted(lowest) == list(range(chart.area.width))
    heights = [lowest[x] for x in sorted(lowest)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == chart.area.height - 1
    assert heights[-1] == 0


@pytest.mark.parametrize("position", [0, 777, 5000, 9999])
def test_no_spike_is_lost_however_many_points_share_a_column(position: int) -> None:
    values = [1.0] * 10_000
    values[position] = 9.0
    chart = draw_chart([Trace("x", evenly(values))], 60, 20)
    top = plot_of(chart)[1] + plot_of(chart)[0]
    assert any(char not in BLANK for char in top)


@pytest.mark.parametrize("charset", list(Charset))
def test_one_point_is_a_line_of_words_and_none_is_said(charset: Charset) -> None:
    """An axis from 0 to 1 would tell of values that nobody has measured."""
    one = draw_chart([Trace("x", Points([(7, 3.0)]))], 40, 12, charset=charset)
    assert [line.strip() for line in text_of(one)[1:3]] == [
        "x: 3 at step 7, the one point so far",
        "",
    ]
    for traces in ([Trace("x", Points([]))], []):
        none = [line.strip() for line in text_of(draw_chart(traces, 40, 12, charset=charset))]
        assert "no data yet" in none
        assert not any("┤" in line or "1.0" in line for line in none)
    two = [Trace("x", Points([(7, 3.0)])), Trace("y", Points([(7, 1.0), (9, 2.0)]), 1)]
    assert "one point" not in "".join(text_of(draw_chart(two, 40, 12, charset=charset)))


@pytest.mark.parametrize(("charset", "cross"), [(UNICODE, "\u00d7"), (ASCII, "x")])
def test_a_point_that_is_not_a_number_is_a_cross_and_breaks_the_curve(
    charset: Charset, cross: str
) -> None:
    values = [1.0] * 20 + [math.nan] * 5 + [1.0] * 20
    (row,) = [
        row
        for row in plot_of(draw_chart([Trace("y", evenly(values))], 98, 12, charset=charset))
        if cross in row
    ]
    inside = row[row.index(cross) : row.rindex(cross) + 1]
    assert inside.replace(cross, " ").isspace()
    assert inside.count(cross) == 5
    assert not row[: row.index(cross)].isspace()
    assert not row[row.rindex(cross) + 1 :].isspace()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_where_nothing_is_a_number_there_are_only_crosses(value: float) -> None:
    chart = draw_chart([Trace("y", evenly([value] * 500))], 60, 12)
    assert set("".join(plot_of(chart))) == {"\u00d7", " "}
    assert chart.notes == ["y: 500 not finite"]


def test_a_constant_is_a_straight_line() -> None:
    for value in (0.0, 0.1, -3.0, 1e300, 5e-324):
        plot = plot_of(draw_chart([Trace("x", evenly([value] * 1000))], 60, 15))
        assert len({y for _, y in drawn_cells(plot)}) == 1


def test_the_marks_of_several_quantities_are_seen_without_colours() -> None:
    traces = [Trace(str(n), evenly([float(n)] * 300), n) for n in range(4)]
    plot = plot_of(draw_chart(traces, 60, 20))
    for glyph in "●▲■◆":
        (row,) = [row for row in plot if glyph in row]
        assert row.count(glyph) >= 3
    plain = plot_of(draw_chart(traces, 60, 20, charset=ASCII))
    for glyph in "o*+#":
        (row,) = [row for row in plain if glyph in row]
        assert row == glyph * 52


def test_quantities_that_coincide_still_show_every_mark() -> None:
    traces = [Trace(str(n), evenly([1.0] * 300), n) for n in range(3)]
    shown = "".join(plot_of(draw_chart(traces, 80, 20)))
    assert all(glyph in shown for glyph in "●▲■")


def test_curves_that_share_a_cell_are_both_seen_in_it() -> None:
    """One runs along the uppermost dots of the lowest cells, the other along the lowest."""
    low, high = evenly([0.0] * 400), evenly([3 / 47] * 400)
    chart = draw_chart([Trace("x", low), Trace("y", high, 1)], 60, 15, View(limits=(0, 1)))
    assert chart.area.height == 12
    assert set(plot_of(chart)[-1]) == {"⣉", "●", "▲"}


def test_the_first_quantity_is_in_front() -> None:
    traces = [Trace(str(n), evenly([1.0] * 300), n) for n in range(2)]
    chart = draw_chart(traces, 60, 12, charset=ASCII)
    assert "*" not in "".join(plot_of(chart))


def test_styles_are_named_by_what_they_are_of() -> None:
    rng = random.Random(0)
    traces = [Trace(str(n), evenly([rng.random() for _ in range(900)]), n) for n in range(2)]
    chart = draw_chart(
        traces,
        80,
        20,
        View(crosshair=300, smoothing=0.9, limits=(-1, 0.9)),
        title="t",
        references=[Reference(0.5, "half")],
        marks=[Mark(200 * n, kind) for n, kind in enumerate(KINDS)],
    )
    assert styles_in(chart) - {""} == {
        "title", "label", "value", "note", "axis", "tick", "reference", "crosshair", "cursor",
        "line-0", "line-1", "band-0", "band-1", *(f"mark-{kind}" for kind in KINDS),
    }  # fmt: skip


def test_styles_begin_again_when_there_are_more_quantities() -> None:
    chart = draw_chart([Trace("x", evenly([1.0]), STYLES + 1)], 60, 12)
    assert "line-1" in styles_in(chart)
    assert text_of(chart)[0].startswith("▲")


def test_events_stand_on_the_step_axis_and_in_the_plot() -> None:
    marks = [Mark(20, "control"), Mark(50, "checkpoint"), Mark(80, "alert"), Mark(500, "resume")]
    chart = draw_chart([Trace("x", evenly(map(float, range(101))))], 109, 16, marks=marks)
    rows = text_of(chart)
    axis = rows[chart.area.top + chart.area.height]
    for step, glyph in ((20, "Δ"), (50, "▴"), (80, "!")):
        column = chart.area.column_of(step)
        assert column is not None
        assert axis[chart.area.left + column] == glyph
        line = [row[column] for row in plot_of(chart)].count("┊")
        assert line == (0 if glyph == "▴" else chart.area.height - 1)
    assert "Δ changed" in rows[0]
    assert "resumed" not in rows[0]


def test_of_events_in_one_place_the_gravest_is_shown() -> None:
    for order in itertools.permutations(KINDS):
        chart = draw_chart(
            [Trace("x", evenly([1.0] * 101))], 80, 12, marks=[Mark(50, kind) for kind in order]
        )
        axis = text_of(chart)[chart.area.top + chart.area.height]
        assert axis.count("!") == 1
        assert not set("Δ▴↻") & set(axis)


def test_very_many_events_do_not_hide_the_curve() -> None:
    marks = [Mark(step, "control") for step in range(0, 1000, 5)]
    chart = draw_chart([Trace("x", evenly([1.0] * 1000))], 80, 12, marks=marks)
    assert "┊" not in "".join(plot_of(chart))


def test_the_crosshair_stands_at_its_step_with_the_step_below() -> None:
    chart = draw_chart([Trace("x", evenly(map(float, range(1001))))], 80, 16, View(crosshair=500))
    column = chart.area.column_of(500)
    assert column is not None
    heights = [row[column] for row in plot_of(chart)]
    assert heights.count("│") == chart.area.height - 1
    assert heights.count("●") == 1
    assert "500" in text_of(chart)[-1]
    assert "cursor" in styles_in(chart)


def test_a_column_and_its_step_say_the_same() -> None:
    area = draw_chart([Trace("x", evenly(map(float, range(1001))))], 80, 16).area
    for x in range(area.left, area.left + area.width):
        column = area.column_of(area.step_at(x))
        assert column is not None
        assert column + area.left == x
    assert area.step_at(0) == 0
    assert area.step_at(10_000) == 1000
    assert area.column_of(1001) is None
    assert area.column_of(1000) == area.width - 1


def test_a_run_is_shown_from_step_0_and_a_branch_from_where_it_begins() -> None:
    assert draw_chart([Trace("x", evenly([1.0] * 50, every=10, first=10))], 80, 12).area.start == 0
    late = evenly([1.0] * 50, every=10, first=5000)
    assert draw_chart([Trace("x", late)], 80, 12).area.start == 5000


def test_a_window_of_no_steps_is_widened() -> None:
    chart = draw_chart([Trace("x", Points([(7, 1.0)]))], 80, 12, View(start=7, stop=7))
    assert (chart.area.start, chart.area.stop) == (6, 8)
    chart = draw_chart([Trace("x", Points([(0, 1.0)]))], 80, 12)
    assert (chart.area.start, chart.area.stop) == (0, 1)


@pytest.mark.parametrize("last", [3, 10**6 + 1, 10**15])
@pytest.mark.parametrize("columns", [20, 41, 80])
def test_labels_of_steps_do_not_run_into_each_other(columns: int, last: int) -> None:
    chart = draw_chart([Trace("x", Points([(last - 3, 1.0), (last, 2.0)]))], columns, 12)
    labels = {tick.label for tick in step_ticks(chart.area.start, chart.area.stop, 50)}
    labels |= {tick.label for tick in step_ticks(chart.area.start, chart.area.stop, 2)}
    labels |= {f"{step:,}" for step in range(last - 3, last + 1)}
    assert set(text_of(chart)[-1].split()) <= labels


def test_the_label_of_a_reference_takes_the_place_of_a_tick() -> None:
    chart = draw_chart(
        [Trace("x", evenly([0.0, 1.0]))],
        80,
        20,
        View(limits=(0, 1)),
        references=[Reference(0.4, "\x1b[1m"), Reference(0.8, "x")],
    )
    labels = [row[:8].strip() for row in text_of(chart)[1:-2] if row[7] == "┤"]
    assert labels == ["1.0┤", "x┤", "0.6┤", "\\x1b[1m┤", "0.2┤", "0┤"]


def test_a_reference_that_is_far_away_is_left_out() -> None:
    chart = draw_chart(
        [Trace("x", evenly([1.0, 1.1, 1.2]))], 80, 12, references=[Reference(50.0, "far")]
    )
    assert "far" not in "".join(text_of(chart))


def test_smoothing_shows_the_points_as_a_haze_behind_the_curve() -> None:
    rng = random.Random(1)
    trace = Trace("x", evenly([rng.random() for _ in range(600)]))
    chart = draw_chart([trace], 80, 20, View(smoothing=0.95))
    assert {"line-0", "band-0"} <= styles_in(chart)
    assert "band-0" not in styles_in(draw_chart([trace], 80, 20, View(smoothing=0.95, bands=False)))
