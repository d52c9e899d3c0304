"""The Python API: runs started, steered, sampled and judged from scripts and notebooks.

It does what the commands do, by the same code: a run that is started here trains in a process of
its own and goes on when Python ends, and the app and the commands work on it. Whatever goes wrong
is raised as a `GantermError` whose message is one sentence.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganterm.api.run import Run
from ganterm.api.telling import look_ahead, say, telling
from ganterm.core.errors import ConfigError, DataError
from ganterm.runs.layout import default_runs_dir, find_runs, resolve_run

if TYPE_CHECKING:
    import torch
    from numpy.typing import ArrayLike, NDArray

    Place = str | os.PathLike[str]
    Images = ArrayLike | torch.Tensor

__all__ = ["Run", "evaluate", "list_runs", "open_run", "show", "start", "train"]


def start(
    recipe: str | None = None,
    *,
    dataset: Place | Images | None = None,
    labels: ArrayLike | torch.Tensor | None = None,
    name: str | None = None,
    runs_dir: Place | None = None,
    config: Place | None = None,
    progress: bool = True,
    **settings: object,
) -> Run:
    """Start a run in a process of its own and return it at once.

    Args:
        recipe: what to train, as `ganterm recipes` lists; by default what fits the dataset.
        dataset: a name, a path of pictures, or images as an array or tensor: (N, H, W),
            (N, H, W, C) or (N, C, H, W), uint8 or floats in [0, 1] or [-1, 1].
        labels: of such images, a whole number from 0 for each.
        name: of the run; by default the recipe's and a number.
        runs_dir: where runs lie; by default GANTERM_RUNS_DIR, or `checkpoints` here.
        config: a TOML file of settings.
        progress: whether to say on standard error what is chosen, fetched and looked at.
        settings: those of `ganterm train` by name, such as `steps=2000, lr_g=1e-4`.

    Raises:
        GantermError: a setting, the dataset, the place or the machine does not allow it; nothing
            is started then.
    """
    from ganterm.client.describe import take_in  # noqa: PLC0415
    from ganterm.client.launching import begin  # noqa: PLC0415
    from ganterm.data.catalogue import as_labelled  # noqa: PLC0415
    from ganterm.data.look import resolve_for_data  # noqa: PLC0415
    from ganterm.runs.launch import start_worker  # noqa: PLC0415

    where = default_runs_dir() if runs_dir is None else Path(runs_dir)
    given: dict[str, object] = {**settings}
    if recipe is not None:
        given["recipe"] = recipe
    if dataset is not None:
        given["dataset"] = _named(dataset, labels)
    elif labels is not None:
        raise ConfigError("labels are those of images given as dataset; give both, or neither.")
    file = None if config is None else Path(config)
    with telling(progress) as tell:
        resolved = as_labelled(
            resolve_for_data(
                given,
                config_file=file,
                environment=os.environ,
                before=lambda config: take_in(config, tell),
            )
        )
    if progress:
        say(*resolved.notes)
    made = begin(
        resolved.config,
        where,
        lambda config: look_ahead(config, where, name, told=progress),
        name=name,
        command=f"ganterm.start in {Path(sys.argv[0] or 'python').name}",
    )
    run = Run(made.path)
    run._process = start_worker(made)
    return run


def train(
    recipe: str | None = None,
    *,
    dataset: Place | Images | None = None,
    labels: ArrayLike | torch.Tensor | None = None,
    name: str | None = None,
    runs_dir: Place | None = None,
    config: Place | None = None,
    progress: bool = True,
    **settings: object,
) -> Run:
    """Train a GAN as `start` says, wait until it has ended as `Run.wait` does, and return the run.

    Raises as both.
    """
    run = start(
        recipe,
        dataset=dataset,
        labels=labels,
        name=name,
        runs_dir=runs_dir,
        config=config,
        progress=progress,
        **settings,
    )
    return run.wait(progress=progress)


def open_run(
    run: Place | None = None, *, runs_dir: Place | None = None, trust: bool = False
) -> Run:
    """Return a run by its name or path; without either the one that was last active.

    With `trust` the code that it is made of is run from now on where it is needed, though somebody
    else made it. Without, what needs it raises a `ConfigError` then.

    Raises:
        ConfigError: there is no such run.
    """
    from ganterm.config.recorded import refuse_untrusted_run  # noqa: PLC0415
    from ganterm.runs.parts import UntrustedError  # noqa: PLC0415

    where = default_runs_dir() if runs_dir is None else Path(runs_dir)
    found = resolve_run(None if run is None else str(run), where)
    if trust:
        try:
            refuse_untrusted_run(found)
        except UntrustedError as error:
            error.trust()
    return Run(found.path)


def list_runs(runs_dir: Place | None = None) -> list[Run]:
    """Return all runs, the one that was last active first."""
    where = default_runs_dir() if runs_dir is None else Path(runs_dir)
    return [Run(run.path) for run in find_runs(where)]


def evaluate(
    images: Images | Place,
    against: Images | Place,
    *,
    n: int = 10_000,
    judge: str | None = None,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Return the scores of any images beside real ones, as `ganterm judge --images` prints them.

    Both are arrays or tensors as for `start`, or a path; `against` may be a dataset by name too.

    Raises:
        GantermError: one of them is none of images, or has too few.
    """
    from ganterm.evaluation import Scoring  # noqa: PLC0415
    from ganterm.evaluation.given import judge_images  # noqa: PLC0415

    scoring = Scoring(count=n, seed=seed)
    with telling(progress) as tell:
        verdict, notes = judge_images(
            _named(images), _named(against), scoring, judge=judge, progress=tell
        )
    if progress:
        say(*notes)
    return verdict.fields


