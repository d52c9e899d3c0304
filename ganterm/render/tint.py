"""Colours in place of greys, and greys spread further apart: how pictures are shown, not changed.

Tints colour what was already rounded to few greys, so a coloured frame has no more runs than a
grey one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from ganterm.render import palette
from ganterm.render.colour import ColourMode
from ganterm.render.halfblock import Run
from ganterm.render.raster import Raster

Tint = Literal["grey", "inverted", "viridis"]
TINTS: Final[tuple[Tint, ...]] = get_args(Tint)

Contrast = Literal["as it is", "stretched", "lighter"]
CONTRASTS: Final[tuple[Contrast, ...]] = get_args(Contrast)

_VIRIDIS: Final = bytes.fromhex(
    "44015444025645045745055946075a46085c460a5d460b5e470d60470e61471063471164471365481467481668"
    "48176948186a481a6c481b6d481c6e481d6f481f70482071482173482374482475482576482677482878482979"
    "472a7a472c7a472d7b472e7c472f7d46307e46327e46337f463480453581453781453882443983443a83443b84"
    "433d84433e85423f854240864241864142874144874045884046883f47883f48893e49893e4a893e4c8a3d4d8a"
    "3d4e8a3c4f8a3c508b3b518b3b528b3a538b3a548c39558c39568c38588c38598c375a8c375b8d365c8d365d8d"
    "355e8d355f8d34608d34618d33628d33638d32648e32658e31668e31678e31688e30698e306a8e2f6b8e2f6c8e"
    "2e6d8e2e6e8e2e6f8e2d708e2d718e2c718e2c728e2c738e2b748e2b758e2a768e2a778e2a788e29798e297a8e"
    "297b8e287c8e287d8e277e8e277f8e27808e26818e26828e26828e25838e25848e25858e24868e24878e23888e"
    "23898e238a8d228b8d228c8d228d8d218e8d218f8d21908d21918c20928c20928c20938c1f948c1f958b1f968b"
    "1f978b1f988b1f998a1f9a8a1e9b8a1e9c891e9d891f9e891f9f881fa0881fa1881fa1871fa28720a38620a486"
    "21a58521a68522a78522a88423a98324aa8325ab8225ac8226ad8127ad8128ae8029af7f2ab07f2cb17e2db27d"
    "2eb37c2fb47c31b57b32b67a34b67935b77937b87838b9773aba763bbb753dbc743fbc7340bd7242be7144bf70"
    "46c06f48c16e4ac16d4cc26c4ec36b50c46a52c56954c56856c66758c7655ac8645cc8635ec96260ca6063cb5f"
    "65cb5e67cc5c69cd5b6ccd5a6ece5870cf5773d05675d05477d1537ad1517cd2507fd34e81d34d84d44b86d549"
    "89d5488bd6468ed64590d74393d74195d84098d83e9bd93c9dd93ba0da39a2da37a5db36a8db34aadc32addc30"
    "b0dd2fb2dd2db5de2bb8de29bade28bddf26c0df25c2df23c5e021c8e020cae11fcde11dd0e11cd2e21bd5e21a"
    "d8e219dae319dde318dfe318e2e418e5e419e7e419eae51aece51befe51cf1e51df4e61ef6e620f8e621fbe723"
    "fde725"
)
"""The 256 colours of viridis, dark to light: perceptually uniform, and read as well in grey or by
the colour-blind (S. van der Walt and N. Smith, 2015; placed in the public domain, CC0)."""
_COLOURS: Final = tuple(
    int.from_bytes(_VIRIDIS[3 * level : 3 * level + 3], "big") for level in range(256)
)
_INVERTED: Final = bytes(range(255, -1, -1))
_LIGHTER: Final = bytes(round(255 * (value / 255) ** 0.5) for value in range(256))
_OUTSIDE: Final = 0.01
"""Share of the pixels at either end that stretching lets go to black or to white."""


@dataclass(frozen=True)
class Tone:
    """How pictures are shown.

    Attributes:
        tint: the colours; `inverted` is for ink on paper.
        contrast: `stretched` spreads the values of all images together over the whole range,
            `lighter` lifts the dark ones (gamma 0.5).
    """

    tint: Tint = "grey"
    contrast: Contrast = "as it is"

    def prepared(self, images: Sequence[Raster]) -> list[Raster]:
        """Return the images as they are to be encoded; `coloured` does the rest."""
        images = [image.opaque() for image in images]
        if self.tint == "viridis":
            images = [image.to_grey() for image in images]
        table = _table(self.contrast, images)
        if self.tint == "inverted":
            table = table.translate(_INVERTED)
        return [
            Raster(image.width, image.height, image.channels, image.pixels.translate(table))
            for image in images
        ]

    def coloured(self, lines: Iterable[Iterable[Run]], mode: ColourMode) -> list[list[Run]]:
        """Return encoded lines in the tint's colours, as far as `mode` has them."""
        if self.tint != "viridis":
            return [list(runs) for runs in lines]
        return [
            [Run(run.text, _tinted(run.fg, mode), _tinted(run.bg, mode)) for run in runs]
            for runs in lines
        ]

    def next_tint(self) -> Tone:
        """Return the same in the next colours."""
        return replace(self, tint=TINTS[(TINTS.index(self.tint) + 1) % len(TINTS)])

    def next_contrast(self) -> Tone:
        """Return the same with the next contrast."""
        after = CONTRASTS.index(self.contrast) + 1
        return replace(self, contrast=CONTRASTS[after % len(CONTRASTS)])

    @property
    def paper(self) -> int:
        """The grey between images: what an empty image has."""
        return 255 if self.tint == "inverted" else 0

    @property
    def words(self) -> str:
        """What is not as usual, in a few words; empty if nothing is."""
        parts = (
            self.tint if self.tint != "grey" else "",
            self.contrast if self.contrast != "as it is" else "",
        )
        return ", ".join(part for part in parts if part)


def _tinted(grey: int | None, mode: ColourMode) -> int | None:
    return None if grey is None else palette.snap(_COLOURS[grey & 0xFF], mode)


def _table(contrast: Contrast, images: Sequence[Raster]) -> bytes:
    if contrast == "lighter":
        return _LIGHTER
    if contrast == "stretched":
        low, high = _ends(images)
        if low < high:
            scaled = (round(255 * (value - low) / (high - low)) for value in range(256))
            return bytes(min(max(value, 0), 255) for value in scaled)
    return bytes(range(256))


def _ends(images: Sequence[Raster]) -> tuple[int, int]:
    """Return between which values all pixels but for `_OUTSIDE` at either end lie."""
    pixels = b"".join(image.pixels for image in images)
    counts = [pixels.count(value) for value in range(256)]
    spare = _OUTSIDE * len(pixels)
    return _first_beyond(counts, spare), 255 - _first_beyond(counts[::-1], spare)


def _first_beyond(counts: Sequence[int], spare: float) -> int:
    for value, count in enumerate(counts):
        spare -= count
        if spare < 0:
            return value
    return 0
