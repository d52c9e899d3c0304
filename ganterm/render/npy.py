"""Arrays saved by NumPy read as pictures, without NumPy and without ever unpickling."""

import ast
import math
import os
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from ganterm.errors import DataError
from ganterm.render.imagefile import MAX_PIXELS
from ganterm.render.raster import Raster
from ganterm.render.text import safe_text

MAGIC = b"\x93NUMPY"

_MAX_HEADER = 65_536
_MAX_CONVERTED = 16_000_000
"""Values that are no bytes are converted one by one; more than these would take many seconds."""

# NumPy's type codes, without byte order: what `struct` and `array` call them.
_TYPES = {"u1": "B", "b1": "B", "i1": "b", "u2": "H", "i2": "h", "u4": "I", "i4": "i"}
_TYPES |= {"u8": "Q", "i8": "q", "f2": "e", "f4": "f", "f8": "d"}


@dataclass(frozen=True, slots=True)
class _Header:
    order: str
    kind: str
    fortran: bool
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Axes:
    """Sizes of the images in an array, and how many values apart neighbours along an axis are."""

    count: int
    channels: int
    height: int
    width: int
    steps: tuple[int, int, int, int]


def load_array(path: str | PathLike[str], *, limit: int = 1024) -> list[Raster]:
    """Read at most `limit` images from a .npy file.

    Shapes: (H, W), (H, W, C), (N, H, W), (N, C, H, W), (N, H, W, C) with C 1 or 3; an array of
    three axes is one image if its last axis is 1 or 3. Values: uint8, bool, integers in 0..255,
    floats in [0, 1], in [-1, 1] if any is negative, or in [0, 255]. Raises DataError, naming the
    file, for anything else, a file that ends early, or one too large to show.
    """
    name = safe_text(str(path))
    try:
        with Path(path).open("rb") as file:
            header = _read_header(file)
            axes = _axes(header)
            values = _read_values(file, header, axes, limit)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DataError(f"{name} cannot be shown: {error}.") from None
    return [_image(values, axes, index) for index in range(min(axes.count, limit))]


def _read_header(file: BinaryIO) -> _Header:
    start = file.read(8)
    if start[:6] != MAGIC or len(start) != 8:
        raise ValueError("it is no .npy array")
    size_format = "<H" if start[6] == 1 else "<I"
    raw = file.read(struct.calcsize(size_format))
    size = struct.unpack(size_format, raw)[0] if len(raw) == struct.calcsize(size_format) else 0
    if not 0 < size <= _MAX_HEADER:
        raise ValueError("its header is damaged")
    try:
        fields = ast.literal_eval(file.read(size).decode("utf-8"))
        descr, fortran, shape = (fields[key] for key in ("descr", "fortran_order", "shape"))
        order, kind = descr[0], descr[1:]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError, IndexError):
        raise ValueError("its header is damaged") from None
    if order not in "<>|=" or kind not in _TYPES:
        raise ValueError(
            f"its values are {safe_text(str(descr))[:40]}; save it as uint8 or as float32"
        )
    if not isinstance(shape, tuple) or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError("its header is damaged")
    return _Header("" if order in "|=" else order, kind, bool(fortran), shape)


def _axes(header: _Header) -> _Axes:
    shape = header.shape
    steps = [0] * len(shape)
    step = 1
    for axis in range(len(shape)) if header.fortran else reversed(range(len(shape))):
        steps[axis] = step
        step *= shape[axis]
    order = _axis_order(shape)
    # An axis that is not there has size 1; the step along it is never taken.
    sizes = [1 if axis is None else shape[axis] for axis in order]
    strides = [0 if axis is None else steps[axis] for axis in order]
    count, channels, height, width = sizes
    if not count * channels * height * width:
        raise ValueError(f"its shape {shape} has no pixels")
    if height * width > MAX_PIXELS:
        raise ValueError(f"its images have {height}x{width} pixels, too many to show")
    return _Axes(count, channels, height, width, (strides[0], strides[1], strides[2], strides[3]))


def _axis_order(shape: tuple[int, ...]) -> tuple[int | None, ...]:
    """Which axis holds images, channels, rows and columns; None where there is none."""
    if len(shape) == 2:
        return None, None, 0, 1
    if len(shape) == 3:
        return (None, 2, 0, 1) if shape[2] in {1, 3} else (0, None, 1, 2)
    if len(shape) == 4 and shape[1] in {1, 3}:
        return 0, 1, 2, 3
    if len(shape) == 4 and shape[3] in {1, 3}:
        return 0, 3, 1, 2
    raise ValueError(
        f"its shape {shape} is none of (H, W), (H, W, C), (N, H, W), (N, C, H, W), (N, H, W, C) "
        "with 1 or 3 channels"
    )


def _read_values(file: BinaryIO, header: _Header, axes: _Axes, limit: int) -> bytes:
    """Return the values as uint8, of an array in C order only those of the images asked for."""
    size = struct.calcsize(_TYPES[header.kind])
    total = math.prod(header.shape)
    if os.fstat(file.fileno()).st_size - file.tell() < total * size:
        raise ValueError("the file ends before the array does")
    wanted = total
    if not header.fortran:
        wanted = min(axes.count, limit) * (total // axes.count)
    if wanted > (4 * MAX_PIXELS if size == 1 else _MAX_CONVERTED):
        raise ValueError("it is too large to show; save some of its images, as uint8")
    return _to_uint8(file.read(wanted * size), header)


def _to_uint8(raw: bytes, header: _Header) -> bytes:
    if header.kind == "u1":
        return raw
    if header.kind == "b1":
        return raw.translate(bytes([0] + [255] * 255))
    code = _TYPES[header.kind]
    values: Sequence[float]
    if code == "e":
        values = struct.unpack(f"{header.order}{len(raw) // 2}e", raw)
    else:
        values = array(code, raw)
        if header.order == (">" if sys.byteorder == "little" else "<"):
            values.byteswap()
    if not math.isfinite(sum(values)):
        raise ValueError("it holds values that are no finite numbers")
    low, high = min(values), max(values)
    slack = 1e-3 if header.kind[0] == "f" else 0
    if header.kind[0] == "f" and -1 - slack <= low and high <= 1 + slack:
        scale, offset = (127.5, 127.5) if low < -slack else (255.0, 0.0)
    elif -slack <= low and high <= 255 + slack:
        scale, offset = 1.0, 0.0
    else:
        raise ValueError(
            f"its values lie between {low:.4g} and {high:.4g}; save it as uint8 or as floats "
            "in [-1, 1] or [0, 1]"
        )
    return bytes([min(255, max(0, int(value * scale + offset + 0.5))) for value in values])


def _image(values: bytes, axes: _Axes, index: int) -> Raster:
    by_image, by_channel, by_row, by_column = axes.steps
    pixels = bytearray(axes.height * axes.width * axes.channels)
    line = axes.width * axes.channels
    for channel in range(axes.channels):
        for y in range(axes.height):
            start = index * by_image + channel * by_channel + y * by_row
            stop = start + (axes.width - 1) * by_column + 1
            pixels[y * line + channel : (y + 1) * line : axes.channels] = values[
                start : stop : max(by_column, 1)
            ]
    return Raster(axes.width, axes.height, axes.channels, bytes(pixels))
