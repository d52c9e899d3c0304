"""A page keeps every row at its width, whatever is written on it."""

from hypothesis import given
from hypothesis import strategies as st

from ganterm.render.chart.page import Page, Span
from ganterm.render.text import cell_width, safe_text, shortened

SOME = st.text("ab é漢字e\u0301\u200dẞ", max_size=12)


def test_neighbours_of_one_style_are_one_span_and_blanks_between_them_join() -> None:
    page = Page(9, 1)
    page.write(1, 0, "ab", "x")
    page.write(5, 0, "c", "x")
    page.write(7, 0, "d", "y")
    assert page.spans() == [
        [Span(" ", ""), Span("ab  c", "x"), Span(" ", ""), Span("d", "y"), Span(" ", "")]
    ]


def test_what_sticks_out_is_cut_off() -> None:
    page = Page(4, 2)
    assert page.write(2, 1, "abc", "x") == 5
    page.write(-1, 0, "ab", "x")
    page.put(0, 7, "z", "x")
    assert page.write(0, 7, "漢z", "x") == 3
    assert ["".join(span.text for span in row) for row in page.spans()] == ["b   ", "  ab"]


def test_a_wide_character_takes_two_cells_or_is_left_out() -> None:
    page = Page(5, 1)
    page.write(0, 0, "漢字漢", "x")
    (row,) = page.spans()
    assert "".join(span.text for span in row) == "漢字 "


def test_an_accent_stays_with_its_letter() -> None:
    page = Page(3, 1)
    page.write(0, 0, "ae\u0301b", "x")
    assert page.spans() == [[Span("ae\u0301b", "x")]]


@given(st.lists(st.tuples(st.integers(-3, 12), SOME, st.sampled_from(["", "x"])), max_size=5))
def test_a_row_has_its_width_whatever_is_written(writes: list[tuple[int, str, str]]) -> None:
    page = Page(10, 1)
    for x, text, style in writes:
        page.write(x, 0, text, style)
    (row,) = page.spans()
    assert cell_width("".join(span.text for span in row)) == 10


@given(st.text(max_size=20).map(safe_text), st.integers(0, 12), st.sampled_from("…~"))
def test_a_shortened_text_fits(text: str, width: int, ellipsis: str) -> None:
    found = shortened(text, width, ellipsis)
    assert cell_width(found) <= width
    assert found == text or not width or found.endswith(ellipsis)


def test_only_what_is_too_long_is_shortened() -> None:
    assert shortened("abcd", 4, "…") == "abcd"
    assert shortened("abcde", 4, "…") == "abc…"
    assert shortened("漢字漢", 5, "…") == "漢字…"
    assert shortened("abc", 0, "…") == ""
