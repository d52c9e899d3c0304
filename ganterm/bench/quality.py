"""Time to quality: a fast recipe as a user starts it, against a plain tutorial loop's whole run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganterm.bench.pace import Pace
from ganterm.bench.reference import TutorialLoop, check_comparable
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import Settings, labelled
from ganterm.bench.wholerun import WholeRun, train_whole
from ganterm.bench.workload import Workload, config_of, prepare, recipe_name
from ganterm.config import FIELDS, RunConfig
from ganterm.core.settings import OUTPUT
from ganterm.data import Progress
from ganterm.data.progress import silent
from ganterm.errors import ConfigError
from ganterm.judging.checkpoints import choose_judge
from ganterm.judging.judge import Judge
from ganterm.judging.reference import Reference, obtain_reference
from ganterm.judging.verdict import judge_generator, source_of
from ganterm.latent.load import Trained, load_generator
from ganterm.runs.layout import RunDir
from ganterm.training.build import choose_device

SEEDS = (0, 1, 2)
IMAGES = 10_000
"""Generated images that are judged, and as many real ones."""

_INDIFFERENT = {"recipe", "seed", "device", "threads", "steps", "epochs"}
"""Settings besides the output's in which a run may differ and still stand for the tutorial loop."""

_COLUMNS = (
    Column("trained", "TRAINED"),
    Column("seed", "SEED", "count"),
    Column("steps", "STEPS", "count"),
    Column("seconds", "TIME", "s"),
    Column("ratio", "TIMES AS QUICK", "ratio"),
    Column("fid", "FID", "number"),
    Column("reached", "AS GOOD"),
    Column("floor", "FLOOR", "number"),
    Column("images", "IMAGES", "count"),
    Column("judge", "JUDGE"),
)


@dataclass(frozen=True, eq=False)
class _Court:
    """Who judges, and what generated images are held against."""

    judge: Judge
    reference: Reference

    def verdict_on(self, trained: Trained, what: str, progress: Progress) -> dict[str, Any]:
        """Return the fields of the judgement."""
        told = labelled(what, progress)
        return judge_generator(
            trained, self.judge, self.reference, count=IMAGES, progress=told
        ).fields


def check_settings(settings: Settings) -> None:
    """Raise `ConfigError` for what cannot be compared, `DataError` where the data are missing."""
    plain = config_of(settings.reference, settings.device, substitute=False)
    check_comparable(plain)
    _check_same_images(plain, settings)
    workload = prepare(settings.reference, settings.device, silent, substitute=False)
    if settings.reference_run is not None:
        _earlier(settings.reference_run, workload)


def measure(settings: Settings, progress: Progress) -> Result:
    """Time both and judge what they make.

    Raises `WorkerError` when the fast recipe's training fails.
    """
    workload = prepare(settings.reference, settings.device, progress, substitute=False)
    steps = workload.steps
    run = settings.reference_run
    reference = None if run is None else _earlier(run, workload)
    source = source_of(workload.config)
    judge = choose_judge(None, source, progress=progress)
    court = _Court(judge, obtain_reference(judge, source, progress=progress))

    loop = TutorialLoop(workload.config, workload.images, choose_device(settings.device))
    paces, runs = _take_turns(loop, steps, settings, progress)
    seconds: Spread | float = Spread.of(steps * pace.seconds_per_step for pace in paces)
    if settings.whole:
        seconds = sum(pace.seconds for pace in paces)
        reference = Trained(loop.generator, workload.config, steps, "generator", workload.spec)
    name = f"tutorial loop of {workload.name}"
    wanted = None if reference is None else court.verdict_on(reference, name, progress)
    rows = [_row(name, None, steps, seconds, wanted)]
    for seed, found in zip(SEEDS, runs, strict=True):
        name = recipe_name(settings.fast)
        trained = load_generator(found.checkpoint, device=loop.device)
        fields = court.verdict_on(trained, f"{name}, seed {seed}", progress)
        row = _row(name, seed, trained.step, found.seconds, fields)
        row["ratio"] = _divided(seconds, found.seconds)
        if wanted is not None:
            row["reached"] = "yes" if fields["fid"] <= wanted["fid"] else "no"
        rows.append(row)
    return Result(
        title="Time to quality",
        method=(
            f"`ganterm train` on the fast recipe, once for each of {len(SEEDS)} seeds, from "
            "starting the process to its end: imports, data, samples and checkpoints included. "
            f"The tutorial loop, its start-up left out, {_how(settings, steps)} One classifier "
            "judges both: FID is the Frechet distance of its features, less is better, and the "
            "floor is that of real images."
        ),
        columns=_COLUMNS,
        rows=rows,
        notes=_notes(workload, settings, court.judge, known=wanted is not None),
    )


