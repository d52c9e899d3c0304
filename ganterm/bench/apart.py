"""Work done in a process of its own, so that what memory it takes can be told.

`run_apart` is for this process, `main` is what the other one runs. Nothing large is imported
before a task begins, because that counts.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganterm.data.progress import Progress
from ganterm.errors import GantermError, WorkerError
from ganterm.runs.child import Child

POLL_SECONDS = 0.05
_STATUS = Path("/proc/self/status")


def run_apart(task: str, what: str, progress: Progress, **arguments: object) -> dict[str, Any]:
    """Run a task of `TASKS` and return what it found; raises `WorkerError` if it fails."""
    child = Child(__name__, json.dumps({"task": task, **arguments}))
    try:
        while True:
            code = child.exit_code
            for line in child.poll():
                if "found" in line:
                    return dict(line["found"])
                progress(what, line["done"], line["total"], line["unit"])
            if code is not None:
                words = child.last_words() or f"it ended with exit code {code}."
                raise WorkerError(f"{what} failed: {words}")
            time.sleep(POLL_SECONDS)
    finally:
        child.close()


def main() -> None:
    """Run the task that the command line names, and print what it found."""
    arguments = json.loads(sys.argv[1])
    try:
        found = TASKS[arguments.pop("task")](**arguments)
    except GantermError as error:
        sys.exit(str(error))
    _print(found=found)


def peak_memory() -> int:
    """Return the most bytes of this process that were ever in memory at once."""
    if _STATUS.is_file():
        # What Linux puts into `ru_maxrss` begins with the memory of whoever started the process.
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _train(loop: str, recipe: str, device: str, steps: int) -> dict[str, int | None]:
    """Train `steps` steps of a recipe in ganterm's loop, or in the tutorial's."""
    import torch  # noqa: PLC0415

    from ganterm.bench.workload import loop_of, prepare  # noqa: PLC0415
    from ganterm.training.build import choose_device  # noqa: PLC0415

    imported = peak_memory()
    workload = prepare(recipe, device, _tell)
    place = choose_device(device)
    if loop == "tutorial":
        from ganterm.bench.reference import TutorialLoop  # noqa: PLC0415

        contestant: Any = TutorialLoop(workload.config, workload.images, place)
    else:
        contestant = loop_of(workload, place)
    done = 0
    while done < steps:
        done += contestant.train(0).steps
        _tell("", done, steps, "steps")
    return {
        "imported": imported,
        "peak": peak_memory(),
        "gpu": torch.cuda.max_memory_allocated(place) if place.type == "cuda" else None,
    }


def _import(data_dir: str, name: str, path: str) -> dict[str, int | None]:
    """Import a dataset as `ganterm data import` does."""
    os.environ["GANTERM_DATA_DIR"] = data_dir
    from ganterm.data.importer import import_dataset  # noqa: PLC0415

    import_dataset(name, Path(path), progress=_tell)
    return {"peak": peak_memory()}


def _epoch(data_dir: str, settings: dict[str, object]) -> dict[str, int | None]:
    """Train on every image of a dataset once."""
    os.environ["GANTERM_DATA_DIR"] = data_dir
    import torch  # noqa: PLC0415

    from ganterm.bench.pace import TrainerLoop  # noqa: PLC0415
    from ganterm.config import resolve  # noqa: PLC0415
    from ganterm.data import load  # noqa: PLC0415
    from ganterm.training.build import choose_device  # noqa: PLC0415

    config = resolve(settings).config
    images = load(config.dataset, image_size=config.image_size, channels=config.channels).images
    place = choose_device(config.device)
    loop = TrainerLoop(config, images, place)
    while loop.trainer.epochs_ended == 0:
        loop.train(0.5)
        _tell("", loop.trainer.images_seen, len(images), "images")
    return {
        "peak": peak_memory(),
        "gpu": torch.cuda.max_memory_allocated(place) if place.type == "cuda" else None,
    }


TASKS: dict[str, Callable[..., dict[str, int | None]]] = {
    "train": _train,
    "import": _import,
    "epoch": _epoch,
}


def _tell(what: str, done: int, total: int | None, unit: str) -> None:
    _print(done=done, total=total, unit=unit)


def _print(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
