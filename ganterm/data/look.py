"""A glance at pictures, and what is trained on them where nobody says; it needs no arrays.

Nobody has to say the recipe (`RECIPES` has one for each size of pictures), the size, which is one
that its networks make, nor whether they are in colour.
"""

import io
import os
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from operator import sub
from pathlib import Path
from statistics import median
from typing import IO, Final, TypeVar

import msgspec

from ganterm.components.augmentations import advice
from ganterm.components.datasets import BLACK, DATASETS
from ganterm.components.networks import DISCRIMINATORS, GENERATORS
from ganterm.config import FIELDS, Resolved, RunConfig, check, combine
from ganterm.config.fields import Value
from ganterm.core.dataspec import LEAST_SIDE, MOST_SIDE, ImageSize, Size
from ganterm.core.registry import is_reference, short
from ganterm.data.listing import Listing, Original, list_images
from ganterm.data.progress import ProgressCallback, silent
from ganterm.render.imagefile import (
    UnreadableImageError,
    is_grey,
    laid_over,
    opened,
    upright,
    upright_size,
)

RECIPES: Final = ((12, "dcgan"), (40, "pictures-32"), (64, "pictures-64"))
"""The recipe for pictures of up to so many pixels a side; the last one is that of larger ones too,
which are trained on as small as that."""
BY_DATA: Final = "the pictures"
"""Where a setting came from that was chosen here."""
BATCH = 32
"""Files handed to a thread that reads them at once."""
_MOST_HELD = 256 << 20
"""Bytes of files out of an archive that are held at once, besides one more."""
_SMALLEST: Final = 8
_GLANCE: Final = 64
"""Side in pixels at which colour is looked for."""
_NEARLY_GREY: Final = 8
"""Levels by which the channels of a grey picture may differ, such as after compression."""
_LOOKED_AT: Final = 32
"""Files that are looked at for their size and colours, spread over all of them."""
_SAME_SHAPE, _NEAR_SHAPE = 0.02, 0.05
"""By how much the proportions of pictures of one shape differ, and those they are trained at."""
_NEARLY_ALL: Final = 0.95
_SEEN: Final = 128
"""Alpha from which on a pixel counts as seen."""
_ALIKE: Final = 16
"""Levels by which corners of one colour may differ, such as after compression."""
_BRIGHT: Final = 200
"""Mean level of what is seen from which on it shows on black rather than on white."""

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Seen:
    """What a glance at a dataset found: how many pictures, and what they are like.

    `left_out` says how many other files there are, which are not trained on.
    """

    name: str
    count: int
    original: Original
    left_out: int = 0

    @property
    def words(self) -> str:
        """How they are, as the beginning of a sentence."""
        kind = "in colour" if self.original.colour else "grey"
        size = f"{self.original.width}x{self.original.height}"
        return f"The {self.count:,} pictures of {self.name} are {kind}, most about {size}"


def glance(config: RunConfig, progress: ProgressCallback = silent) -> Seen | None:
    """Look at some pictures of a folder; None for any other dataset that is not in colour.

    None as well where none of those that are looked at can be read. Raises as `list_images`.
    """
    facts = DATASETS.facts(config.dataset)
    if facts.path:
        split = facts.splits[0] if config.split == "all" else config.split
        listing = list_images(Path(facts.path), split, progress)
        original = original_of(listing)
        left_out = len(listing.others) + len(listing.outside)
        own = is_reference(config.dataset)
        name, count = short(config.dataset) if own else Path(facts.path).name, len(listing.paths)
        return Seen(name, count, original, left_out) if original else None
    spec = facts.spec
    if spec.is_points or spec.channels == 1:
        return None
    return Seen(
        short(config.dataset),
        facts.count("train"),
        Original(spec.size.width, spec.size.height, True),
    )


def resolve_for_data(
    typed: Mapping[str, object],
    *,
    config_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    before: Callable[[RunConfig], object] = lambda _: None,
) -> Resolved:
    """Resolve settings as `config.resolve` does; what none of its sources says, pictures do.

    `before` they are looked at is called with what is known. A note tells in one sentence what was
    chosen. Raises as `config.resolve` and `glance`.
    """
    found = combine(typed, config_file=config_file, environment=environment)
    before(found.config)
    seen = glance(found.config)
    if seen is None:
        check(found.config)
        return found
    chosen: dict[str, Value] = {}
    if found.origin["recipe"] == "default":
        given = found.origin["image_size"] not in {"default", f"recipe {found.config.recipe}"}
        chosen["recipe"] = recipe_for(seen, found.config.image_size if given else None)
        found = combine({**typed, **chosen}, config_file=config_file, environment=environment)
    own = f"recipe {found.config.recipe}" if chosen else ""
    given_ones = {name for name, source in found.origin.items() if source not in {"default", own}}
    chosen |= settings_for(seen, found.config, given_ones)
    config = msgspec.structs.replace(found.config, **chosen)
    check(config)
    notes = (*found.notes, *choice_words(seen, config, chosen))
    if "augment" not in given_ones and (few := advice(config, seen.count)):
        notes = (*notes, few)
    return replace(
        found, config=config, origin={**found.origin, **dict.fromkeys(chosen, BY_DATA)}, notes=notes
    )


