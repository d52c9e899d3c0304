"""Files of others, broken in any way: a sentence or what they hold; no crash, no hang, no growth.

Each is a sound file of some kind, changed by numbers that its seed draws.
"""

from __future__ import annotations

import gzip
import io
import os
import random
import resource
import signal
import struct
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from PIL import Image, features
from safetensors.torch import save

from ganterm.client.pictures import open_pictures
from ganterm.core.errors import GantermError
from ganterm.data.given import load_given
from ganterm.exchange.statedict import read_state
from ganterm.inference.load import load_generator
from ganterm.runs.layout import RunDir

GROWTH, SECONDS = 256 << 20, 10.0
"""What all the files of a batch may take of memory, and each of time."""
BATCH = 250
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 64) - 1)


def changed(data: bytes, draw: random.Random) -> bytes:
    """Return the bytes with one to four changes."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        # What says how the rest is to be read stands at the beginning of most formats.
        most = len(found) if draw.random() < 0.5 else min(len(found), 400)
        at = draw.randrange(most) if most else 0
        size = draw.choice((1, 2, 4, 8))
        match draw.randrange(7):
            case 0:
                found[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                number = draw.choice(_NUMBERS) % (1 << 8 * size)
                found[at : at + size] = number.to_bytes(size, draw.choice(("little", "big")))
            case 2:
                del found[at:]
            case 3:
                del found[at : at + draw.randint(1, 64)]
            case 4:
                found[at:at] = draw.randbytes(draw.randint(1, 64))
            case 5:
                found[at:at] = found[at : at + draw.randint(1, 64)] * draw.choice((1, 2, 1000))
            case _:
                for _ in range(draw.randint(1, 16)):
                    if found:
                        found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
    return bytes(found)


def changed_inside(data: bytes, draw: random.Random) -> bytes:
    """Return the bytes changed where checksums and lengths of a container do not show it."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as before:
            entries = {each.filename: before.read(each) for each in before.infolist()}
        one = draw.choice([*entries, *5 * [name for name in entries if "data.pkl" in name]])
        entries[one] = changed(entries[one], draw)
        with zipfile.ZipFile(buffer := io.BytesIO(), "w") as after:
            for name, content in entries.items():
                after.writestr(name, content)
        return buffer.getvalue()
    if data[8:9] == b"{":
        (length,) = struct.unpack("<Q", data[:8])
        told = changed(data[8 : 8 + length], draw)
        return struct.pack("<Q", len(told)) + told + data[8 + length :]
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(changed(gzip.decompress(data), draw))
    return changed(data, draw)


def weights() -> list[bytes]:
    """Return files of weights as torch.save writes them, and safetensors."""
    state = {
        "main.0.weight": torch.rand(8, 4, 4, 4),
        "main.1.running_mean": torch.rand(4),
        "main.1.num_batches_tracked": torch.tensor(3),
        "main.3.weight_orig": torch.rand(4, 1, 4, 4),
        "main.3.weight_u": torch.rand(4),
        "main.3.weight_v": torch.rand(16),
    }
    whole = {"g_ema": state, "g": state, "d": state, "epoch": 3, "loss": [0.5, np.float64(1)]}
    found = []
    for each, new in ((state, True), (whole, True), (state, False), (whole, False)):
        torch.save(each, buffer := io.BytesIO(), _use_new_zipfile_serialization=new)
        found.append(buffer.getvalue())
    return [*found, save(state)]


