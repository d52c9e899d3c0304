"""Points of the space behind a generator: what they are, what is drawn of them, truncation.

A point is a latent vector z, (z_dim,), normal; for a style generator it may also be its styles, one
for each layer, (layers, w_dim). The number of axes tells which it is.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganterm.components.networks.base import Generator
from ganterm.components.networks.stylegan_networks import StyleGenerator
from ganterm.core.errors import ConfigError, DataError
from ganterm.render.open import mapped_array

MAX_POINTS = 100_000
"""Points that are read of one file at most."""


def are_styles(points: Tensor) -> bool:
    """Tell whether points (N, ...) are styles (N, layers, w_dim), not latents (N, z_dim)."""
    return points.dim() == 3


def styles_of(generator: StyleGenerator, points: Tensor, labels: Tensor | None = None) -> Tensor:
    """Return the styles (N, layers, w_dim) of points (N, ...), on the device of the generator.

    A conditional one maps latents by the classes in `labels` (N,), or by its default one.
    """
    device = generator.w_mean.device
    points = points.to(device)
    if are_styles(points):
        return points
    labels = generator.labels_for(points, None if labels is None else labels.to(device))
    w: Tensor = generator.mapping(points, labels)
    return w[:, None].expand(-1, generator.layers, -1)


def truncated(
    generator: Generator, points: Tensor, psi: float, labels: Tensor | None = None
) -> Tensor:
    """Return points (N, ...) drawn towards the mean of them all, at `psi` of their distance.

    The truncation trick (Brock et al. 2018, arXiv:1809.11096; Karras et al. 2018,
    arXiv:1812.04948): fewer kinds of images, but rarely a bad one. 1 changes nothing, 0 leaves the
    mean alone, above 1 exaggerates. The mean of latents is the origin; those of a style generator
    come back as styles, whose mean is the one it has kept since it was trained. `labels` (N,) are
    the classes, for a conditional generator without a default one.
    """
    if psi == 1:
        return points
    if isinstance(generator, StyleGenerator):
        return generator.w_mean.lerp(styles_of(generator, points, labels), psi)
    return psi * points


def draw(generator: Generator, points: Tensor, labels: Tensor | None = None) -> Tensor:
    """Return images (N, C, H, W) in [-1, 1] of points (N, ...), through which gradients flow.

    A conditional generator needs the `labels` (N,) of latents, unless it has a default one; styles
    have their class in them. Raises ValueError for styles where the generator has none.
    """
    images: Tensor
    if not are_styles(points):
        images = generator(points, labels)
    elif isinstance(generator, StyleGenerator):
        images = generator.synthesis(points)
    else:
        raise ValueError("only a style generator draws styles")
    return images


def mixed(coarse: Tensor, fine: Tensor, crossover: int) -> Tensor:
    """Return styles (..., layers, w_dim) of `coarse` before layer `crossover`, of `fine` from it.

    Style mixing (Karras et al. 2018, arXiv:1812.04948, section 3.1): the first layers decide pose
    and shape, the last ones the stroke. 0 is `fine` alone, the number of layers `coarse` alone.
    Both are broadcast.
    """
    layer = torch.arange(coarse.shape[-2], device=coarse.device)[:, None]
    return torch.where(layer < crossover, coarse, fine)


def load_points(path: Path, generator: Generator) -> Tensor:
    """Read points (N, ...) for a generator from an array of one or many; nothing is unpickled.

    Raises:
        ConfigError: there is no such file, or its points are not of this generator's space.
        DataError: it cannot be read, or is not an array of finite numbers.
    """
    if not path.exists():
        raise ConfigError(f"There is no file {path}; check the path.")
    array = mapped_array(path)
    if array.dtype.kind not in "fiu":
        raise DataError(f"{path} is not a .npy array of numbers.")
    shape = array.shape
    if array.ndim == 1:
        array = array[None]
    spaces = _spaces(generator)
    if array.shape[1:] not in spaces.values() or not 0 < len(array) <= MAX_POINTS:
        these = " or ".join(f"its {name} {each}" for name, each in spaces.items())
        raise ConfigError(
            f"{path} holds an array of shape {shape}, but of this generator {these} are expected; "
            "use a file that was made with it."
        )
    points = torch.from_numpy(np.array(array, dtype=np.float32))
    if not points.isfinite().all():
        raise DataError(f"{path} holds numbers that are not finite.")
    return points


def _spaces(generator: Generator) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the points that a generator draws, by what they are called."""
    spaces: dict[str, tuple[int, ...]] = {"latents": (generator.z_dim,)}
    if isinstance(generator, StyleGenerator):
        spaces["styles"] = (generator.layers, generator.w_dim)
    return spaces


def encode_points(points: Tensor) -> bytes:
    """Return points (N, ...) as a .npy file of float32."""
    buffer = io.BytesIO()
    np.save(buffer, points.float().cpu().numpy(), allow_pickle=False)
    return buffer.getvalue()
