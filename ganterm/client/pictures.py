"""Anything the user can point at, as pictures: files, runs, folders; PyTorch is not needed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from ganterm.client.checkpoints import choose_checkpoint, newest_sample
from ganterm.config.recorded import classes_in
from ganterm.core.directory import is_run
from ganterm.core.errors import ConfigError, DataError
from ganterm.core.files import expanded, open_regular, read_range
from ganterm.data.listing import images_directly_in, list_images, splits_of
from ganterm.render.imagefile import Levels, UnreadableImageError, file_levels, joined
from ganterm.render.open import MAGIC, open_raster
from ganterm.render.png import load_image
from ganterm.render.raster import Raster, from_nchw
from ganterm.render.sheet import rows_of_sheet
from ganterm.render.words import plural
from ganterm.runs.checkpoints import CheckpointDamaged, list_checkpoints, read_bytes, read_header
from ganterm.runs.layout import RunDir, default_runs_dir, resolve_run, step_of
from ganterm.runs.tensorfile import MAX_HEADER

LIMIT = 1024
"""Images taken from one array or folder at most."""


@dataclass(frozen=True)
class PictureSet:
    """Equally large pictures, and where they come from."""

    rasters: list[Raster]
    kind: str
    """`image`, `array`, `grid`, `checkpoint` or `folder`."""
    path: Path
    step: int | None = None
    notes: tuple[str, ...] = ()
    name: str = ""
    """What the user called it, where that is not the path."""
    classes: tuple[str, ...] = ()
    """Names of the classes that the images are of, as many of each after the other, if any."""

    @property
    def title(self) -> str:
        """One line about the pictures; it holds foreign text."""
        first = self.rasters[0]
        size = f"{first.width}x{first.height}"
        what = size if self.kind == "image" else f"{plural(len(self.rasters), 'image')}, {size}"
        step = "" if self.step is None else f", step {self.step}"
        return f"{self.name or self.path}{step}: {what}"


def open_pictures(target: str, runs_dir: Path | None = None) -> PictureSet:
    """Open what `target` names.

    An image file, a .npy array, a sample grid (taken apart again), a checkpoint (its preview); a
    run, by name or path (its newest sample grid, or else the preview of its newest checkpoint); a
    folder of checkpoints or of images.

    Raises:
        ConfigError: there is no such thing.
        DataError: it cannot be read or is none of these.
    """
    path = expanded(target)
    if path.is_dir() and not is_run(path):
        return _of_folder(path)
    if path.exists() and not path.is_dir():
        return _of_file(path)
    runs_dir = runs_dir or default_runs_dir()
    try:
        run = resolve_run(target, runs_dir)
    except ConfigError as error:
        if path.suffix or len(path.parts) > 1:
            raise ConfigError(f"There is no file {path}; check the path.") from None
        raise ConfigError(f"There is no file {path}, and {error}") from None
    return _of_run(run, runs_dir)


def _of_file(path: Path) -> PictureSet:
    kind = _kind(path)
    if kind == "checkpoint":
        return _of_checkpoint(path)
    rasters = open_raster(path, limit=LIMIT)
    if kind == "image" and len(rasters) > 1:
        classes = rows_of_sheet(path, follow=True)
        return PictureSet(rasters, "grid", path, step_of(path), classes=classes)
    levels = file_levels(path) if kind == "image" else None
    notes = (f"{path}: {levels.words}.",) if levels and levels.words else ()
    return PictureSet(rasters, kind, path, notes=notes)


def _of_checkpoint(path: Path, notes: tuple[str, ...] = ()) -> PictureSet:
    header = read_header(path)
    info = header.tensors.get("preview")
    if info is None or info.dtype != "U8" or len(info.shape) != 4 or info.shape[1] not in {1, 3}:
        raise CheckpointDamaged(path, "it holds no preview")
    try:
        rasters = from_nchw(read_bytes(path, "preview"), info.shape)
    except ValueError:
        rasters = []
    if not rasters:
        raise CheckpointDamaged(path, "its preview is empty")
    classes = classes_in(path, header)
    if classes and len(rasters) % len(classes):
        classes = ()  # A scatter of them all, or more classes than have a picture.
    return PictureSet(rasters, "checkpoint", path, header.step, notes, classes=classes)


def _of_run(run: RunDir, runs_dir: Path) -> PictureSet:
    if (grid := newest_sample(run)) is not None:
        return replace(_of_file(grid), name=run.name, step=step_of(grid))
    if not list_checkpoints(run.checkpoints):
        raise DataError(f"{run.name} has drawn no samples yet; wait for the first.")
    choice = choose_checkpoint(str(run.path), runs_dir)
    return replace(_of_checkpoint(choice.path, choice.notes), name=run.name)


def _of_folder(path: Path) -> PictureSet:
    if list_checkpoints(path):
        choice = choose_checkpoint(str(path))
        return _of_checkpoint(choice.path, choice.notes)
    try:
        files = images_directly_in(path)
        if not files:
            listing = list_images(path, next(iter(splits_of(path)), "train"))
            files = [] if listing.archive else listing.paths
    except DataError as error:
        if isinstance(error.__cause__, OSError):
            raise
        raise ConfigError(
            f"{path} is neither a run nor a folder of images or checkpoints."
        ) from None
    if not files:
        raise ConfigError(
            f"{path} holds pictures in parquet; `ganterm data show {path}` draws some."
        )
    levels: dict[Path, Levels | None] = {}
    notes = []
    for file in files[:LIMIT]:
        try:
            levels[file] = file_levels(file)
        except UnreadableImageError as error:
            notes.append(f"{file}: left out ({error}).")
    among = joined(levels.values())
    notes += [f"{path}: {each.words}." for each in among.values() if each.words]
    rasters = []
    for file in levels:
        try:
            rasters.append(load_image(file, among))
        except DataError as error:
            notes.append(f"Left out: {error}")
    if not rasters:
        raise DataError(f"{path}: none of its images can be read. {' '.join(notes[:1])}")
    first = rasters[0]
    same = [r for r in rasters if (r.width, r.height) == (first.width, first.height)]
    if others := len(files) - len(same) - (len(levels) - len(rasters)):
        notes.append(
            f"{path}: {plural(others, 'image')} of another size, or beyond {LIMIT}, left out."
        )
    return PictureSet(same, "folder", path, notes=tuple(notes))


def _kind(path: Path) -> str:
    """Tell what a file is by its first bytes."""
    try:
        descriptor = open_regular(path, follow=True)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        head = read_range(descriptor, 0, 9)
    finally:
        os.close(descriptor)
    if head.startswith(MAGIC):
        return "array"
    # A safetensors file begins with the length of a header of JSON, 8 bytes, little-endian.
    is_tensors = head[8:] == b"{" and int.from_bytes(head[:8], "little") < MAX_HEADER
    return "checkpoint" if is_tensors or path.suffix.lower() == ".safetensors" else "image"