def recipe_for(seen: Seen, image_size: ImageSize | None = None) -> str:
    """Return the recipe for pictures, to be trained on at a size that was given or at their own."""
    own = (seen.original.height, seen.original.width)
    side = max(own if image_size is None else Size.of(image_size))
    return next((name for most, name in RECIPES if side <= most), RECIPES[-1][1])


def settings_for(seen: Seen, config: RunConfig, given: Container[str]) -> dict[str, Value]:
    """Return what pictures say of a configuration, but for the settings that were `given`.

    That is their channels, the size next to theirs that the networks make, what they lie over where
    they are transparent, and a smaller batch where there are too few for one.
    """
    found: dict[str, Value] = {}
    if "channels" not in given:
        found["channels"] = 3 if seen.original.colour else 1
    if "image_size" not in given:
        longer = max(seen.original.width, seen.original.height)
        side = nearest_size(config, max(min(longer, RECIPES[-1][0]), _SMALLEST))
        found["image_size"] = shaped(config, seen.original, side)
    if "background" not in given and found.get("channels", config.channels) != 4:
        found["background"] = seen.original.background or config.background
    if "batch_size" not in given and 1 < seen.count < config.batch_size:
        found["batch_size"] = 1 << (seen.count.bit_length() - 1)
    return {name: value for name, value in found.items() if value != getattr(config, name)}


def choice_words(seen: Seen, config: RunConfig, chosen: Mapping[str, Value]) -> list[str]:
    """Say in one sentence what the pictures chose; nothing where they chose nothing."""
    if not chosen:
        return []
    how = "in colour" if config.channels > 1 else "in grey"
    how += f" over {config.background}" if "background" in chosen else ""
    recipe = f" by the recipe {config.recipe}" if "recipe" in chosen else ""
    size = config.data_spec.size
    how += f" at {size}" + ("" if size.is_square else " (height x width)")
    options = dict.fromkeys(
        FIELDS[name].option
        for name in ("recipe", "image_size", "channels", "background", "batch_size")
        if name in chosen
    )
    return [
        f"{seen.words}: they are trained on {how}{recipe}; "
        f"{' and '.join(options)} would choose otherwise."
    ]


def nearest_size(config: RunConfig, wanted: int) -> int:
    """Return the least side of images of at least `wanted` pixels that the networks can make.

    Where that is none, the largest; where they have none in common, `wanted`, which no check of the
    whole lets pass.
    """
    facts = GENERATORS.facts(config.generator), DISCRIMINATORS.facts(config.discriminator)
    sizes = [
        size
        for size in range(LEAST_SIDE, MOST_SIDE + 1)
        if all(size in fact.image_sizes for fact in facts)
    ]
    return next((size for size in sizes if size >= wanted), max(sizes, default=wanted))


def shaped(config: RunConfig, original: Original, longer: int) -> ImageSize:
    """Return the size of the shape of the pictures whose longer side has so many pixels.

    It is square unless nearly all pictures have one shape and the networks make about that.
    """
    width, height = original.width, original.height
    facts = GENERATORS.facts(config.generator), DISCRIMINATORS.facts(config.discriminator)
    wanted = longer * min(width, height) / max(width, height)
    for shorter in sorted(range(LEAST_SIDE, longer + 1), key=lambda side: abs(side - wanted)):
        if not original.alike or abs(shorter / wanted - 1) > _NEAR_SHAPE:
            break
        size = Size(longer, shorter) if height > width else Size(shorter, longer)
        if all(size in fact.image_sizes for fact in facts):
            return size.setting
    return longer


