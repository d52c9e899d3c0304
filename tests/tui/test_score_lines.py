"""Scores, classes and judged runs as lines: they fit, and say in words what colours say."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from ganterm.client.comparison import RunStanding, figure_words
from ganterm.client.scores import ClassShare, Figure
from ganterm.render.colour import Charset
from ganterm.tui.lines import Line, clauses, left, right, wrapped
from ganterm.tui.score_lines import class_lines, figure_lines, run_lines
from tests.records import record
from tests.tui.judged import verdict

SHARES = [ClassShare("zero", 0.5, 0.25), ClassShare("one", 0.02, 0.25), ClassShare("?", 0.25, None)]


def width_of(line: Line) -> int:
    return sum(cell_len(each.text) for each in line)


def text_of(line: Line) -> str:
    return "".join(each.text for each in line)


def texts(lines: list[Line]) -> list[str]:
    return [text_of(line) for line in lines]


def standing(
    name: str, step: int = 400, *, judge: str = "a", n: int = 100, **fields: Any
) -> RunStanding:
    told: dict[str, Any] = {**verdict(step), "judge": judge, "n": n, **fields}
    said = record("judged", step, **told)
    return RunStanding(name, {}, {}, {judge: said}, {}, step)


FIGURES = [Figure("fid", 2.0, 0.5, 3.0), Figure("precision", 0.4, 1.0, 0.5)]


@pytest.mark.parametrize("width", [1, 8, 20, 30, 38, 50, 92, 200])
@pytest.mark.parametrize("charset", Charset)
def test_lines_are_never_wider_than_there_is_room(width: int, charset: Charset) -> None:
    """From a width on that has room for the figures at all."""
    runs = [standing("one"), standing("a-long-name-" * 4, 1_000_000, judge="b")]
    for lines in (
        figure_lines(FIGURES, "fid", width, charset=charset),
        class_lines(SHARES, width, charset=charset, kl=0.1),
        run_lines(runs, "fid", "one", width, charset=charset),
    ):
        assert all(width_of(line) <= max(width, 50) for line in lines)
        if charset is Charset.ASCII:
            assert all(text.replace("…", ".").isascii() for text in texts(lines))


def test_the_score_chosen_and_what_changed_have_signs() -> None:
    """An arrow says where it went, its tone whether that is good."""
    _, fid, precision = figure_lines(FIGURES, "fid", 60, charset=Charset.HALFBLOCK)
    assert text_of(fid).split() == ["▸", "Frechet", "distance", "2▼", "0.5"]
    assert [each.tone for each in fid if each.text == "▼"] == ["good"]
    assert "0.4▼" in text_of(precision)
    assert [each.tone for each in precision if each.text == "▼"] == ["warn"]
    assert "████" in text_of(precision)


def test_a_class_as_good_as_lost_is_marked_and_the_real_share_has_a_sign() -> None:
    """Bars grow with the share; real data's end is on every bar that has one."""
    _, zero, one, unknown = class_lines(SHARES, 60, charset=Charset.HALFBLOCK)
    assert text_of(zero).count("█") > text_of(one).count("█")
    assert zero[0].tone == "text"
    assert one[0].tone == "warn"
    assert "┃" in text_of(one)
    assert "┃" not in text_of(unknown)
    assert text_of(unknown).split()[-1] == "-"
    assert "50.0%" in text_of(zero)
    assert "25.0%" in text_of(zero)


def test_each_judge_has_a_table_of_its_own_with_the_best_first() -> None:
    """Never two judges in one column; other numbers of images are said to be so."""
    runs = [
        standing("one", fid=5.0),
        standing("two", fid=3.0, n=50),
        standing("other", judge="b", fid=1.0),
    ]
    lines = texts(run_lines(runs, "fid", "two", 70, charset=Charset.HALFBLOCK))
    tables = [i for i, line in enumerate(lines) if line.startswith(" Judge: ")]
    assert len(tables) == 2
    first, second = lines[: tables[1]], lines[tables[1] :]
    assert [line.split()[0] for line in first[2:4]] == ["▸", "one"]
    assert first[2].split()[1] == "two"
    assert "▸FID" in first[1]
    assert any("differs" in line for line in first)
    assert any("For general use, take two" in line for line in first)
    assert [line for line in second if "other" in line]
    assert not any(" one " in line or " two " in line for line in second)


def test_the_chosen_score_stays_in_a_narrow_table() -> None:
    """Whatever else has to go."""
    lines = texts(run_lines([standing("one")], "copies", "one", 36, charset=Charset.HALFBLOCK))
    assert "▸COPIES" in lines[-2] or "▸COPIES" in lines[1]
    assert "FID" not in "".join(lines)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"),
        (1.0, "1"),
        (0.00001234, "1.2e-05"),
        (123456.0, "1.2e+05"),
        (12.3456, "12.35"),
        (-0.003042, "-3.0e-3"),
    ],
)
def test_a_figure_takes_seven_cells_at_most(value: float | None, words: str) -> None:
    assert figure_words(value) == words
    assert len(words) <= 7


def test_words_keep_to_their_cells() -> None:
    """Wide characters count for two; foreign text is made safe."""
    assert left("文字", 3) == "文…"
    assert cell_len(left("文字", 4)) == cell_len(right("文字", 4)) == 4
    assert right("7", 3) == "  7"
    lines = wrapped("one two \x1b[31m three", 9, "text")
    assert all(width_of(line) <= 9 for line in lines)
    assert "\x1b" not in "".join(texts(lines))


def test_whole_clauses_stand_or_none() -> None:
    """A sign says that there are more; a first clause that is too long is not begun."""
    rule = "1e-4 to 2e-4; lower it when the discriminator wins"
    assert clauses(rule, 60) == rule
    assert clauses(rule, 40) == clauses(rule, 15) == "1e-4 to 2e-4; …"
    assert clauses(rule, 14) == ""
    assert clauses("a remedy for mode collapse", 20) == ""
