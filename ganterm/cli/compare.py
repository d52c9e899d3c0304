"""`ganterm compare`: the scores, settings and curves of several runs side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganterm.cli.console import emit_json, emit_lines, table, write_lines
from ganterm.cli.narrate import say
from ganterm.cli.options import AsJson, Characters, RunNames, RunsDir
from ganterm.client.comparison import advice, by_judge, judge_tables, standing
from ganterm.components.scores import SCORES, scored
from ganterm.config.differences import differing
from ganterm.core.codec import encode
from ganterm.core.errors import ConfigError
from ganterm.core.registry import short
from ganterm.render.colour import canvas_of
from ganterm.render.curve import sparkline
from ganterm.render.text import cell_width, padded, safe_text
from ganterm.runs.layout import default_runs_dir, resolve_run

if TYPE_CHECKING:
    from ganterm.client.comparison import RunStanding
    from ganterm.render.colour import Charset

_WIDEST = 60
"""Characters of the longest curve."""


def compare(
    runs: RunNames,
    *,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="SCORE",
            help="Score by which the best run comes first, also one such as precision_k5.",
            show_default="as named",
        ),
    ] = None,
    charset: Characters = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare runs: their last scores, settings that differ, curves, and which to take for what.

    Scores are compared within one judge only: each judge has a table of its own.
    """
    sort = sort and SCORES.kept(sort)
    where = runs_dir or default_runs_dir()
    # Each once, however often it was named.
    found = list(dict.fromkeys(resolve_run(run, where) for run in runs))
    standings = [standing(run) for run in found]
    told = scored(record for run in standings for record in run.judged.values())
    if sort is not None and sort not in told:
        if not SCORES.accepts(sort):
            raise ConfigError(
                f"--sort takes one of {', '.join(told or SCORES.names)}; got {sort!r}."
            )
        say(f"No run was given {sort}, so they stand as named.")
    if as_json:
        emit_json(_as_json(standings, sort))
        return
    emit_lines(_scores(standings, sort))
    emit_lines(_settings(standings))
    write_lines(_curves(standings, canvas_of(sys.stdout, charset=charset).charset))
    for run in standings:
        if not run.judged:
            say(f"{run.name} has not been judged, so it is in no table of scores.")


def _scores(runs: Sequence[RunStanding], sort: str | None) -> Iterator[str]:
    """Make a table and its advice for each judge."""
    tables = judge_tables(runs, sort)
    if len(tables) > 1:
        yield "The runs were judged by different judges, whose scores cannot be compared:"
        yield "each judge has a table of its own."
        yield ""
    for each in tables:
        called = each.rows[0][1].judge_name
        yield safe_text(f"Judge {each.judge[:12]}" + (f" ({called})" if called else ""))
        if caution := each.rows[0][1].caution:
            yield safe_text(caution)
        names = [short(name).upper().replace("_", " ") for name in each.scores]
        rows = [
            [name, record.step, record.n or "-", *map(_figure, map(record.score, each.scores))]
            for name, record in each.rows
        ]
        rows += [[group.label, "", "", *map(group.words, each.scores)] for group in each.groups]
        yield from table(["NAME", "STEP", "N", *names], rows)
        if each.uneven:
            yield each.uneven
        yield from (safe_text(advised.words) for advised in each.advice)
        yield ""


def _settings(runs: Sequence[RunStanding]) -> Iterator[str]:
    lines = differing(runs)
    if lines:
        yield from table(["SETTING", *(safe_text(run.name) for run in runs)], lines)
    else:
        yield "The settings do not differ."


def _curves(runs: Sequence[RunStanding], charset: Charset) -> Iterator[str]:
    """Draw losses and distances of all runs to one scale, as long as the run is, by steps."""
    longest = max((run.step for run in runs), default=0)
    margin = max(cell_width(safe_text(run.name)) for run in runs)
    drawn = [
        (title, [(run, run.curves[name]) for run in runs])
        for name, title in (("g_loss", "G loss"), ("d_loss", "D loss"))
    ]
    for judge, indices in by_judge(runs).items():
        # One point is no way, and scores of other numbers of images are not to this scale.
        found = [runs[i] for i in indices if len(runs[i].distances.get(judge, [])) > 1]
        count = found[0].judged[judge].n if found else None
        alike = [run for run in found if run.judged[judge].n == count]
        if ways := [(run, run.distances[judge]) for run in alike]:
            drawn.append((f"Frechet distance by judge {safe_text(judge)}", ways))
    for title, ways in drawn:
        values = [value for _, way in ways for value in way]
        if not values:
            continue
        low, high = min(values), max(values)
        yield ""
        yield f"{title}, {low:.3g} to {high:.3g} over {longest} steps"
        for run, way in ways:
            width = max(1, round(_WIDEST * run.step / longest)) if longest else 1
            line = sparkline(way, width, charset=charset, low=low, high=high)
            yield f"{padded(safe_text(run.name), margin)}  {line}".rstrip()


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _as_json(runs: Sequence[RunStanding], sort: str | None) -> dict[str, Any]:
    names = [run.name for run in runs]
    return {
        "runs": [
            {
                **{"name": run.name, "step": run.step, "settings": run.settings},
                **{"curves": run.curves, "distances": run.distances},
            }
            for run in runs
        ],
        "judges": [
            {
                "judge": each.judge,
                "judged": [{**encode(record), "run": name} for name, record in each.rows],
                "seeds": [
                    {"runs": group.names, "mean": group.means, "sd": group.deviations}
                    for group in each.groups
                ],
            }
            for each in judge_tables(runs, sort)
        ],
        "differing": [line[0] for line in differing(runs)],
        "advice": [
            {
                "purpose": each.purpose,
                "score": each.score,
                "judge": each.judge,
                "runs": [names[i] for i in each.runs],
                "words": each.words,
            }
            for each in advice(runs)
        ],
    }
