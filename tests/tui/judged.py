"""Runs that were judged: records with every field, pictures of the best and the worst."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet
from ganterm.runs.journal import JournalWriter
from ganterm.runs.layout import RunDir
from tests.records import record as record_of
from tests.tui.driving import write_run

JUDGE = "0f3c9a51d2"
NAME = "classifier of mnist, 99.46% right on held-out images"
FLOOR = {
    "fid": 0.61,
    "inception_score": 9.71,
    "kid": 0.0002,
    "precision": 1.0,
    "recall": 1.0,
    "density": 1.0,
    "coverage": 0.97,
    "modes": 10,
    "kl": 0.001,
    "copies": 0.01,
}
REAL = (0.0987, 0.1124, 0.0993, 0.1022, 0.0974, 0.0904, 0.0986, 0.1044, 0.0975, 0.0991)


def verdict(step: int, *, drift: float = 0.0, n: int = 10_000, **fields: Any) -> dict[str, Any]:
    """Return what a judgement of a step says: better with the steps, worse with `drift`."""
    share = step / 400
    generated = [0.1 + 0.02 * ((digit * 7) % 5 - 2) for digit in range(10)]
    return {
        "fid": round(60 / (1 + 4 * share) + drift, 4),
        "inception_score": round(7.5 + 1.8 * share, 4),
        "kid": round(0.05 / (1 + 4 * share), 5),
        "precision": round(0.55 + 0.35 * share - drift / 100, 4),
        "recall": round(0.4 + 0.4 * share, 4),
        "density": round(0.5 + 0.5 * share, 4),
        "coverage": round(0.45 + 0.4 * share, 4),
        "modes": 9 if step < 200 else 10,
        "kl": round(0.3 - 0.25 * share, 4),
        "copies": 0.012,
        "floor": FLOOR,
        "judge": JUDGE,
        "judge_name": NAME,
        "n": n,
        "splits": 10,
        "classes": list("0123456789"),
        "histogram": [*generated[:9], 0.01],
        "histogram_real": REAL,
        "seconds": 8.2,
        **fields,
    }


def ramp(index: int) -> Raster:
    """Return an 8x8 image, another one for each index."""
    rows = [bytes((16 * ((x * (index + 1) + y) % 16)) for x in range(8)) for y in range(8)]
    return Raster(8, 8, 1, b"".join(rows))


def judge(run: RunDir, steps: Iterable[int], *, pictures: bool = True, **fields: Any) -> None:
    """Have a run judged at these steps."""
    run.samples.mkdir(exist_ok=True)
    with JournalWriter(run.journal, clock=lambda: 1.7e9) as journal:
        for step in steps:
            named = {}
            for which in ("best", "worst") if pictures else ():
                path = run.samples / f"judged-{step:08}-{which}.png"
                first = 0 if which == "best" else 8
                save_sheet([ramp(first + index) for index in range(16)], 4, path)
                named[which] = str(path.relative_to(run.path))
            journal.write(record_of("judged", step, **{**verdict(step), **named, **fields}))


def judged_run(
    runs_dir: Path, name: str = "dcgan-001", steps: Iterable[int] = (100, 200, 300, 400)
) -> RunDir:
    """Make a finished run with checkpoints, real images and judgements at these steps."""
    run = write_run(runs_dir, name)
    run.samples.mkdir(exist_ok=True)
    with JournalWriter(run.journal, clock=lambda: 1.7e9) as journal:
        journal.write(
            record_of("checkpoint", 400, path="checkpoints/step-00000400.safetensors", digest="0")
        )
    save_sheet([ramp(15 - index) for index in range(16)], 4, run.real_samples)
    judge(run, steps)
    return run
