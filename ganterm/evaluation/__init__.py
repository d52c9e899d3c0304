"""Judging generated images: a classifier that ganterm trains itself, and scores of what it sees."""

from typing import Final

IMAGES: Final = 10_000
"""Generated images that are judged, and as many real ones, unless another number is asked for."""
