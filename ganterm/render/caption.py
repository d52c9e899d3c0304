"""A line of text under a picture, for pictures that leave the terminal."""

from ganterm.render.raster import Raster
from ganterm.render.text import safe_text

HEIGHT = 18
"""Pixels that a caption adds below."""

_LEFT, _TOP, _INK = 4, 2, 200


def captioned(picture: Raster, text: str) -> Raster:
    """Return the picture with `text` in grey on black below it; what is too long is cut off."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    strip = Image.new("L", (picture.width, HEIGHT))
    ImageDraw.Draw(strip).text(
        (_LEFT, _TOP), safe_text(text), fill=_INK, font=ImageFont.load_default(12)
    )
    below = Raster(picture.width, HEIGHT, 1, strip.tobytes())
    if picture.channels == 3:
        below = below.to_rgb()
    return Raster(
        picture.width, picture.height + HEIGHT, picture.channels, picture.pixels + below.pixels
    )
