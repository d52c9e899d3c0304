"""Latent points in .npy files: what `ganterm project` found, and anybody else's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ganterm.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    import torch

    from ganterm.inference.load import Trained

MAX_POINTS = 100_000
"""Points that are read of one file at most."""


def load_points(path: Path, trained: Trained) -> torch.Tensor:
    """Read points (N, ...) for a generator from an array of one or many; nothing is unpickled.

    Raises:
        ConfigError: there is no such file, or its points are not of this generator's space.
        DataError: it cannot be read, or is not an array of finite numbers.
    """
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    try:
        # Mapped, so that a header which promises more than there is costs nothing.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise ConfigError(f"There is no file {path}; check the path.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception:  # noqa: BLE001 - a damaged header makes NumPy raise nearly anything
        raise DataError(f"{path} is not a .npy array of numbers.") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise DataError(f"{path} is not a .npy array of numbers.")
    shape = array.shape
    if array.ndim == 1:
        array = array[None]
    spaces = _spaces(trained)
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


def _spaces(trained: Trained) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the points that a generator draws, by what they are called."""
    from ganterm.components.networks.stylegan_networks import StyleGenerator  # noqa: PLC0415

    generator = trained.generator
    spaces: dict[str, tuple[int, ...]] = {"latents": (generator.z_dim,)}
    if isinstance(generator, StyleGenerator):
        spaces["styles"] = (generator.layers, generator.w_dim)
    return spaces


def encode_points(points: torch.Tensor) -> bytes:
    """Return points (N, ...) as a .npy file of float32."""
    import numpy as np  # noqa: PLC0415

    buffer = io.BytesIO()
    np.save(buffer, points.float().cpu().numpy(), allow_pickle=False)
    return buffer.getvalue()
