"""Files open by what they hold, not by what they are called."""

from pathlib import Path

import numpy as np
import pytest

from ganterm.core.errors import ConfigError, DataError
from ganterm.render.open import open_raster
from ganterm.render.png import save_png
from ganterm.render.raster import Raster
from ganterm.render.sheet import save_sheet

PICTURE = Raster(3, 2, 1, bytes(range(6)))


def test_images_and_arrays(tmp_path: Path) -> None:
    """An image is one raster, a sheet or an array as many as it holds up to the limit."""
    save_png(PICTURE, tmp_path / "picture.dat")
    assert open_raster(tmp_path / "picture.dat") == [PICTURE]
    save_sheet([PICTURE] * 3, 2, tmp_path / "sheet.png")
    assert open_raster(tmp_path / "sheet.png") == [PICTURE] * 3
    with (tmp_path / "array.png").open("wb") as file:
        np.save(file, np.zeros((5, 8, 8), dtype=np.uint8))
    assert open_raster(tmp_path / "array.png", limit=3) == [Raster(8, 8, 1, bytes(64))] * 3


def test_wrong_paths_are_named(tmp_path: Path) -> None:
    """No file, a directory and a file of another kind are told apart, safely."""
    with pytest.raises(ConfigError, match=r"no file .*no\\x1bthing; check the path\.$"):
        open_raster(tmp_path / "no\x1bthing")
    with pytest.raises(ConfigError, match="is a directory"):
        open_raster(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"notes\.txt cannot be read as an image"):
        open_raster(tmp_path / "notes.txt")
