"""Small published-looking files for these tests."""

import bz2
import gzip
import io
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MNIST = Path(__file__).parents[2].parent / "shared" / "data" / "mnist"
"""The real MNIST files, where the machine has them."""


def idx_bytes(items: NDArray[np.uint8], shape: tuple[int, ...] | None = None) -> bytes:
    """Give an IDX file of `items`; `shape` is what its header claims instead of the truth."""
    shape = items.shape if shape is None else shape
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + items.tobytes()


def some_images(count: int, side: int = 28, seed: int = 0) -> NDArray[np.uint8]:
    """Give noise, uint8 (count, side, side)."""
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


def some_labels(count: int, classes: int = 10) -> NDArray[np.uint8]:
    """Give labels that go round the classes, uint8 (count,)."""
    return (np.arange(count) % classes).astype(np.uint8)


def write_pair(
    folder: Path,
    prefix: str,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    *,
    packed: bool = True,
) -> tuple[Path, Path]:
    """Write the two IDX files of a split; give the paths of images and labels."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, items in (("images-idx3", images), ("labels-idx1", labels)):
        path = folder / f"{prefix}-{kind}-ubyte{'.gz' if packed else ''}"
        data = idx_bytes(items)
        path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
        paths.append(path)
    return paths[0], paths[1]


def usps_bytes(values: NDArray[np.float64], labels: list[int]) -> bytes:
    """Give a packed libsvm file of rows of 256 values."""
    lines = [
        " ".join([str(label), *(f"{i}:{v:.4f}" for i, v in enumerate(row, start=1))])
        for label, row in zip(labels, values, strict=True)
    ]
    return bz2.compress(("\n".join(lines) + "\n").encode())


def python2_pickle(found: object) -> bytes:
    """Give a pickle as Python 2 wrote it: bytes are its strings, of which CIFAR's files are."""

    def save_string(pickler: Any, string: bytes) -> None:
        pickler.write(pickle.BINSTRING + struct.pack("<i", len(string)) + string)
        pickler.memoize(string)

    file = io.BytesIO()
    pickler: Any = pickle._Pickler(file, protocol=2)
    pickler.dispatch = {**pickler.dispatch, bytes: save_string}
    pickler.dump(found)
    return file.getvalue()


def cifar_batch(images: NDArray[np.uint8], labels: list[int], key: bytes = b"labels") -> bytes:
    """Give a batch of CIFAR of images (N, 3, 32, 32)."""
    names = [b"picture_s_%06d.png" % number for number in range(len(images))]
    return python2_pickle(
        {
            b"batch_label": b"training batch 1 of 5",
            key: labels,
            b"data": images.reshape(len(images), -1),
            b"filenames": names,
        }
    )


def bomb_png(width: int, height: int) -> bytes:
    """Give a tiny PNG file whose header claims `width` x `height` grey pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def write_pictures(
    folder: Path, *, classes: int = 0, count: int = 40, side: int = 16, alpha: bool = False
) -> Path:
    """Write PNG files in colour, in one sub-folder a class or in none, and return the folder.

    Reds come first and blues last, each with a bright stripe somewhere else; with `alpha` their
    upper quarter is clear and their lower one half so.
    """
    for number in range(count):
        share = number / (count - 1)
        pixels = np.zeros((side, side, 3), dtype=np.uint8)
        pixels[:] = (round(255 * (1 - share)), 40, round(255 * share))
        pixels[:, number % side] = 255
        where = folder / f"class-{number * classes // count}" if classes else folder
        where.mkdir(parents=True, exist_ok=True)
        if alpha:
            seen = np.full((side, side, 1), 255, dtype=np.uint8)
            seen[: side // 4], seen[-side // 4 :] = 0, 128
            pixels = np.concatenate((pixels, seen), axis=2)
        Image.fromarray(pixels).save(where / f"{number:03d}.png")
    return folder
