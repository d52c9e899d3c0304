"""Scores, classes and judged runs as lines: figures beside the floor, bars, a table a judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from ganterm.client.comparison import (
    FIGURE_CELLS,
    JudgeTable,
    RunStanding,
    figure_words,
    judge_tables,
)
from ganterm.client.scores import ClassShare, Figure, judge_words
from ganterm.components.scores import SCORES
from ganterm.core.registry import short
from ganterm.render.colour import Charset
from ganterm.render.curve import bar
from ganterm.render.text import safe_text
from ganterm.tui.lines import Line, LineTone, Piece, left, right, wrapped

_FIGURE: Final = FIGURE_CELLS
_BAR: Final = 10
_BARS_FROM: Final = 47
_TALES_FROM: Final = 76
_LONGEST_BAR: Final = 40
_NAME, _NARROW_NAME = 28, 14
_LONG_NAME: Final = 12
"""Cells from which scores are called by their names in words."""


@dataclass(frozen=True)
class Signs:
    """The characters that lines are drawn with."""

    chosen: str
    up: str
    down: str
    real: str

    @classmethod
    def of(cls, charset: Charset) -> Signs:
        """Return those that a terminal has."""
        ascii_alone = charset is Charset.ASCII
        return cls(">", "^", "v", "|") if ascii_alone else cls("▸", "▲", "▼", "┃")


def figure_lines(
    figures: Sequence[Figure], chosen: str, width: int, *, charset: Charset
) -> list[Line]:
    """Return a heading and a line for each score: its value beside that of real images.

    The chosen one has a sign before it; one that changed since the judgement before has an arrow,
    in the tone of what the change means.
    """
    signs = Signs.of(charset)
    bars, tales = width >= _BARS_FROM, width >= _TALES_FROM
    name_width = max(width - 2 - 2 * (_FIGURE + 1) - 1 - (bars * (_BAR + 1)), 4)
    name_width = min(
        name_width, max((cell_len(SCORES.facts(f.name).title) for f in figures), default=4)
    )
    heading = (
        " " * (2 + name_width) + right("SCORE", _FIGURE + 1) + " " + right("REAL", _FIGURE + 1)
    )
    lines: list[Line] = [(Piece(left(heading, width), "heading"),)]
    for each in figures:
        here = each.name == chosen
        facts = SCORES.facts(each.name)
        title = facts.title if name_width >= _LONG_NAME else _short(each.name)
        parts = [
            Piece(signs.chosen + " " if here else "  ", "accent"),
            Piece(left(title, name_width), "accent" if here else "text"),
            Piece(right(figure_words(each.value), _FIGURE + 1), "strong"),
            _arrow(each, signs),
            Piece(right(figure_words(each.floor), _FIGURE + 1), "muted"),
        ]
        if bars:
            drawn = bar(each.value, _BAR, charset=charset) if facts.is_share else ""
            parts.append(Piece(" " + drawn.ljust(_BAR), "bar"))
        if tales:
            less = f", {facts.direction}" if facts.less_is_better else ""
            parts.append(Piece(f" {facts.tells}{less}", "muted"))
        lines.append(tuple(parts))
    return lines


def _arrow(figure: Figure, signs: Signs) -> Piece:
    better = figure.better
    if better is None or figure.before is None:
        return Piece(" ")
    sign = signs.up if figure.value > figure.before else signs.down
    return Piece(sign, "good" if better else "warn")


def class_lines(
    classes: Sequence[ClassShare], width: int, *, charset: Charset, kl: float | None = None
) -> list[Line]:
    """Return a heading and a bar for each class, with a sign where that of real images ends."""
    signs = Signs.of(charset)
    margin = min(max((cell_len(safe_text(each.name)) for each in classes), default=1), 14)
    figures = "generated    real"
    room = min(max(width - margin - len(figures) - 4, 4), _LONGEST_BAR)
    largest = max((max(each.generated, each.real or 0.0) for each in classes), default=0.0) or 1.0
    said = f"  KL {figure_words(kl)}" if kl is not None else ""
    title = left(f" classes{said}", margin + room + 2)
    lines: list[Line] = [(Piece(left(f"{title} {figures}", width), "heading"),)]
    for each in classes:
        tone: LineTone = "warn" if each.is_rare else "text"
        real = f"{each.real:8.1%}" if each.real is not None else right("-", 8)
        lines.append(
            (
                Piece(" " + right(safe_text(each.name), margin) + " ", tone),
                *_bar(each, largest, room, signs, charset),
                Piece(f" {each.generated:9.1%}", "strong"),
                Piece(real, "muted"),
            )
        )
    return lines


def _bar(
    share: ClassShare, largest: float, room: int, signs: Signs, charset: Charset
) -> list[Piece]:
    drawn = bar(share.generated / largest, room, charset=charset)
    if share.real is None:
        return [Piece(drawn, "bar")]
    at = min(int(share.real / largest * room), room - 1)
    return [Piece(drawn[:at], "bar"), Piece(signs.real, "real"), Piece(drawn[at + 1 :], "bar")]


def run_lines(
    runs: Sequence[RunStanding],
    chosen: str,
    here: str,
    width: int,
    *,
    charset: Charset,
    first: str = "",
) -> list[Line]:
    """Return a table for each judge: the best by the chosen score first, `here` marked.

    The table of the judge `first` is the first, and else that of the most runs. The scores of two
    judges never stand in one column. Below a table stands what it advises.
    """
    lines: list[Line] = []
    for table in sorted(judge_tables(runs, chosen), key=lambda table: table.judge != first):
        if lines:
            lines.append((Piece(""),))
        record = table.rows[0][1]
        lines += wrapped(f"Judge: {judge_words(record)}", width, "muted")
        lines += wrapped(record.caution, width, "muted")
        lines += _table(table, chosen, here, width, Signs.of(charset))
        lines += wrapped(table.uneven, width, "warn")
        for each in table.advice:
            lines += wrapped(each.words, width, "text")
    return lines


def _table(table: JudgeTable, chosen: str, here: str, width: int, signs: Signs) -> list[Line]:
    rows, found = table.rows, table.scores
    wanted = [*(s for s in (chosen,) if s in found), *(s for s in found if s != chosen)]
    widths = {s: max(len(_heading(s, s == chosen, signs)), _FIGURE) + 1 for s in wanted}
    names = min(max(*(cell_len(safe_text(name)) for name, _ in rows), len("RUN")), _NAME)
    fixed = 2 + 8 + 8
    while len(wanted) > 1 and fixed + names + sum(widths[s] for s in wanted) > width:
        if names > _NARROW_NAME and len(wanted) <= 2:
            names -= 1
        else:
            wanted.pop()
    heading = "  " + left("RUN", names) + right("STEP", 8) + right("N", 8)
    heading += "".join(right(_heading(s, s == chosen, signs), widths[s]) for s in wanted)
    lines: list[Line] = [(Piece(left(heading, width), "heading"),)]
    for name, record in rows:
        mine = name == here
        lines.append(
            (
                Piece(f"{signs.chosen} " if mine else "  ", "accent"),
                Piece(left(safe_text(name), names), "accent" if mine else "text"),
                Piece(right(f"{record.step:,}", 8), "text"),
                Piece(right(f"{record.n:,}", 8), "muted"),
                *(
                    Piece(
                        right(figure_words(record.score(s)), widths[s]),
                        "strong" if s == chosen else "text",
                    )
                    for s in wanted
                ),
            )
        )
    for group in table.groups:
        for label, of in ((group.label, group.means), ("standard deviation", group.deviations)):
            figures = (Piece(right(figure_words(of.get(s)), widths[s]), "muted") for s in wanted)
            lines.append(
                (Piece("  "), Piece(left(safe_text(label), names + 16), "muted"), *figures)
            )
    return lines


def _short(score: str) -> str:
    return SCORES.facts(score).short or short(score)


def _heading(score: str, chosen: bool, signs: Signs) -> str:
    name = _short(score).upper()
    return f"{signs.chosen}{name}" if chosen else name
