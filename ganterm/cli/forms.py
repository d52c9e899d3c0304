"""The forms that `ganterm sample` gives images."""

from enum import Enum


class Form(Enum):
    """What images are written as; the values are those of `--format`."""

    TERM = "term"
    PNG = "png"
    FILES = "files"
    NPY = "npy"
    ANSI = "ansi"
    TXT = "txt"
