"""Time to quality: a fast recipe as a user starts it, against a plain tutorial loop's whole run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ganterm.benchmarks.pace import Workload, config_of, prepare, recipe_name
from ganterm.benchmarks.result import ResultColumn, ResultTable, Row, Spread
from ganterm.benchmarks.suite import BenchSettings, labelled
from ganterm.benchmarks.throughput import TutorialLoop, check_comparable
from ganterm.benchmarks.upkeep import train_in_worker
from ganterm.config import FIELDS, RunConfig, resolve
from ganterm.core.errors import ConfigError
from ganterm.core.settings import OUTPUT
from ganterm.data import ProgressCallback
from ganterm.data.progress import silent
from ganterm.engine.build import choose_device
from ganterm.evaluation import IMAGES, Scoring
from ganterm.evaluation.cache import choose_judge
from ganterm.evaluation.reference import obtain_reference
from ganterm.evaluation.report import judge_generator, source_of
from ganterm.inference.load import Trained, load_generator
from ganterm.runs.checkpoints import list_checkpoints
from ganterm.runs.layout import RunDir

SEEDS = (0, 1, 2)

_INDIFFERENT = {"recipe", "seed", "device", "threads", "processes", "steps", "epochs"}
"""Settings besides the output's in which a run may differ and still stand for the tutorial loop."""

_COLUMNS = (
    ResultColumn("trained", "TRAINED"),
    ResultColumn("seed", "SEED", "count"),
    ResultColumn("steps", "STEPS", "count"),
    ResultColumn("seconds", "TIME", "s"),
    ResultColumn("ratio", "TIMES AS QUICK", "ratio"),
    ResultColumn("fid", "FID", "number"),
    ResultColumn("reached", "AS GOOD"),
    ResultColumn("floor", "FLOOR", "number"),
    ResultColumn("images", "IMAGES", "count"),
    ResultColumn("judge", "JUDGE"),
)


def check_quality(settings: BenchSettings) -> None:
    """Raise `ConfigError` for what cannot be compared, `DataError` where the data are missing."""
    plain, fast = (
        config_of(recipe, settings.device, substitute=False)
        for recipe in (settings.reference, settings.fast)
    )
    check_comparable(plain)
    if source_of(fast) != source_of(plain):
        raise ConfigError(
            f"{recipe_name(settings.fast)} makes images like {_words(fast)} and "
            f"{recipe_name(settings.reference)} like {_words(plain)}, which no judge can compare; "
            "choose another --fast or --reference."
        )
    workload = prepare(settings.reference, settings.device, silent, substitute=False)
    _reference(settings, workload)


def quality(settings: BenchSettings, progress: ProgressCallback) -> ResultTable:
    """Time both and judge what they make.

    Raises `WorkerError` when the fast recipe's training fails.
    """
    workload = prepare(settings.reference, settings.device, progress, substitute=False)
    steps, name, fast = workload.steps, workload.name, recipe_name(settings.fast)
    source = source_of(workload.config)
    judge = choose_judge(None, source, progress=progress)
    real = obtain_reference(judge, source, progress=progress)

    def judged(trained: Trained, what: str) -> dict[str, Any]:
        told = labelled(what, progress)
        return judge_generator(trained, judge, real, Scoring(count=IMAGES), progress=told).fields

    loop = TutorialLoop(workload.config, workload.images.images, choose_device(settings.device))
    loop.train(settings.turn)  # warms up, and is left out
    paces, runs = [loop.train(settings.turn)], []
    for seed in SEEDS:
        wishes = {"recipe": settings.fast, "seed": seed, "device": settings.device}
        config, began = resolve(wishes).config, time.perf_counter()
        run = train_in_worker(config, settings.scratch, f"{fast}-{seed}", progress)
        runs.append((time.perf_counter() - began, run))
        paces.append(loop.train(settings.turn))
    seconds = Spread.of(steps * pace.seconds_per_step for pace in paces)
    reference = _reference(settings, workload)
    tutorial = f"tutorial loop of {name}"
    wanted = None if reference is None else judged(reference, tutorial)
    rows: list[Row] = [(tutorial, None, steps, seconds, None, *_scores(wanted, wanted))]
    for seed, (taken, run) in zip(SEEDS, runs, strict=True):
        trained = load_generator(list_checkpoints(run.checkpoints)[-1], device=loop.device)
        scores = _scores(judged(trained, f"{fast}, seed {seed}"), wanted)
        rows.append((fast, seed, trained.step, taken, seconds.scaled(1 / taken), *scores))
    notes = [f"{name}: {workload.data}.", f"Judge {judge.digest}: {judge.words}."]
    if config_of(settings.fast, settings.device).conditional != "none":
        notes.append(f"{fast} is told the classes of the images, and the tutorial loop is not.")
    if wanted is None:
        notes.append(
            f"The tutorial loop's quality is not known: name a finished run of {name}, which "
            "makes the same updates, with --reference-run."
        )
    return ResultTable(
        title="Time to quality",
        method=(
            f"A run's own worker on the fast recipe, once for each of {len(SEEDS)} seeds, from "
            "starting the process to its end: imports, data, samples and checkpoints included. "
            f"The tutorial loop, its start-up left out, is timed for {settings.turn:g} s before "
            f"each run and after the last; its time is that of {steps:,} such iterations, its "
            "quality an earlier run's, of the same networks and updates. One classifier judges "
            "both: FID is the Frechet distance of its features, less is better, and the floor is "
            "that of real images."
        ),
        columns=_COLUMNS,
        rows=rows,
        notes=notes,
    )


def _reference(settings: BenchSettings, workload: Workload) -> Trained | None:
    """Return what the named run made of the tutorial loop's own updates, after as many of them.

    Raises `ConfigError` where it has other settings, or no checkpoint of that step.
    """
    if settings.reference_run is None:
        return None
    run = RunDir(settings.reference_run)
    checkpoint = run.checkpoint_path(workload.steps)
    if not checkpoint.is_file():
        raise ConfigError(
            f"--reference-run {run.name} has no checkpoint of step {workload.steps:,}, where the "
            "tutorial loop ends; name a run that has."
        )
    trained = load_generator(checkpoint)
    for name, field in FIELDS.items():
        has, wanted = getattr(trained.config, name), getattr(workload.config, name)
        if has != wanted and field.group != OUTPUT and name not in _INDIFFERENT:
            raise ConfigError(
                f"--reference-run {run.name} has {name} = {has}, and {workload.name} has {wanted}; "
                f"name a run of {workload.name} as it is."
            )
    return trained


def _words(config: RunConfig) -> str:
    return f"{Path(config.dataset).name} of {config.data_spec.size}"


def _scores(fields: dict[str, Any] | None, wanted: dict[str, Any] | None) -> Row:
    """Return the columns of a judgement, held against the tutorial loop's where it has one."""
    if fields is None:
        return (None,) * 5
    reached = None
    if wanted is not None and fields is not wanted:
        reached = "yes" if fields["fid"] <= wanted["fid"] else "no"
    return fields["fid"], reached, fields["floor"]["fid"], fields["n"], fields["judge"]
