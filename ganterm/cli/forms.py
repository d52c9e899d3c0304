"""The forms that images are given in."""

from enum import Enum


class OutputForm(Enum):
    """What images are written as; the values are those of `--format`."""

    TERM = "term"
    PNG = "png"
    FILES = "files"
    NPY = "npy"
    GIF = "gif"
    APNG = "apng"
    WEBP = "webp"
    ANSI = "ansi"
    TXT = "txt"


FILMS = frozenset({OutputForm.GIF, OutputForm.APNG, OutputForm.WEBP})
"""The forms that show one image after another."""