def pictures() -> list[bytes]:
    """Return a picture of each kind that is read."""
    grey = Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 31), np.uint8))
    colour = Image.merge("RGB", (grey, grey.rotate(90), grey))
    kinds: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((each, kind, {}) for each in (grey, colour) for kind in ("PNG", "JPEG", "TIFF", "BMP")),
        *((each, kind, {}) for each in (grey, colour) for kind in ("GIF", "PPM", "TGA")),
        (colour, "TIFF", {"compression": "tiff_lzw"}),
        (colour, "TIFF", {"compression": "jpeg"}),
        (grey.convert("F"), "TIFF", {"compression": "tiff_adobe_deflate"}),
        (grey.convert("I;16"), "PNG", {}),
        (colour.convert("P"), "PNG", {"transparency": 3}),
        (colour.convert("RGBA"), "PNG", {}),
        (colour.convert("CMYK"), "JPEG", {"progressive": True}),
        (colour, "WEBP", {"lossless": True}),
        (colour, "JPEG2000", {}),
        *([(colour, "AVIF", {})] if features.check("avif") else []),
    ]
    found = []
    for image, kind, options in kinds:
        image.save(buffer := io.BytesIO(), kind, **options)
        found.append(buffer.getvalue())
    return [*found, *arrays()[:2]]


def arrays() -> list[bytes]:
    """Return arrays and files of images."""
    images = np.random.default_rng(0).integers(0, 255, (6, 12, 12), np.uint8)
    found = []
    for each in (images, images / np.float32(255)):
        np.save(buffer := io.BytesIO(), each)
        found.append(buffer.getvalue())
    np.savez_compressed(buffer := io.BytesIO(), images=images, labels=np.arange(6))
    idx = b"\0\0\x08\x03" + struct.pack(">III", *images.shape) + images.tobytes()
    return [*found, buffer.getvalue(), idx, gzip.compress(idx)]


@cache
def checkpoint(path: Path) -> list[bytes]:
    return [path.read_bytes()]


KINDS: dict[str, tuple[Callable[[], list[bytes]] | None, Callable[[Path], object], int]] = {
    "weights": (weights, read_state, 3000),
    "checkpoints": (None, load_generator, 500),
    "pictures": (pictures, lambda path: open_pictures(str(path)), 4000),
    "arrays": (arrays, lambda path: load_given(str(path)), 2000),
}
"""Sound files of a kind, what reads them, and how many are changed."""


def _too_long(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError


def batch(
    seeds: range, sound: list[bytes], read: Callable[[Path], object], place: Path
) -> Counter[str]:
    """Return what came of the files of these seeds, read in a copy of this process."""
    readable, writable = os.pipe()
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGALRM, _too_long)
        path = place / "x"
        tell = os.fdopen(writable, "w")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for seed in seeds:
            draw = random.Random(seed)
            change = draw.choice((changed, changed_inside))
            path.write_bytes(change(draw.choice(sound), draw))
            tell.write(f"{seed} ")
            tell.flush()
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            try:
                read(path)
                words = "read"
            except GantermError:
                words = "refused"
            except BaseException as error:  # noqa: BLE001 - all that may come is to be counted
                where = traceback.extract_tb(error.__traceback__)[-1]
                words = f"raised {type(error).__name__} in {where.name}"
            signal.setitimer(signal.ITIMER_REAL, 0)
            tell.write(f"{words}\n")
        if 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) > GROWTH:
            tell.write(f"{seeds} grew\n")
        tell.flush()
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as file:
        told = file.read().splitlines()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    counts = Counter(line.partition(" ")[2] for line in told)
    if code:
        counts[f"ended with {code} at {told[-1:]}"] += 1
    return counts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.01, pytest.param(1.0, marks=pytest.mark.slow)])
def test_nothing_else_comes_of_a_broken_file(
    kind: str, share: float, trained: RunDir, tmp_path: Path
) -> None:
    """A file is read, or refused in a sentence."""
    make, read, many = KINDS[kind]
    torch.manual_seed(0)
    sound = make() if make else checkpoint(trained.checkpoint_path(6))
    counts = Counter[str]()
    many = int(many * share)
    for begin in range(0, many, BATCH):
        counts += batch(range(begin, min(begin + BATCH, many)), sound, read, tmp_path)
    print(kind, dict(counts))  # noqa: T201 - a figure that is wanted
    assert counts.keys() <= {"read", "refused"}, counts
    assert counts.total() == many
    assert counts["refused"] > many / 5