def original_of(listing: Listing) -> Original | None:
    """Look at some images, spread over all of them; None where none of those can be read."""
    if listing.archive is not None and listing.original is not None:
        return listing.original
    some = some_of(listing)
    seen = list(_readable(some))
    if not seen:
        return None
    width, height = sorted((width, height) for width, height, _ in seen)[len(seen) // 2]
    alike = sum(abs(w * height / (h * width) - 1) <= _SAME_SHAPE for w, h, _ in seen)
    found = Original(
        width,
        height,
        any(colour for *_, colour in seen),
        background_of(some),
        alike >= _NEARLY_ALL * len(seen),
    )
    listing.original = found
    return found


def each_of(
    listing: Listing,
    chosen: Sequence[int],
    look: Callable[[Path | IO[bytes]], _Found],
    what: str,
    progress: ProgressCallback,
) -> Iterator[tuple[int, _Found | UnreadableImageError]]:
    """Yield what `look` finds in each of the images `chosen`, or why it cannot be read.

    With it comes its place in the listing. `progress` is told of it as `what`.
    """

    def attempt(image: Path | IO[bytes]) -> _Found | UnreadableImageError:
        try:
            return look(image)
        except UnreadableImageError as error:
            return error

    waiting, done, held = listing.contents(chosen), 0, 0
    workers = min(8, os.cpu_count() or 1)
    under_way: deque[tuple[int, Future[list[tuple[int, _Found | UnreadableImageError]]]]] = deque()
    # Pillow decodes outside the interpreter lock, so threads are enough.
    with ThreadPoolExecutor(workers) as threads:
        while True:
            chunk = list(_up_to(_MOST_HELD // (2 * workers), islice(waiting, BATCH)))
            if chunk:
                size = sum(_bytes_of(image) for _, image in chunk)
                held += size
                attempts = ((index, attempt(image)) for index, image in chunk)
                under_way.append((size, threads.submit(list, attempts)))
            elif not under_way:
                break
            while under_way and (not chunk or len(under_way) > 2 * workers or held > _MOST_HELD):
                size, future = under_way.popleft()
                results = future.result()
                held -= size
                yield from results
                done += len(results)
                progress(what, done, len(chosen), "images")


def some_of(listing: Listing) -> list[Path | IO[bytes]]:
    """Return some images, spread over all of them; fewer where they are huge in an archive."""
    count = len(listing.paths)
    many = min(_LOOKED_AT, count)
    some = [count * part // many for part in range(many)]
    return [image for _, image in _up_to(_MOST_HELD, listing.contents(some))]


def _up_to(
    most: int, images: Iterator[tuple[int, Path | IO[bytes]]]
) -> Iterator[tuple[int, Path | IO[bytes]]]:
    """Yield images until they take `most` bytes of memory, of which files on the disk take none."""
    held = 0
    while held < most and (each := next(images, None)) is not None:
        held += _bytes_of(each[1])
        yield each


def _bytes_of(image: Path | IO[bytes]) -> int:
    return image.getbuffer().nbytes if isinstance(image, io.BytesIO) else 0


def _readable(images: Iterable[Path | IO[bytes]]) -> Iterator[tuple[int, int, bool]]:
    """Yield width, height and whether they show colour of those images that can be read."""
    for image in images:
        try:
            _, height, width = image_shape(image)
            yield width, height, has_colour(image)
        except UnreadableImageError:
            continue


def image_shape(path: Path | IO[bytes]) -> tuple[int, int, int]:
    """Give channels (1 or 3), height and width of an image file from its header.

    Raises UnreadableImageError.
    """
    with opened(path) as image:
        width, height = upright_size(image)
        return 1 if is_grey(image) else 3, height, width


def has_colour(path: Path | IO[bytes]) -> bool:
    """Say whether an image file shows colours, whatever its mode. Raises UnreadableImageError."""
    from PIL import ImageChops  # noqa: PLC0415

    with opened(path) as image:
        if is_grey(image):
            return False
        if image.format == "JPEG":
            image.draft(None, (_GLANCE, _GLANCE))
        shown = laid_over(upright(image), BLACK).convert("RGB")
        shown.thumbnail((_GLANCE, _GLANCE))
        red, green, blue = shown.split()
        pairs = ((red, green), (green, blue), (blue, red))
        peaks = (ImageChops.difference(*pair).getextrema()[1] for pair in pairs)
        return max(peaks) > _NEARLY_GREY  # type: ignore[operator]


def background_of(images: Sequence[Path | IO[bytes]]) -> str:
    """Return what transparent pictures best lie over, as a setting; nothing where none is such.

    That is the colour that most corners have, seen or kept under what is transparent; where they
    have no one colour, black under what is bright and white under all else.
    """
    corners: list[list[int]] = []
    looked = transparent = 0
    levels: list[float] = []
    if not any(map(_is_transparent, images)):
        return ""
    for image in images:
        try:
            with opened(image) as found:
                picture = upright(found).convert("RGBA")
        except UnreadableImageError:
            continue
        looked += 1
        lowest, _ = picture.getchannel("A").getextrema()
        transparent += lowest != 255
        right, bottom = picture.width - 1, picture.height - 1
        for place in ((0, 0), (right, 0), (0, bottom), (right, bottom)):
            *colour, alpha = picture.getpixel(place)  # type: ignore[misc]
            if alpha >= _SEEN or any(colour):
                corners.append(colour)
        seen = picture.getchannel("A").point(lambda alpha: 255 * (alpha >= _SEEN))
        if seen.getbbox():
            # The mean by the histogram of what the mask leaves.
            counts = picture.convert("L").histogram(seen)
            levels.append(sum(level * n for level, n in enumerate(counts)) / sum(counts))
    if not transparent:
        return ""
    if corners:
        usual = [round(median(each)) for each in zip(*corners, strict=True)]
        alike = sum(max(map(abs, map(sub, colour, usual))) <= _ALIKE for colour in corners)
        if alike > 2 * looked:  # of the four corners of each
            setting = "#{:02x}{:02x}{:02x}".format(*usual)
            return {"#000000": "black", "#ffffff": "white"}.get(setting, setting)
    return "black" if levels and median(levels) > _BRIGHT else "white"


def _is_transparent(path: Path | IO[bytes]) -> bool:
    try:
        with opened(path) as image:
            return image.has_transparency_data
    except UnreadableImageError:
        return False
