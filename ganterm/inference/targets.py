"""Real images to look for in a latent space: files, and those a run never trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ganterm.components.datasets import BLACK, DATASETS, colour_of
from ganterm.config import RunConfig
from ganterm.core.errors import ConfigError, DataError
from ganterm.data.folder import decode_image
from ganterm.data.loading import load_for, relocated
from ganterm.render.imagefile import UnreadableImageError, file_levels, joined
from ganterm.render.sheet import load_sheet
from ganterm.render.text import safe_text


@dataclass(frozen=True)
class RealImage:
    """An image to look for."""

    name: str
    image: torch.Tensor
    """(C, H, W), uint8, in the shape of the run's images."""
    note: str = ""
    """What there is to say about it, a sentence."""


def image_files(paths: list[Path], config: RunConfig, *, invert: bool) -> list[RealImage]:
    """Read image files in the shape of a run's images; `invert` swaps black and white.

    Raises ConfigError where there is no such file, DataError where it is no image.
    """
    found = []
    for path in paths:
        if not path.exists():
            raise ConfigError(f"There is no file {path}; check the path.")
        _refuse_a_sheet(path)
        try:
            levels = file_levels(path)
            pixels = decode_image(
                path,
                image_size=config.image_size,
                channels=config.channels,
                fit=config.fit,
                background=colour_of(config.background) or BLACK,
                among=joined([levels]),
            )
        except UnreadableImageError as error:
            raise DataError(
                f"{path} cannot be read as an image: {safe_text(str(error))}."
            ) from None
        image = torch.from_numpy(pixels)
        note = f"{path}: {levels.words}." if levels and levels.words else ""
        found.append(RealImage(path.name, _inverted(image) if invert else image, note))
    return found


def _inverted(image: torch.Tensor) -> torch.Tensor:
    """Return (C, H, W) with black and white swapped; alpha stays, and colours are within it."""
    if len(image) < 4:
        return 255 - image
    return torch.cat([image[3:] - torch.minimum(image[:3], image[3:]), image[3:]])


def _refuse_a_sheet(path: Path) -> None:
    """Raise ConfigError for a grid of samples, which is no one image."""
    try:
        count = len(load_sheet(path, follow=True))
    except DataError:
        return
    if count > 1:
        raise ConfigError(
            f"{path} is a sheet of {count} images, and one is looked for at a time; draw images "
            "apart with `ganterm sample --format files`, or cut one out."
        )


def held_out(
    numbers: list[int], config: RunConfig, checkpoint: Path, place: str | None = None
) -> list[RealImage]:
    """Return images of the run's dataset that it did not train on, by their number.

    `config` is that of its `checkpoint`; `place` is where the dataset is now, if not where it was.

    Raises ConfigError where there are none, or not so many, DataError where they are not here.
    """
    if not numbers:
        return []
    config = relocated(config, checkpoint, place)
    other = {"train": "test", "test": "train"}.get(config.split)
    facts = DATASETS.facts(config.dataset)
    if other is None or (facts.splits and other not in facts.splits):
        raise ConfigError(
            f"The run trained on all of {config.dataset}, so no image is held out; name an image "
            "file in place of --test-digit."
        )
    images = load_for(config, split=other).images
    for number in numbers:
        if number >= len(images):
            raise ConfigError(
                f"There is no held-out image {number} of {config.dataset}; they are 0 to "
                f"{len(images) - 1}."
            )
    return [RealImage(f"{other} {number}", images[number].cpu()) for number in numbers]
