"""`ganterm judge`: scores of a trained generator, and the images that speak for and against it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganterm.cli import completion
from ganterm.cli.console import emit, emit_json, emit_lines, table, write_lines
from ganterm.cli.narrate import ProgressReporter, Waiting, say
from ganterm.cli.options import AsJson, Characters, Color, Moved, RunsDir, StepOfRun
from ganterm.client.checkpoints import choose_checkpoint, choose_every
from ganterm.client.overview import cores_beside
from ganterm.components.scores import SCORES, scored
from ganterm.core.codec import judged_record
from ganterm.core.dataspec import ImageSize, Size
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError
from ganterm.core.records import JudgedRecord
from ganterm.core.registry import short
from ganterm.evaluation import IMAGES, Known, Scoring
from ganterm.render.colour import canvas_of
from ganterm.render.curve import bar
from ganterm.render.raster import from_nchw
from ganterm.render.show import draw_page
from ganterm.render.text import cell_width, safe_text
from ganterm.runs.journal import records_of
from ganterm.runs.layout import RunDir, default_runs_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch

    from ganterm.evaluation.report import Verdict
    from ganterm.render.colour import Canvas

_BAR = 30
_MOST_TILE = 1024
"""Cells of the longest bar of a histogram."""
_HELD_OUT = {
    True: "the run did not train on them",
    False: "`ganterm train --holdout 0.1` keeps some apart",
}
_COLUMNS_EACH = 16
"""Columns of the screen for one image: a digit is still to be read."""


def judge(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|CHECKPOINT",
            help="A run by name or path, or a checkpoint; by default the newest run.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ] = None,
    *,
    step: StepOfRun = None,
    every: Annotated[
        bool, typer.Option("--all", help="Judge every checkpoint that is kept, one after another.")
    ] = False,
    n: Annotated[
        int,
        typer.Option(
            "-n", "--n", min=100, max=100_000, help="Generated images, and as many real ones."
        ),
    ] = IMAGES,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|FILE",
            help="Judge these images instead of a run's: a folder, .npy, .npz, IDX or a sheet.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET|FOLDER|FILE",
            help="Real images to compare with; an .npz with mu and sigma gives FID alone.",
            show_default="the run's own dataset",
            autocompletion=completion.datasets,
        ),
    ] = None,
    tile: Annotated[
        str | None,
        typer.Option(
            metavar="N|HxW",
            help="Size of the tiles of a sheet, height first.",
            show_default="as it looks",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--judge",
            metavar="DATASET|FILE|NAME",
            help="A labelled dataset whose classifier judges, weights of Inception (of 2015-12-05, "
            "as FID is published, or torchvision's), or what learns from the images alone.",
            show_default="what the dataset compared with makes",
            autocompletion=completion.datasets,
        ),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            "--score",
            metavar="FILE.py:NAME",
            help="A score of your own besides, from your file; may be repeated.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Which images are generated.")
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="CPU threads to judge with.",
            show_default="1 beside a run that trains, else PyTorch's choice",
        ),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            "--k",
            min=1,
            max=100,
            help="Neighbours that span a neighbourhood.",
            show_default="3 for precision and recall, 5 for density and coverage",
        ),
    ] = None,
    splits: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Parts over which the Inception Score is averaged.",
            show_default="10",
        ),
    ] = None,
    dataset: Moved = None,
    color: Color = None,
    charset: Characters = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Score a generator, or any images, beside real ones: quality, variety, what speaks against it.

    The judge is trained here once for each dataset: a classifier, or, where there are no labels or
    it would be weak, a network that learns from the images alone. What it sees in real images
    against other real images, the floor, stands beside every score, and what it cannot tell above
    them. Scores of a run are written to its journal; those with another k or splits than published
    have names of their own.
    """
    if every and step is not None:
        raise ConfigError("--all judges every step; leave --step out.")
    scoring = Scoring(count=n, scores=_found(scores or []), seed=seed, k=k, splits=splits)
    canvas = canvas_of(sys.stdout, colour=color, charset=charset)
    if images is not None:
        if any((target, every, step is not None, dataset)):
            raise ConfigError("--images takes no run, nor --step, --all or --dataset.")
        if against is None:
            raise ConfigError("--images are compared with real ones: name them with --against.")
        taken = _cores(runs_dir or default_runs_dir(), threads)
        size = None if tile is None else _tile_size(tile)
        verdict = _given(images, against, scoring, taken, judge=by, tile=size)
        _tell(verdict, None if as_json else canvas, f"{images} beside {against}")
        return
    if tile is not None:
        raise ConfigError("--tile says how the sheet given as --images is cut; leave it out.")
    if every:
        choices = choose_every(target, runs_dir)
    else:
        choices = [choose_checkpoint(target, runs_dir, step=step)]
    home = choices[0].path.absolute().parent.parent
    taken = _cores(home.parent if is_run(home) else runs_dir or default_runs_dir(), threads)
    records = []
    known: Known = {}
    for choice in choices:
        for note in choice.notes:
            say(note)
        verdict = _judged(
            choice.path, scoring, taken, judge=by, dataset=dataset, against=against, known=known
        )
        fields = _kept(choice.path, choice.step, verdict)
        records.append({"step": choice.step, **fields})
        if not as_json and not every:
            _tell(verdict, canvas, f"{choice.origin} at step {choice.step}", asked=n)
    _tell_of_others(RunDir(home), records[-1])
    if as_json:
        emit_json(records if every else records[0])
    elif every:
        _warn(records[-1])
        emit_lines(_overview(records))


