"""Arrays of every shape, order and type show the pictures in them; hostile files are refused."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ganterm.core.errors import DataError
from ganterm.render.open import load_array
from ganterm.render.raster import Raster, from_nchw

RNG = np.random.default_rng(3)
BATCH = RNG.integers(0, 256, (4, 3, 5, 6), dtype=np.uint8)


def stored(array: npt.NDArray[np.generic], tmp_path: Path) -> Path:
    path = tmp_path / "array.npy"
    np.save(path, array)
    return path


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (BATCH, from_nchw(BATCH.tobytes(), BATCH.shape)),
        (BATCH.transpose(0, 2, 3, 1), from_nchw(BATCH.tobytes(), BATCH.shape)),
        (BATCH[0].transpose(1, 2, 0), from_nchw(BATCH.tobytes(), BATCH.shape)[:1]),
        (BATCH[:, 0], from_nchw(BATCH[:, 0].tobytes(), (4, 1, 5, 6))),
        (BATCH[:, :1], from_nchw(BATCH[:, 0].tobytes(), (4, 1, 5, 6))),
        (BATCH[0, 0], from_nchw(BATCH[0, 0].tobytes(), (1, 1, 5, 6))),
        (BATCH[0, 0, :, :, None], from_nchw(BATCH[0, 0].tobytes(), (1, 1, 5, 6))),
    ],
)
def test_shapes(
    array: npt.NDArray[np.uint8], expected: list[Raster], fortran: bool, tmp_path: Path
) -> None:
    """One image or many, channels first or last or none, C or Fortran order: the same pixels."""
    laid = np.asfortranarray(array) if fortran else np.ascontiguousarray(array)
    assert load_array(stored(laid, tmp_path)) == expected


@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize(
    ("values", "pixels"),
    [([-1, 0, 1], [0, 128, 255]), ([0, 0.5, 1], [0, 128, 255]), ([0, 99.6, 255], [0, 100, 255])],
)
def test_ranges_of_floats(
    kind: str, values: list[float], pixels: list[int], tmp_path: Path
) -> None:
    """Floats are taken as [-1, 1] if any is negative, as [0, 1] or as [0, 255] by their values."""
    (raster,) = load_array(stored(np.array([values], dtype=kind), tmp_path))
    assert raster == Raster(3, 1, 1, bytes(pixels))


@pytest.mark.parametrize("kind", ["?", "i1", "<i2", ">u2", "<i4", ">i8", "<u8"])
def test_integers(kind: str, tmp_path: Path) -> None:
    """Integers within a byte are taken as they are, truth values as black and white."""
    (raster,) = load_array(stored(np.array([[0, 1, 100]]).astype(kind), tmp_path))
    assert raster.pixels == (bytes([0, 255, 255]) if kind == "?" else bytes([0, 1, 100]))


def test_limit_reads_the_first(tmp_path: Path) -> None:
    """Of a large array only as many images are read as asked for, the first ones."""
    array = RNG.random((500, 8, 8), dtype=np.float32)
    path = stored(array, tmp_path)
    assert len(load_array(path)) == 500
    assert len(load_array(path, limit=7)) == 7
    assert [r.pixels[0] for r in load_array(path, limit=7)] == [
        int(value * 255 + 0.5) for value in array[:7, 0, 0]
    ]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((2, 2, 5, 5)), "shape"),
        (np.zeros((0, 8, 8)), "no pixels"),
        (np.array([[0.0, np.nan]]), "finite"),
        (np.array([[0.0, -np.inf]]), "finite"),
        (np.array([[-3.0, 1.0]]), "between -3 and 1"),
        (np.array([[0, 256]]), "between 0 and 256"),
        (np.array([[1j]]), "save it as uint8"),
        (np.array([["a"]]), "save it as uint8"),
        (np.array([[None]]), "save it as uint8"),
    ],
)
def test_what_is_no_picture(array: npt.NDArray[np.generic], words: str, tmp_path: Path) -> None:
    """Arrays that are no pictures are refused by name, objects without ever being unpickled."""
    with pytest.raises(DataError, match=rf"array\.npy cannot be (shown|read): .*{words}.*\.$"):
        load_array(stored(array, tmp_path))


def header(text: bytes, *, size: int | None = None) -> bytes:
    return b"\x93NUMPY\x01\x00" + (size or len(text)).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\x10",
        b"\x93NUMPY\x03\x00\xff\xff\xff\xff",
        header(b"{'descr': '|u1'}"),
        header(b"[" * 60_000),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999, 28, 28)}" + b"x"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 28)}"),
        header(b"{'descr': '|u1', 'fortran_order': False, 'shape': (True, 28)}"),
        header(b"{'descr': '', 'fortran_order': False, 'shape': (1, 1)}"),
        header(b"{'descr': ['u1'], 'fortran_order': False, 'shape': (1, 1)}"),
        header(b"__import__('os').abort()"),
        header(b"\xff\xfe"),
        header(b"{}", size=60_000),
        b"\x93NUMPY\x02\x00\x80\x38\x01\x00"
        + b"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}".ljust(80_000)
        + b"x",
    ],
)
def test_hostile_files(content: bytes, tmp_path: Path) -> None:
    """Headers that lie, end early or carry code give one sentence that names the file."""
    path = tmp_path / "bad\x1b.npy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\\x1b\.npy cannot be read: .*\.$"):
        load_array(path)


def test_missing_file(tmp_path: Path) -> None:
    """A file that cannot be opened is named."""
    with pytest.raises(DataError, match=r"none\.npy cannot be read"):
        load_array(tmp_path / "none.npy")