def show(images: Images, *, columns: int | None = None) -> None:
    """Show images: as a picture in a notebook, drawn with characters in a terminal.

    They are arrays or tensors as for `start`; one image will do.
    """
    from ganterm.api.notebook import display_images, displays  # noqa: PLC0415
    from ganterm.render.colour import canvas_of  # noqa: PLC0415
    from ganterm.render.open import rasters_of  # noqa: PLC0415
    from ganterm.render.show import draw_page  # noqa: PLC0415

    try:
        rasters = rasters_of(_array(images))
    except ValueError as error:
        raise DataError(f"These are no images: {error}.") from None
    if displays():
        display_images(rasters, columns)
        return
    for line in draw_page(rasters, canvas_of(sys.stdout), columns=columns):
        print(line)  # noqa: T201 - it is what the caller asked for


def _array(images: Any) -> NDArray[Any]:
    """Return an array or tensor of images as an array; floats in [-1, 1] or [0, 1] stay floats."""
    import numpy as np  # noqa: PLC0415

    if hasattr(images, "detach"):
        images = images.detach().cpu().numpy()
    return np.asarray(images)


def _named(images: Any, labels: Any = None) -> str:
    """Return what names images to all else: a name or path as it is, of an array its file.

    Files of arrays are called by their content, so that a run finds its images again.
    """
    if isinstance(images, (str, os.PathLike)):
        if labels is not None:
            raise ConfigError("labels are those of images in an array; a path has its own.")
        return os.fspath(images)
    import numpy as np  # noqa: PLC0415

    from ganterm.core.files import write_atomically  # noqa: PLC0415
    from ganterm.data.catalogue import data_dir  # noqa: PLC0415

    arrays: dict[str, Any] = {"images": np.ascontiguousarray(_array(images))}
    if labels is not None:
        arrays["labels"] = np.ascontiguousarray(_array(labels))
    digest = hashlib.sha256()
    for key, array in arrays.items():
        digest.update(f"{key} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    path = data_dir() / "arrays" / f"{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda file: np.savez(file, **arrays))
    return str(path)
