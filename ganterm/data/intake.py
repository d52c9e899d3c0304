"""Datasets of the user's own that know nothing of ganterm, taken in once.

What a function returns, or a torch `Dataset` holds, becomes an `.npz` file beside the decoded
pictures of folders, called by the code and its arguments; from then on it is a file of pictures
like any other. Only workers and services take in, for that runs the user's code.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from ganterm.components.datasets import Dataset
from ganterm.core.dataspec import DataSpec, Size
from ganterm.core.errors import DataError
from ganterm.core.files import write_atomically
from ganterm.core.parts import Part, PartError, why
from ganterm.data.catalogue import data_dir
from ganterm.data.decoded import make_room
from ganterm.data.listing import ImageFolder, list_images
from ganterm.data.locate import MAX_BYTES
from ganterm.data.progress import TOLD
from ganterm.data.rows import ArrayFile
from ganterm.render.imagefile import upright
from ganterm.render.open import as_images, as_levels, value_range
from ganterm.runs.parts import digest_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Span = tuple[float, float]

_UNIT, _SIGNED, _LEVELS = (0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)
_SLACK: Final = 1e-3
_FIRST: Final = 256
"""Items of floating point that tell which range all have."""
_ASKED_TWICE: Final = 4
_PIECE: Final = 4096


def dataset(part: Part) -> Dataset:
    """Return the dataset of a function, a class or an object of the user's; take it in if need be.

    Raises `ConfigError` in one sentence with the line of the user's, and DataError where it cannot
    be kept.
    """
    if isinstance(part.value, ModuleType):
        raise part.refusal(f"name the function or the Dataset in it, as in {part.name}:load.")
    told = repr((1, part.name, part.told, digest_of(part.path)))
    stem = re.sub(r"[^a-zA-Z0-9_-]+", "-", f"{part.path.stem}-{part.name}")[:60]
    digest = hashlib.sha256(told.encode()).hexdigest()[:32]
    place = data_dir() / "decoded" / f"{stem}-{digest}.npz"
    if not place.is_file():
        with _seeded():
            found = _called(part)
            if isinstance(found, Dataset):
                return found
            _keep(place, *_Intake(part, found).arrays(place))
    with contextlib.suppress(OSError):  # which were not used for longest go first
        os.utime(place, ns=(time.time_ns(), place.stat().st_mtime_ns))
    listing = list_images(place, "train")
    _, channels, height, width = ArrayFile(place).shape("images")
    return ImageFolder(
        name=part.what.removeprefix("dataset "),
        title=part.name,
        help=part.help,
        options=part.options() if callable(part.value) else {},
        path=str(place),
        spec=DataSpec.image(Size(height, width).setting, channels, tuple(listing.classes)),
        counts={"train": len(listing.paths)},
    )


def _called(part: Part) -> Any:
    if inspect.isclass(part.value) or inspect.isroutine(part.value):
        return part.call()
    if part.told:
        raise part.refusal(f"{part.name} has no settings, which only a function or a class has.")
    return part.value


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """Have random transforms draw the same whenever they are taken in, and others as before."""
    plain, of_numpy = random.getstate(), np.random.get_state()
    torch: Any = sys.modules.get("torch")
    random.seed(0)
    np.random.seed(0)
    try:
        with torch.random.fork_rng(devices=[]) if torch else contextlib.nullcontext():
            if torch:
                torch.random.default_generator.manual_seed(0)
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(of_numpy)


def _keep(place: Path, images: NDArray[np.uint8], labels: list[str], notes: list[str]) -> None:
    arrays = {"images": images, "notes": np.array(notes)}
    if labels:
        arrays["labels"] = np.array(labels)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        make_room(place.parent, images.nbytes)
        write_atomically(place, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]
    except OSError as error:
        raise DataError(
            f"What was taken in cannot be kept in {place.parent} ({error.strerror}): make room or "
            "set GANTERM_DATA_DIR to another directory."
        ) from error


class _Intake:
    """Takes images and labels out of what the user's code returned."""

    def __init__(self, part: Part, found: Any) -> None:
        self._part, self._found = part, found
        self._notes: list[str] = []

    def arrays(self, place: Path) -> tuple[NDArray[np.uint8], list[str], list[str]]:
        """Return images (N, C, H, W), the name of the class of each or none, and what to tell."""
        found = self._found
        images, given = found, None
        if isinstance(found, (tuple, list)) and len(found) == 2 and _is_array(found[0]):
            images, given = found
        if _is_array(images):
            taken = self._whole(_numbers(images))
            labels = self._of_whole(given, len(taken))
        else:
            taken, labels = self._items()
        if taken.max() == 1:  # as binarised digits are kept
            taken = taken * np.uint8(255)
            self._notes.append("Its levels are 0 and 1 alone, taken for black and white.")
        called = self._part.what.removeprefix("dataset ")
        when = time.strftime("%Y-%m-%d %H:%M")
        self._notes.append(
            f"{called} was taken in once, on {when}: delete {place} to have it taken in anew."
        )
        return taken, self._named(labels), self._notes

    def _refuse(self, sentence: str) -> Exception:
        """Return the error that says what is wrong, and where in the user's code the items are."""
        value, kind = self._part.value, type(self._found)
        for each in (getattr(kind, "__getitem__", 0), getattr(kind, "__iter__", 0), value):
            code = getattr(each, "__code__", None) or getattr(
                getattr(each, "__init__", None), "__code__", None
            )
            if code is not None and Path(code.co_filename).name == self._part.path.name:
                sentence = f"{code.co_filename}, line {code.co_firstlineno}: {sentence}"
                break
        return self._part.refusal(sentence)

    def _whole(self, images: NDArray[Any]) -> NDArray[np.uint8]:
        if images.ndim == 3:
            images = images[:, None]
        if not len(images):
            raise self._refuse("it gives no images.")
        try:
            if images.ndim != 4:
                raise ValueError(f"its shape is {images.shape}")
            images = as_images(images)
            pieces = [images[start : start + _PIECE] for start in range(0, len(images), _PIECE)]
            spans = [value_range(piece) for piece in pieces]
            span = min(low for low, _ in spans), max(high for _, high in spans)
            levels = np.concatenate([as_levels(piece, span) for piece in pieces])
        except ValueError as error:
            raise self._refuse(
                f"it gives what is none of images: {error}; (N, C, H, W) with 1, 3 or 4 channels "
                "is wanted, uint8 or floats in [0, 1] or [-1, 1]."
            ) from None
        return np.ascontiguousarray(levels.transpose(0, 3, 1, 2))

    def _of_whole(self, given: Any, count: int) -> list[Any]:
        if given is None:
            return []
        labels = _numbers(given) if _is_array(given, 0) else np.asarray(given)
        if labels.shape not in {(count,), (count, 1)} or labels.dtype.kind not in "biuU":
            raise self._refuse(
                f"it gives labels of shape {labels.shape} and type {labels.dtype} for {count:,} "
                "images; one whole number or name is wanted for each."
            )
        plain: list[Any] = labels.reshape(-1).tolist()
        return plain

    def _items(self) -> tuple[NDArray[np.uint8], list[Any]]:
        found = self._found
        by_index = hasattr(found, "__getitem__") and hasattr(found, "__len__")
        if not (by_index or isinstance(found, Iterable)) or isinstance(found, (str, bytes, dict)):
            raise self._refuse(
                f"it gives {type(found).__name__}, and images are wanted: uint8 (N, C, H, W) with "
                "labels or without, or a torch Dataset of them."
            )
        count = len(found) if by_index else None
        each = map(found.__getitem__, range(count)) if count is not None else iter(found)
        levels, labels = _Levels(self._refuse), list[Any]()
        what, progress = f"taking in {self._part.name}", TOLD.get()
        while count is None or len(labels) < count:
            try:
                item = next(each)
            except StopIteration:
                break
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever code may raise
                words = f"item {len(labels):,}: {self._part.path} {why(error, self._part.path)}"
                raise PartError(f"{self._part.what}: {words}.") from None
            picture, label = self._pair(item)
            levels.add(self._pixels(picture, len(labels)))
            labels.append(label)
            progress(what, len(labels), count, "images")
        if not labels:
            raise self._refuse("it gives no images.")
        if count is not None:
            self._ask_again(count)
        return levels.all(), [] if None in labels else labels

    def _pair(self, item: Any) -> tuple[Any, Any]:
        """Return a picture and its label, a number or a word; None for none that is a class."""
        if not isinstance(item, (tuple, list)) or not item:
            return item, None
        label: Any = item[1] if len(item) > 1 else None
        if isinstance(label, np.generic) or (_is_array(label, 0) and np.prod(label.shape) == 1):
            label = label.item()
        if isinstance(label, float) and label.is_integer():
            label = int(label)
        if label is not None and not isinstance(label, (int, str)):
            told = f"Its labels are no classes ({type(label).__name__}), so there are none."
            self._notes += [told] * (told not in self._notes)
            label = None
        return item[0], label

    def _pixels(self, picture: Any, index: int) -> NDArray[Any]:
        """Return a picture as (C, H, W)."""
        if isinstance(picture, Image.Image):
            shown = upright(picture)
            pixels = np.asarray(shown.convert("RGBA") if shown.mode == "LA" else shown)
        elif _is_array(picture, 2):
            pixels = _numbers(picture)
        else:
            raise self._refuse(
                f"item {index:,} is of type {type(picture).__name__}, and a picture is wanted: a "
                "tensor (C, H, W), an array or a PIL image, with its label or without."
            )
        batched = pixels.ndim > 3
        try:
            if batched:
                raise ValueError(f"its shape is {pixels.shape}")
            image: NDArray[Any] = as_images(pixels[None] if pixels.ndim == 3 else pixels)[0]
        except ValueError as error:
            more = "; give the Dataset itself, not its DataLoader" * batched
            raise self._refuse(
                f"item {index:,} is no picture (C, H, W) of 1, 3 or 4 channels: {error}{more}."
            ) from None
        turned: NDArray[Any] = image.transpose(2, 0, 1)
        return turned

    def _ask_again(self, count: int) -> None:
        """Note where items are others each time, which random transforms make them."""
        for index in range(0, count, -(-count // _ASKED_TWICE)):
            with contextlib.suppress(Exception):
                one, other = (
                    self._pixels(self._pair(self._found[index])[0], index) for _ in range(2)
                )
                if one.shape != other.shape or not np.array_equal(one, other):
                    self._notes.append(
                        "Its random transforms are frozen: every image is as it came when it was "
                        "taken in; --flip and --augment change images anew in each step."
                    )
                    return

    def _named(self, labels: list[Any]) -> list[str]:
        names: Any = getattr(self._found, "classes", None)
        whole = all(isinstance(each, int) for each in labels)
        named = labels and whole and isinstance(names, (list, tuple))
        if named and 0 <= min(labels) <= max(labels) < len(names):
            return [str(names[label]) for label in labels]
        return [str(label) for label in labels]


class _Levels:
    """Pictures of one shape, which become uint8 as soon as their range is known."""

    def __init__(self, refuse: Callable[[str], Exception]) -> None:
        self._refuse = refuse
        self._kept: list[NDArray[np.uint8]] = []
        self._waiting: list[NDArray[Any]] = []
        self._span: Span | None = None
        self._shape: tuple[int, ...] = ()
        self._added = 0

    def add(self, picture: NDArray[Any]) -> None:
        """Take a picture (C, H, W); raises what `refuse` returns of one unlike the others."""
        index, self._added = self._added, self._added + 1
        self._shape = self._shape or picture.shape
        if picture.shape != self._shape:
            raise self._refuse(
                f"item {index:,} is {picture.shape}, and the first is {self._shape}; bring all to "
                "one size and mode, as Resize and CenterCrop do, or image.convert('RGB')."
            )
        if self._added * picture.size > MAX_BYTES:
            raise self._refuse(f"its images are more than {MAX_BYTES >> 30} GiB; give a part.")
        if picture.dtype == np.uint8:
            self._kept.append(np.array(picture))
            return
        try:
            low, high = value_range(picture)
        except ValueError as error:
            raise self._refuse(f"item {index:,} is no picture: {error}.") from None
        if self._span is None:
            # In its place among the rest.
            self._waiting.append(picture)
            self._kept.append(np.empty(0, np.uint8))
            if len(self._waiting) == _FIRST:
                self._decide()
            return
        least, most = self._span
        if low < least - _SLACK or high > most + _SLACK:
            raise self._refuse(
                f"item {index:,} has values from {low:.3g} to {high:.3g}, and those before it lie "
                f"in [{least:g}, {most:g}]; one range is wanted for all."
            )
        self._kept.append(as_levels(picture, self._span))

    def _decide(self) -> None:
        """Settle which range the pictures have that wait for it."""
        if not self._waiting:
            return
        low = min(float(each.min()) for each in self._waiting)
        high = max(float(each.max()) for each in self._waiting)
        floats = any(each.dtype.kind == "f" for each in self._waiting)
        fitting = (span for span in (_UNIT, _SIGNED) if floats and _within(low, high, span))
        self._span = next(fitting, _LEVELS)
        if not _within(low, high, self._span):
            raise self._refuse(
                f"its images have values from {low:.3g} to {high:.3g}, and [0, 1] or [-1, 1] is "
                "wanted; leave a Normalize by mean and deviation out of the transform."
            )
        levels = iter([as_levels(each, self._span) for each in self._waiting])
        self._kept = [each if each.size else next(levels) for each in self._kept]
        self._waiting.clear()

    def all(self) -> NDArray[np.uint8]:
        """Return all that were taken, (N, C, H, W)."""
        self._decide()
        return np.stack(self._kept)


def _within(low: float, high: float, span: Span) -> bool:
    return span[0] - _SLACK <= low and high <= span[1] + _SLACK


def _is_array(value: Any, dimensions: int = 3) -> bool:
    """Tell whether a value is a tensor or an array of at least so many dimensions."""
    is_one = isinstance(value, np.ndarray) or hasattr(value, "detach")
    return is_one and value.ndim >= dimensions


def _numbers(value: Any) -> NDArray[Any]:
    """Return a tensor or an array as an array; what NumPy has no floats for as float32."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if "bfloat16" in str(value.dtype) else value
        value = value.numpy()
    return np.asarray(value)