def _found(scores: Sequence[str]) -> list[str]:
    """Return scores of the user's with the full paths of their files, which are run."""
    for name in scores:
        SCORES.resolve(name)
    return [SCORES.kept(name) for name in scores]


def _tile_size(tile: str) -> ImageSize:
    try:
        size = Size.of(tile)
    except ValueError:
        size = Size(0, 0)
    if not all(side in range(1, _MOST_TILE + 1) for side in size):
        raise ConfigError(
            f"--tile takes a size such as 64 or 48x64, height first, of 1 to {_MOST_TILE} pixels, "
            f"not {tile[:100]!r}."
        )
    return size.setting


def _cores(runs: Path, threads: int | None) -> int:
    """Return how many threads to judge with beside what trains in `runs`, and say so."""
    taken, sentence = cores_beside(runs, threads or 0)
    if sentence:
        say(sentence if threads else f"{sentence[:-1]}; --threads gives it more.")
    return taken


def _tell(verdict: Verdict, canvas: Canvas | None, subject: str, *, asked: int = 0) -> None:
    """Print a judgement: as JSON, or drawn on a canvas."""
    if canvas is None:
        emit_json(verdict.fields)
        return
    say(safe_text(f"{subject}, {_counted(verdict.fields, asked)}."))
    emit_lines(_report(verdict.fields, canvas))
    _draw(verdict, canvas)


def _judged(path: Path, scoring: Scoring, threads: int, **options: Any) -> Verdict:
    with Waiting("Loading PyTorch"):
        from ganterm.evaluation.checkpoints import judge_checkpoint  # noqa: PLC0415

    _compute_on(threads)
    with ProgressReporter() as progress:
        return judge_checkpoint(path, scoring, **options, progress=progress)


def _given(images: str, against: str, scoring: Scoring, threads: int, **options: Any) -> Verdict:
    with Waiting("Loading PyTorch"):
        from ganterm.evaluation.given import judge_images  # noqa: PLC0415

    _compute_on(threads)
    with ProgressReporter() as progress:
        verdict, notes = judge_images(images, against, scoring, **options, progress=progress)
    for note in notes:
        say(safe_text(note))
    return verdict


def _compute_on(threads: int) -> None:
    import torch  # noqa: PLC0415

    if threads:
        torch.set_num_threads(threads)


def _kept(path: Path, step: int, verdict: Verdict) -> dict[str, Any]:
    """Write the judgement of a run's checkpoint to the run; return the record's fields."""
    from ganterm.evaluation.checkpoints import keep_verdict  # noqa: PLC0415

    try:
        return keep_verdict(path, step, verdict)
    except OSError as error:
        say(f"The scores are not in the run's journal, which cannot be written: {error.strerror}.")
    return verdict.fields


def _tell_of_others(run: RunDir, fields: dict[str, Any]) -> None:
    """Say once that scores by other judges, such as that of an earlier ganterm, stand apart."""
    judged = records_of(run.journal, JudgedRecord)
    others = {each.judge for each in judged if not each.apart} - {fields["judge"]}
    if others and not fields.get("apart"):
        say(f"Earlier scores of {run.name} are by another judge ({min(others)}) and stand apart.")


