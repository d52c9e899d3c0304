"""The most memory that training takes, in ganterm's loop and in the plain tutorial loop."""

from __future__ import annotations

from typing import Any

from ganterm.bench.apart import run_apart
from ganterm.bench.reference import check_comparable
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import Settings
from ganterm.bench.workload import config_of, prepare, recipe_name
from ganterm.data import Progress

TIMES = 3
STEPS = 20
LOOPS = ("tutorial", "ganterm")

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("loop", "LOOP"),
    Column("imported", "IMPORTED", "bytes"),
    Column("peak", "MOST", "bytes"),
    Column("ratio", "TO THE TUTORIAL'S", "ratio"),
    Column("gpu", "ON THE GPU", "bytes"),
)


def check_settings(settings: Settings) -> None:
    """Raise `ConfigError` for a recipe that the tutorial loop cannot train."""
    for recipe in settings.recipes:
        check_comparable(config_of(recipe, settings.device))


def measure(settings: Settings, progress: Progress) -> Result:
    """Train each recipe in both loops, in turns, each time in a new process."""
    rows: list[dict[str, Value]] = []
    for recipe in settings.recipes:
        found: dict[str, list[dict[str, Any]]] = {loop: [] for loop in LOOPS}
        for time in range(TIMES):
            for loop in LOOPS:
                what = f"{loop} loop of {recipe_name(recipe)}, {time + 1} of {TIMES}"
                options = {"recipe": recipe, "device": settings.device, "steps": STEPS}
                found[loop].append(run_apart("train", what, progress, loop=loop, **options))
        for loop, ours in found.items():
            pairs = zip(ours, found[LOOPS[0]], strict=True)
            ratio = Spread.of(our["peak"] / their["peak"] for our, their in pairs)
            rows.append(
                {
                    "recipe": recipe_name(recipe),
                    "loop": loop,
                    "imported": Spread.of(each["imported"] for each in ours),
                    "peak": Spread.of(each["peak"] for each in ours),
                    "ratio": None if loop == LOOPS[0] else ratio,
                    "gpu": ours[0]["gpu"],
                }
            )
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    return Result(
        title="Memory",
        method=(
            f"The most of a process that is in memory at once in {STEPS} float32 steps, data and "
            f"imports included; {TIMES} processes each, in turns. Beside it stands what is in "
            "memory once PyTorch is imported."
        ),
        columns=_COLUMNS,
        rows=rows,
        notes=[f"{workload.name}: {workload.data}." for workload in workloads],
    )
