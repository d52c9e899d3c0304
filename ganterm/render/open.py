"""A file the user names, opened as pictures whatever its kind."""

from os import PathLike
from pathlib import Path

from ganterm.errors import ConfigError, DataError
from ganterm.render.npy import MAGIC, load_array
from ganterm.render.raster import Raster
from ganterm.render.sheet import load_sheet
from ganterm.render.text import safe_text


def open_raster(path: str | PathLike[str], *, limit: int = 1024) -> list[Raster]:
    """Read an image file or a .npy array as rasters of equal size, at most `limit` of them.

    What a file is, its first bytes say, not its name. An image file gives one raster (see
    `load_image`), a sample sheet those it was made of (see `load_sheet`), an array one for each
    image in it (see `load_array`). Raises ConfigError if there is no such file, DataError if it
    cannot be read or is neither.
    """
    path = Path(path)
    name = safe_text(str(path))
    if path.is_dir():
        raise ConfigError(f"{name} is a directory; name an image or a .npy file in it.")
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except FileNotFoundError:
        raise ConfigError(f"There is no file {name}; check the path.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None
    if magic == MAGIC:
        return load_array(path, limit=limit)
    return load_sheet(path)[:limit]