def _counted(fields: dict[str, Any], asked: int = 0) -> str:
    if "n_real" in fields:
        return f"{fields['n']:,} images and {fields['n_real']:,} real ones"
    if "histogram" not in fields:
        return f"{fields['n']:,} images; of statistics there is no score but the Frechet distance"
    fewer = f" (of {asked:,} asked; there are no more real ones)" if fields["n"] < asked else ""
    return f"{fields['n']:,} images of each kind{fewer}"


def _report(fields: dict[str, Any], canvas: Canvas) -> Iterator[str]:
    """Lay out the scores beside their floor, and the classes as bars."""
    yield safe_text(f"Judge {fields['judge']}: {fields['judge_name']}")
    if caution := _record(fields).caution:
        yield safe_text(caution)
    if words := fields.get("real"):
        yield f"Real images: {words}; {_HELD_OUT[fields['held_out']]}."
    rows = [
        [SCORES.facts(name).title, _figure(value), _figure(fields["floor"].get(name)), _tells(name)]
        for name, value in _scores(fields).items()
    ]
    yield from table(["SCORE", "GENERATED", "REAL", ""], rows)
    if left := [SCORES.facts(name).title for name, value in fields.items() if _lacks(name, value)]:
        yield f"Without classes, which this judge does not know, there is no {', no '.join(left)}."
    if alike := fields["floor"].get("copies"):
        yield (
            f"Near-duplicates among the real images: {alike:.1%} of those compared with are copies "
            "of others by the same measure."
        )
    if values := fields.get("singular_values", {}).values():
        yield (
            f"Spectral norm: the largest singular values of D's {len(values)} layers lie from "
            f"{min(values):.4f} to {max(values):.4f}."
        )
    if "histogram" in fields:
        yield ""
        yield from _histogram(fields, canvas)


def _lacks(name: str, value: object) -> bool:
    """Tell whether it is a score that takes a judge with classes, which is not there."""
    return value is None and name in SCORES.names and SCORES.facts(name).by_class


def _warn(fields: dict[str, Any]) -> None:
    if caution := _record(fields).caution:
        say(safe_text(caution))


def _scores(fields: dict[str, Any]) -> dict[str, float]:
    return {name: fields[name] for name in scored([_record(fields)])}


def _record(fields: dict[str, Any]) -> JudgedRecord:
    return judged_record(0, {name: value for name, value in fields.items() if name != "step"})


def _tells(name: str) -> str:
    facts = SCORES.facts(name)
    return ", ".join([*filter(None, [facts.tells]), *[facts.direction] * facts.less_is_better])


def _histogram(fields: dict[str, Any], canvas: Canvas) -> Iterator[str]:
    made, real = fields["histogram"], fields["histogram_real"]
    names = [safe_text(str(name)) for name in fields["classes"] or range(len(made))]
    margin = max(map(cell_width, names))
    largest = max(*made, *real)
    kind = "class" if fields["classes"] else "cluster of real images"
    yield f"Share of each {kind}, generated and real:"
    for name, share, expected in zip(names, made, real, strict=True):
        drawn = bar(share / largest, _BAR, charset=canvas.charset)
        blank = " " * (margin - cell_width(name))
        yield f"{blank}{name}  {drawn}  {share:6.1%}  {expected:6.1%}".rstrip()


def _draw(verdict: Verdict, canvas: Canvas) -> None:
    for title, images in (("Most convincing:", verdict.best), ("Least:", verdict.worst)):
        if images is not None:
            emit("")
            emit(title)
            write_lines(_drawn(images, canvas))


def _drawn(images: torch.Tensor, canvas: Canvas) -> Sequence[str]:

    columns = max(canvas.columns // _COLUMNS_EACH, 1)
    shown = images[: 2 * columns].contiguous()
    return draw_page(from_nchw(shown.numpy().tobytes(), shown.shape), canvas, columns=columns)


def _overview(records: list[dict[str, Any]]) -> list[str]:
    """Lay out one line a step."""
    names = list(dict.fromkeys(name for record in records for name in _scores(record)))
    rows = [[record["step"], *(_figure(record.get(name)) for name in names)] for record in records]
    floor = records[-1]["floor"]
    rows.append(["real", *(_figure(floor.get(name)) for name in names)])
    first = records[-1]
    title = f"Judge {first['judge']}: {first['judge_name']}; {first['n']:,} images of each kind"
    heading = ["STEP", *(short(name).upper().replace("_", " ") for name in names)]
    return [safe_text(title), *table(heading, rows)]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
