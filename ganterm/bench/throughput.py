"""Images per second of ganterm's loop against the plain tutorial loop, side by side."""

from __future__ import annotations

import msgspec

from ganterm.bench.pace import Contestant, TrainerLoop, race
from ganterm.bench.reference import TutorialLoop, check_comparable
from ganterm.bench.result import Column, Result, Spread, Value
from ganterm.bench.settings import ROUNDS, Settings
from ganterm.bench.workload import Workload, config_of, prepare
from ganterm.data import Progress
from ganterm.training.build import choose_device

TUTORIAL, FLOAT32, BFLOAT16 = "tutorial", "float32", "bfloat16"

_COLUMNS = (
    Column("recipe", "RECIPE"),
    Column("batch_size", "BATCH", "count"),
    Column("tutorial_images_per_s", "TUTORIAL, images/s", "rate"),
    Column("float32_images_per_s", "float32, images/s", "rate"),
    Column("float32_ratio", "RATIO", "ratio"),
    Column("bfloat16_images_per_s", "bfloat16, images/s", "rate"),
    Column("bfloat16_ratio", "RATIO", "ratio"),
)


def check_settings(settings: Settings) -> None:
    """Raise `ConfigError` for a recipe that the tutorial loop cannot train."""
    for recipe in settings.recipes:
        check_comparable(config_of(recipe, settings.device))


def measure(settings: Settings, progress: Progress) -> Result:
    """Race the tutorial loop, float32 and bfloat16 on each recipe."""
    workloads = [prepare(recipe, settings.device, progress) for recipe in settings.recipes]
    return Result(
        title="Throughput",
        method=(
            "The same networks, images, batch and order of updates in a plain tutorial loop "
            "(DataLoader, ToTensor and Normalize for each image, BCELoss after a sigmoid, Adam as "
            "it comes, both losses fetched at each step) and in ganterm's, in float32 and with "
            f"bfloat16 autocast. They take turns for {ROUNDS} rounds of {settings.turn:g} s after "
            "a turn of warming up; medians, with the lowest and the highest round. A ratio is "
            "within one round."
        ),
        columns=_COLUMNS,
        rows=[_race(workload, settings, progress) for workload in workloads],
        notes=[f"{workload.name}: {workload.data}." for workload in workloads],
    )


def _race(workload: Workload, settings: Settings, progress: Progress) -> dict[str, Value]:
    config, images = workload.config, workload.images
    device = choose_device(settings.device)
    contestants: dict[str, Contestant] = {
        TUTORIAL: TutorialLoop(config, images, device),
        FLOAT32: TrainerLoop(config, images, device),
        BFLOAT16: TrainerLoop(
            msgspec.structs.replace(config, precision="bfloat16"), images, device
        ),
    }
    paces = race(contestants, turn=settings.turn, what=workload.name, progress=progress)
    rates = {name: [pace.images_per_s for pace in turns] for name, turns in paces.items()}
    row: dict[str, Value] = {"recipe": workload.name, "batch_size": config.batch_size}
    for name, values in rates.items():
        row[f"{name}_images_per_s"] = Spread.of(values)
        if name != TUTORIAL:
            pairs = zip(values, rates[TUTORIAL], strict=True)
            row[f"{name}_ratio"] = Spread.of(ours / theirs for ours, theirs in pairs)
    return row