def _how(settings: Settings, steps: int) -> str:
    """Say where the tutorial loop's time and quality are from."""
    if settings.whole:
        return f"trains all of its {steps:,} iterations: a part before each run and one after."
    timed = (
        f"is timed for {settings.turn:g} s before each run and after the last; its time is that "
        f"of {steps:,} such iterations."
    )
    if settings.reference_run is None:
        return timed
    return f"{timed} Its quality is an earlier run's, of the same networks and updates."


def _notes(workload: Workload, settings: Settings, judge: Judge, *, known: bool) -> list[str]:
    notes = [f"{workload.name}: {workload.data}.", f"Judge {judge.digest}: {judge.words}."]
    if config_of(settings.fast, settings.device).conditional != "none":
        fast = recipe_name(settings.fast)
        notes.append(f"{fast} is told the classes of the images, and the tutorial loop is not.")
    if not known:
        notes.append(
            f"The tutorial loop's quality is not known: name a finished run of {workload.name} "
            "with --reference-run, or train the loop to its end with --whole."
        )
    return notes


def _take_turns(
    loop: TutorialLoop, steps: int, settings: Settings, progress: Progress
) -> tuple[list[Pace], list[WholeRun]]:
    """Train the loop, a run, the loop, a run, ..., the loop; return what each took."""
    parts = len(SEEDS) + 1
    name = recipe_name(settings.reference)
    if not settings.whole:
        progress(f"pace of {name}", 0, parts, "turns")
        loop.train(settings.turn)  # warms up, and is left out
    paces: list[Pace] = []
    runs: list[WholeRun] = []
    for part in range(parts):
        if settings.whole:
            span = range(steps * part // parts, steps * (part + 1) // parts)
            paces.append(_train_steps(loop, span, steps, f"{name} in the tutorial loop", progress))
        else:
            paces.append(loop.train(settings.turn))
            progress(f"pace of {name}", part + 1, parts, "turns")
        if part < len(SEEDS):
            fast = recipe_name(settings.fast)
            runs.append(
                train_whole(
                    settings.fast,
                    seed=SEEDS[part],
                    device=settings.device,
                    run=RunDir(settings.scratch / "quality" / f"seed-{SEEDS[part]}"),
                    what=f"{fast}, seed {SEEDS[part]}",
                    progress=progress,
                )
            )
    return paces, runs


def _train_steps(
    loop: TutorialLoop, span: range, total: int, what: str, progress: Progress
) -> Pace:
    """Train the steps of `span` out of `total`."""
    images, seconds = 0, 0.0
    for step in span:
        progress(what, step, total, "steps")
        pace = loop.train(0)
        images += pace.images
        seconds += pace.seconds
    progress(what, span.stop, total, "steps")
    return Pace(len(span), images, seconds)


def _earlier(path: Path, workload: Workload) -> Trained:
    """Return what a finished run made of the tutorial loop's own updates, after as many of them.

    Raises `ConfigError` where it has other settings, or no checkpoint of that step.
    """
    run = RunDir(path)
    checkpoint = run.checkpoint_path(workload.steps)
    if not checkpoint.is_file():
        raise ConfigError(
            f"--reference-run {run.name} has no checkpoint of step {workload.steps:,}, where the "
            "tutorial loop ends; name a run that has."
        )
    trained = load_generator(checkpoint)
    for name, field in FIELDS.items():
        if field.group == OUTPUT or name in _INDIFFERENT:
            continue
        has, wanted = getattr(trained.config, name), getattr(workload.config, name)
        if has != wanted:
            raise ConfigError(
                f"--reference-run {run.name} has {name} = {has}, and {workload.name} has {wanted}; "
                f"name a run of {workload.name} as it is."
            )
    return trained


def _check_same_images(plain: RunConfig, settings: Settings) -> None:
    """Raise `ConfigError` where one judge cannot judge both recipes' images."""
    fast = config_of(settings.fast, settings.device, substitute=False)
    ours, theirs = source_of(fast), source_of(plain)
    if ours != theirs:
        raise ConfigError(
            f"{recipe_name(settings.fast)} makes images like {_words(fast)} and "
            f"{recipe_name(settings.reference)} like {_words(plain)}, which no judge can compare; "
            "choose another --fast or --reference."
        )


def _words(config: RunConfig) -> str:
    return f"{Path(config.dataset).name} of {config.image_size}x{config.image_size}"


def _divided(seconds: Spread | float, by: float) -> Spread | float:
    return seconds.scaled(1 / by) if isinstance(seconds, Spread) else seconds / by


def _row(
    trained: str, seed: int | None, steps: int, seconds: Value, judged: dict[str, Any] | None
) -> dict[str, Value]:
    fields = judged or {}
    return {
        "trained": trained,
        "seed": seed,
        "steps": steps,
        "seconds": seconds,
        "ratio": None,
        "fid": fields.get("fid"),
        "reached": None,
        "floor": fields["floor"]["fid"] if fields else None,
        "images": fields.get("n"),
        "judge": fields.get("judge"),
    }
