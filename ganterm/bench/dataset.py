"""What a large dataset takes besides its own size, while it is imported and trained on."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np

from ganterm.bench.apart import run_apart
from ganterm.bench.result import Column, Result, Value
from ganterm.bench.settings import Settings
from ganterm.data import CATALOGUE, Progress

IMAGES = 1_000_000
NAME = "mnist"
"""The dataset whose files the made-up ones look like."""
PIECE = 10_000
ALLOWED = 1 << 30
"""Bytes that may be taken besides the images' own."""
TRAINING = {"recipe": "mlp", "dataset": NAME, "split": "train", "batch_size": 1000, "width": 1 / 16}

_COLUMNS = (
    Column("done", "DONE"),
    Column("images", "IMAGES", "count"),
    Column("own", "THEIR SIZE", "bytes"),
    Column("peak", "MOST", "bytes"),
    Column("beyond", "BEYOND THEIR SIZE", "bytes"),
    Column("within", "WITHIN 1 GiB"),
    Column("gpu", "ON THE GPU", "bytes"),
)


def measure(settings: Settings, progress: Progress) -> Result:
    """Import random images, train on each of them once, and see what memory both took.

    Raises `DataError` where the disk has no room for them, `WorkerError` if one of it fails.
    """
    side = CATALOGUE[NAME].image_size
    own = IMAGES * side * side
    files, data_dir = settings.scratch / "files", settings.scratch / "data"
    files.mkdir()
    _write(files, side, progress)
    places = {"data_dir": str(data_dir)}
    found = {
        "imported": run_apart("import", "importing", progress, **places, name=NAME, path=str(files))
    }
    shutil.rmtree(files)
    training = {**TRAINING, "device": settings.device}
    found["trained on once"] = run_apart("epoch", "training", progress, **places, settings=training)
    shutil.rmtree(data_dir)
    rows: list[dict[str, Value]] = [
        {
            "done": done,
            "images": IMAGES,
            "own": own,
            "peak": took["peak"],
            "beyond": max(took["peak"] - own, 0),
            "within": "yes" if took["peak"] - own <= ALLOWED else "no",
            "gpu": took.get("gpu"),
        }
        for done, took in found.items()
    ]
    return Result(
        title="A large dataset",
        method=(
            f"Random images of {side}x{side} as IDX files, imported as `ganterm data import` does, "
            "then trained on for an epoch by a small fully connected recipe; each in a process of "
            "its own, of which the most that is in memory at once is told, PyTorch included."
        ),
        columns=_COLUMNS,
        rows=rows,
    )


def _write(folder: Path, side: int, progress: Progress) -> None:
    """Write `IMAGES` random images and labels as the published files of `NAME` are."""
    prefix = CATALOGUE[NAME].prefixes["train"]
    random = np.random.default_rng(0)
    with (
        (folder / f"{prefix}-images-idx3-ubyte").open("wb") as images,
        (folder / f"{prefix}-labels-idx1-ubyte").open("wb") as labels,
    ):
        images.write(struct.pack(">4I", 0x803, IMAGES, side, side))
        labels.write(struct.pack(">2I", 0x801, IMAGES))
        for start in range(0, IMAGES, PIECE):
            progress("making images up", start, IMAGES, "images")
            count = min(PIECE, IMAGES - start)
            images.write(random.bytes(count * side * side))
            labels.write(random.integers(0, 10, count, dtype=np.uint8).tobytes())
    progress("making images up", IMAGES, IMAGES, "images")
