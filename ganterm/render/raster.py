"""A picture in memory: uint8 pixels in rows, and the few operations that drawing needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ganterm.core.dataspec import CHANNELS

MODES: Final = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name of pictures by their channels."""
_CHECKS: Final = 8
"""Squares of the checkerboard along the shorter side of what lies over it."""
_CHECKERBOARD: Final = (96, 144)
"""Its greys."""


@dataclass(frozen=True, slots=True)
class Raster:
    """An image of `height` rows of `width` pixels, grey (`channels` 1), RGB (3) or RGBA (4).

    `pixels` holds height x width x channels bytes, row by row, channels last, 0 black to 255.
    Colours are not multiplied by alpha. Raises ValueError if the sizes do not agree.
    """

    width: int
    height: int
    channels: int
    pixels: bytes

    def __post_init__(self) -> None:
        if self.channels not in CHANNELS:
            raise ValueError(f"a raster has 1, 3 or 4 channels, not {self.channels}")
        if self.width < 0 or self.height < 0:
            raise ValueError(f"a raster cannot be {self.width}x{self.height}")
        if len(self.pixels) != self.width * self.height * self.channels:
            raise ValueError(
                f"{self.width}x{self.height}x{self.channels} is not {len(self.pixels)} bytes"
            )

    def row(self, y: int) -> bytes:
        """Return row `y`, 0 at the top: width x channels bytes."""
        stride = self.width * self.channels
        return self.pixels[y * stride : (y + 1) * stride]

    def rows(self) -> list[bytes]:
        """Return every row from the top."""
        return [self.row(y) for y in range(self.height)]

    def crop(self, left: int, top: int, width: int, height: int) -> Raster:
        """Return the rectangle of that size at (left, top); raises ValueError if it sticks out."""
        if min(left, top, width, height) < 0 or (
            left + width > self.width or top + height > self.height
        ):
            raise ValueError(
                f"no {width}x{height} at ({left}, {top}) in {self.width}x{self.height}"
            )
        start, stop = left * self.channels, (left + width) * self.channels
        rows = (self.row(y)[start:stop] for y in range(top, top + height))
        return Raster(width, height, self.channels, b"".join(rows))

    def pad(
        self, *, left: int = 0, top: int = 0, right: int = 0, bottom: int = 0, value: int = 0
    ) -> Raster:
        """Return the image with margins of those widths, each of their channels set to `value`."""
        width = left + self.width + right
        fill = bytes([value])
        before, after = fill * (left * self.channels), fill * (right * self.channels)
        line = fill * (width * self.channels)
        body = b"".join(before + row + after for row in self.rows())
        return Raster(
            width, top + self.height + bottom, self.channels, line * top + body + line * bottom
        )

    def scale(self, width: int, height: int) -> Raster:
        """Return the image at that size: enlarged by repeating pixels, reduced by averaging them.

        Nothing is interpolated on the way up, so that what is seen are the pixels there are.
        """
        small = self._reduced(min(width, self.width), min(height, self.height))
        return small._enlarged(width, height)

    def _reduced(self, width: int, height: int) -> Raster:
        if (width, height) == (self.width, self.height):
            return self
        if not width or not height:
            return Raster(width, height, self.channels, b"")
        from PIL import Image  # noqa: PLC0415 - only reducing needs Pillow

        image = Image.frombytes(MODES[self.channels], self._size, self.pixels)
        if self.channels == 4:
            image = image.convert("RGBa")  # what cannot be seen has no part in an average
        if self.width % width == 0 and self.height % height == 0:
            image = image.reduce((self.width // width, self.height // height))
        else:
            # A plain box would take two source pixels here and three there; Hamming's soft edge
            # keeps strokes even.
            image = image.resize((width, height), Image.Resampling.HAMMING)
        if self.channels == 4:
            image = image.convert("RGBA")
        return Raster(width, height, self.channels, image.tobytes())

    def _enlarged(self, width: int, height: int) -> Raster:
        if (width, height) == self._size or not self.pixels:
            return self
        columns = [x * self.width // width for x in range(width)]
        rows = []
        for row in self.rows():
            wide = bytearray(width * self.channels)
            for channel in range(self.channels):
                plane = row[channel :: self.channels]
                wide[channel :: self.channels] = bytes([plane[x] for x in columns])
            rows.append(bytes(wide))
        pixels = b"".join(rows[y * self.height // height] for y in range(height))
        return Raster(width, height, self.channels, pixels)

    def to_rgb(self) -> Raster:
        """Return the image with three channels; what is transparent lies over a checkerboard."""
        if self.channels == 3:
            return self
        if self.channels == 4:
            return self._over_checks()
        pixels = bytearray(3 * len(self.pixels))
        pixels[0::3] = pixels[1::3] = pixels[2::3] = self.pixels
        return Raster(self.width, self.height, 3, bytes(pixels))

    def to_grey(self) -> Raster:
        """Return the image with one channel, the luma of ITU-R BT.601."""
        if self.channels == 1:
            return self
        pixels = self.to_rgb().pixels
        red, green, blue = (pixels[channel::3] for channel in range(3))
        luma = bytes(
            [
                (299 * r + 587 * g + 114 * b) // 1000
                for r, g, b in zip(red, green, blue, strict=True)
            ]
        )
        return Raster(self.width, self.height, 1, luma)

    def to_rgba(self) -> Raster:
        """Return the image with four channels, opaque where it had no transparency."""
        if self.channels == 4:
            return self
        colours, pixels = self.to_rgb().pixels, bytearray(b"\xff" * (4 * self.width * self.height))
        for channel in range(3):
            pixels[channel::4] = colours[channel::3]
        return Raster(self.width, self.height, 4, bytes(pixels))

    def opaque(self) -> Raster:
        """Return the image as it is seen, without transparency; others unchanged."""
        return self.to_rgb() if self.channels == 4 else self

    def _over_checks(self) -> Raster:
        from PIL import Image  # noqa: PLC0415 - only transparency needs Pillow

        edge = max(1, min(self._size) // _CHECKS)
        dark, light = (bytes([grey] * 3 + [255]) * edge for grey in _CHECKERBOARD)
        line = (dark + light) * (self.width // edge // 2 + 1)
        rows = [line[: 4 * self.width], line[4 * edge :][: 4 * self.width]]
        below = b"".join(rows[y // edge % 2] for y in range(self.height))
        board = Image.frombytes("RGBA", self._size, below)
        above = Image.frombytes("RGBA", self._size, self.pixels)
        shown = Image.alpha_composite(board, above).convert("RGB")
        return Raster(self.width, self.height, 3, shown.tobytes())

    def without_false_colour(self) -> Raster:
        """Return an image without channels that say nothing: alpha of 255, colours all the same."""
        if self.channels == 4 and self.pixels[3::4] == b"\xff" * (self.width * self.height):
            return self.to_rgb().without_false_colour()
        if self.channels == 3:
            red = self.pixels[0::3]
            if red == self.pixels[1::3] == self.pixels[2::3]:
                return Raster(self.width, self.height, 1, red)
        return self

    @property
    def _size(self) -> tuple[int, int]:
        return self.width, self.height


def from_nchw(data: bytes, shape: Sequence[int]) -> list[Raster]:
    """Split the bytes of a uint8 tensor (N, C, H, W), C being 1, 3 or 4, into N rasters.

    Colours with alpha are multiplied by it in tensors, and in rasters are not. Raises ValueError if
    shape and bytes do not agree.
    """
    count, channels, height, width = shape
    plane = height * width
    if len(data) != count * channels * plane:
        raise ValueError(f"shape {tuple(shape)} is not {len(data)} bytes")
    rasters = []
    for start in range(0, len(data), channels * plane) if plane else ():
        pixels = bytearray(channels * plane)
        for channel in range(channels):
            begin = start + channel * plane
            pixels[channel::channels] = data[begin : begin + plane]
        found = bytes(pixels)
        if channels == 4:
            from PIL import Image  # noqa: PLC0415 - only transparency needs Pillow

            found = Image.frombytes("RGBa", (width, height), found).convert("RGBA").tobytes()
        rasters.append(Raster(width, height, channels, found))
    return rasters


def grid(
    rasters: Iterable[Raster], columns: int, *, padding: int = 2, background: int = 0
) -> Raster:
    """Lay equally large rasters out in rows of `columns`, `padding` pixels apart.

    There is no margin around the whole. Places left over in the last row, and the gaps, have the
    grey level `background`, or are transparent. One RGB or RGBA raster makes the grid so. Raises
    ValueError if there is nothing to lay out, if sizes differ or `columns` is below 1.
    """
    tiles = list(rasters)
    if not tiles or columns < 1:
        raise ValueError("a grid takes at least one raster and one column")
    width, height = tiles[0].width, tiles[0].height
    if any((tile.width, tile.height) != (width, height) for tile in tiles):
        raise ValueError("the rasters of a grid must all have the same size")
    channels = max(tile.channels for tile in tiles)
    if channels > 1:
        tiles = [tile.to_rgb() if channels == 3 else tile.to_rgba() for tile in tiles]
    columns = min(columns, len(tiles))
    fill = bytes(4) if channels == 4 else bytes([background]) * channels
    total = columns * width + (columns - 1) * padding
    gap_column, gap_rows, blank = fill * padding, fill * (total * padding), fill * width
    bands = []
    for first in range(0, len(tiles), columns):
        band = [tile.rows() for tile in tiles[first : first + columns]]
        band += [[blank] * height] * (columns - len(band))
        bands.append(b"".join(gap_column.join(parts) for parts in zip(*band, strict=True)))
    total_height = len(bands) * height + (len(bands) - 1) * padding
    return Raster(total, total_height, channels, gap_rows.join(bands))
