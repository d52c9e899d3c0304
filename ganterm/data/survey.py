"""What there is in a folder of pictures, file by file, and the command that trains on it.

A glance at some (`ganterm.data.look`) is enough to train; this reads every one.
"""

import hashlib
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ganterm.components.scores.copies import SIDE, UNSEEN
from ganterm.config import FIELDS
from ganterm.config.draft import to_text
from ganterm.core.errors import ConfigError
from ganterm.data.catalogue import dataset_facts
from ganterm.data.listing import Listing, list_images
from ganterm.data.look import BY_DATA, each_of, resolve_for_data
from ganterm.data.progress import ProgressCallback, silent
from ganterm.render.imagefile import UnreadableImageError, opened, upright, upright_size
from ganterm.render.words import plural

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

MOST_COMPARED = 50_000
"""Pictures that near duplicates are looked for among: each one is compared with all others."""
_DIGITS, _TINY = "turbo", 8
"""The recipe for grey datasets by name, but for those as small as the embedded digits."""
_SHOWN, _KEPT = 3, 20
"""How much of many a line shows, and a record has."""
_DRAFT: Final = 256
"""Pixels a side from which on a photograph is decoded at a fraction of its size."""
_ROWS, _CHUNK = 256, 4096
_FEWEST, _MIRRORED = 40, 1024
"""Pictures, at least and at most, that are compared with their mirror images."""
_SAFE: Final = 1.08
"""Measured: 1.00 to 1.04 of emoji, faces and blobs; 1.18 to 2.2 of digits and letters."""
_KINDS: Final = {
    **{"1": "black and white", "P": "palette", "PA": "palette", "F": "floating-point grey"},
    **{"L": "grey", "LA": "grey", "RGB": "colour", "RGBA": "colour"},
}


@dataclass(frozen=True)
class Survey:
    """What is known of a dataset: a record for scripts, and sentences on what loading says not.

    The record of a dataset by name has `title`, `origin`, `size`, `classes` and `counts` by split;
    that of a folder is of one split of it:

    - `files`: image files, broken ones included; `formats` and `kinds` count those that are none.
    - `sizes`: `width`, `height` and `count` of the most frequent; `smallest` and `largest` by area.
    - `classes`: the files of each.
    - `transparent` and `animated`: how many have such pixels, or several frames.
    - `background`: what the transparent ones best lie over; empty where there are none.
    - `mirrored`: how much farther a picture is from the others when it is mirrored, 1 where that
      makes no difference; None of too few pictures.
    - `exact`: pictures that are another one once more, with that one; `near`: those that nobody
      tells from another at 16 pixels a side, None where they are too many to compare.
    - `broken` and `left_out`: files that are not trained on, and why.

    The last four have a `count`, and the first few pairs. `command` trains on it; empty where its
    path cannot be a setting.
    """

    record: dict[str, Any]
    lines: list[str]


def survey(name: str, split: str, progress: ProgressCallback = silent) -> Survey:
    """Read all pictures of one split of a folder; of a dataset by name say what is known of it.

    Raises as `list_images` and `ganterm.data.catalogue.dataset_facts`.
    """
    facts = dataset_facts(name)
    if facts.path:
        root = Path(facts.path)
        record = _surveyed(list_images(root, split, progress), root, progress)
        typed = {} if facts.splits[0] == "train" else {"split": facts.splits[0]}
        told, settled = _command({"dataset": name, **typed}, "them")
        return Survey({**record, **settled}, [*_words(record), told])
    spec, counts = facts.spec, {each: facts.count(each) for each in facts.splits}
    large = spec.channels == 1 and max(spec.size) > _TINY
    recipe = {"recipe": facts.recipe or _DIGITS} if facts.recipe or large else {}
    told, settled = _command({"dataset": name, **recipe}, "it")
    words = f"{facts.title}: {' and '.join(_counted(counts))} samples, {spec.size_words}"
    words += f", {len(spec.classes):,} classes." if spec.classes else "."
    record = {"title": facts.title, "origin": facts.origin, "size": spec.size_words}
    record |= {"classes": len(spec.classes), "counts": counts, **settled}
    return Survey(record, [words, told])


def _command(typed: Mapping[str, str], what: str) -> tuple[str, dict[str, str]]:
    """Tell what trains on `what`, as pictures choose; return its part of the record as well."""
    try:
        found = resolve_for_data(typed)
    except ConfigError as error:
        return f"Nothing trains on {what} as is: {error}", {"command": "", "background": ""}
    words = ["ganterm", "train", "--recipe", found.config.recipe]
    for name, source in found.origin.items():
        if name != "recipe" and (name in typed or source == BY_DATA):
            words += [FIELDS[name].option, to_text(getattr(found.config, name))]
    command = shlex.join(words)
    chosen = found.config.background if found.origin["background"] == BY_DATA else ""
    return f"To train on {what}: {command}", {"command": command, "background": chosen}


@dataclass(frozen=True)
class _Picture:
    """What one file holds; `digest` and `small` tell whether it is like another."""

    form: str
    kind: str
    size: tuple[int, int]
    animated: bool
    transparent: bool
    digest: bytes
    small: bytes


def _look(path: Path | IO[bytes]) -> _Picture:
    from PIL import Image  # noqa: PLC0415

    with opened(path) as image:
        size, kind, form = upright_size(image), _kind(image), image.format or ""
        animated = bool(getattr(image, "is_animated", False))
        image.draft(None, (_DRAFT, _DRAFT))
        shown = upright(image).convert("RGBA")
        transparent = shown.getchannel("A").getextrema()[0] != 255
        # Multiplied by alpha, so that colours that nobody sees make no difference.
        flat = shown.convert("RGBa")
        digest = hashlib.blake2b(repr(size).encode() + flat.tobytes(), digest_size=16).digest()
        small = flat.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2).tobytes()
    return _Picture(form, kind, size, animated, transparent, digest, small)


def _kind(image: "Image.Image") -> str:
    deep = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    if image.mode.startswith("I"):
        kind = "16-bit grey" if deep or ";16" in image.mode else "32-bit grey"
    else:
        kind = ("16-bit " if deep else "") + _KINDS.get(image.mode, image.mode)
    return f"{kind} with alpha" if image.has_transparency_data else kind


def _surveyed(listing: Listing, root: Path, progress: ProgressCallback) -> dict[str, Any]:
    names = [str(path.relative_to(root)) for path in listing.paths]
    every, what = range(len(names)), f"surveying {listing.name}"
    form = listing.archive.form if listing.archive else ""
    found = dict(sorted(each_of(listing, every, _look, what, progress), key=lambda each: each[0]))
    pictures = {index: each for index, each in found.items() if isinstance(each, _Picture)}
    firsts: dict[bytes, int] = {}
    exact = [
        (names[index], names[first])
        for index, picture in pictures.items()
        if (first := firsts.setdefault(picture.digest, index)) != index
    ]
    near = None
    mirrored = _mirrored([pictures[index].small for index in firsts.values()])
    if len(firsts) <= MOST_COMPARED:
        kept = list(firsts.values())
        twins = _twins([pictures[index].small for index in kept], progress)
        near = _few([(names[kept[twin]], names[kept[first]]) for twin, first in twins])
    sizes = Counter(picture.size for picture in pictures.values())
    by_area = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    labels = Counter(listing.labels)
    broken = [(names[i], str(e)) for i, e in found.items() if isinstance(e, UnreadableImageError)]
    others = [(name, "not an image") for name in listing.others]
    return {
        "files": len(names),
        "formats": dict(Counter(form or each.form for each in pictures.values()).most_common()),
        "kinds": dict(Counter(each.kind for each in pictures.values()).most_common()),
        "sizes": [
            {"width": width, "height": height, "count": count}
            for (width, height), count in sizes.most_common(_KEPT)
        ],
        "smallest": list(by_area[0]) if by_area else None,
        "largest": list(by_area[-1]) if by_area else None,
        "classes": {name: labels[number] for number, name in enumerate(listing.classes)},
        "transparent": sum(each.transparent for each in pictures.values()),
        "animated": sum(each.animated for each in pictures.values()),
        "mirrored": mirrored,
        "exact": _few(exact),
        "near": near,
        "broken": _few(broken),
        "left_out": _few([*others, *((name, "in no class") for name in listing.outside)]),
    }


def _words(record: Mapping[str, Any]) -> Iterator[str]:
    formats, kinds = (", ".join(_counted(record[key])) for key in ("formats", "kinds"))
    yield f"{plural(record['files'], 'image file')}: {formats}; {kinds}."
    if record["sizes"]:
        sizes = [
            f"{each['width']}x{each['height']} ({each['count']:,})" for each in record["sizes"]
        ]
        span = "{}x{} to {}x{}".format(*record["smallest"], *record["largest"])
        more = f" and others, from {span}" if len(sizes) > _SHOWN else ""
        yield f"Width x height: {', '.join(sizes[:_SHOWN])}{more}."
    if record["classes"]:
        counts = Counter[str](record["classes"]).most_common()
        shown = [f"{name} {count:,}" for name, count in counts]
        if len(shown) > 2 * _SHOWN:
            shown[2 * _SHOWN - 1 : -1] = ["..."]
        yield f"Classes: {len(counts):,} ({', '.join(shown)})."
    for key, words in (("transparent", "In part transparent"), ("animated", "Of several frames")):
        if record[key]:
            yield f"{words}: {record[key]:,}{'; the first is taken' * (key == 'animated')}."
    if (record["mirrored"] or _SAFE) < _SAFE:
        yield "Mirrored, they look like others of them: --flip may train on each both ways."
    for key, like in (("exact", "is"), ("near", "is like")):
        if record[key] is None:
            yield f"Near duplicates are not looked for among more than {MOST_COMPARED:,} pictures."
        elif count := record[key]["count"]:
            some = [f"{one} {like} {other}" for one, other in record[key]["some"][:_SHOWN]]
            some += ["..."] * (count > _SHOWN)
            yield f"{key.capitalize()} duplicates: {count:,} ({', '.join(some)})."


def _mirrored(small: Sequence[bytes]) -> float | None:
    """Return how much farther pictures are from others when they are mirrored, by thumbnails.

    That is the median ratio of the distances to the nearest of other pictures.
    """
    import numpy as np  # noqa: PLC0415

    if len(small) < _FEWEST:
        return None
    drawn = np.random.default_rng(0).permutation(len(small))[:_MIRRORED]
    pixels = np.frombuffer(b"".join(small[index] for index in drawn), np.uint8)
    some, others = np.array_split(pixels.reshape(-1, SIDE, SIDE, 4).astype(np.float32), 2)
    among = others.reshape(len(others), -1)

    def nearest(images: "NDArray[Any]") -> "NDArray[Any]":
        rows = images.reshape(len(images), -1)
        apart = np.square(rows).sum(1)[:, None] + np.square(among).sum(1) - 2 * rows @ among.T
        found: NDArray[Any] = np.sqrt(apart.min(1).clip(1))
        return found

    return round(float(np.median(nearest(some[:, :, ::-1]) / nearest(some))), 3)


def _twins(small: Sequence[bytes], progress: ProgressCallback) -> list[tuple[int, int]]:
    """Return the pictures that look like another one, each with that one, by their thumbnails.

    That is where their root mean square difference is less than `copies.UNSEEN`. None of those
    that another one looks like looks itself like one.
    """
    import numpy as np  # noqa: PLC0415

    pixels = np.frombuffer(b"".join(small), np.uint8).reshape(len(small), SIDE * SIDE * 4)
    # The means of 4x4 pixels differ less than the pixels do, which rules out nearly all.
    coarse = pixels.reshape(-1, SIDE // 4, 4, SIDE // 4, 4, 4).mean((2, 4), np.float32)
    coarse = 4 * coarse.reshape(len(small), -1)
    norms = np.square(coarse).sum(1)
    most = UNSEEN**2 * SIDE * SIDE * 3  # of one that is opaque, whose alpha is the same
    like = np.full(len(small), -1)
    for start in range(0, len(small), _ROWS):
        rows = slice(start, start + _ROWS)
        apart = norms[rows, None] + norms[None, start:] - 2 * coarse[rows] @ coarse[start:].T
        close = np.triu(apart < 1.01 * most, 1)
        for first in start + np.flatnonzero(close.any(1)):
            alone = (like[start:] < 0) & (like[first] < 0)
            others = start + np.flatnonzero(close[first - start] & alone)
            for some in np.split(others, range(_CHUNK, len(others), _CHUNK)):
                differences = pixels[some].astype(np.float32) - pixels[first]
                like[some[np.square(differences).sum(1) < most]] = first
        progress("comparing pictures", min(rows.stop, len(small)), len(small), "images")
    return [(int(twin), int(like[twin])) for twin in np.flatnonzero(like >= 0)]


def _few(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    return {"count": len(pairs), "some": pairs[:_KEPT]}


def _counted(counts: Mapping[str, int]) -> Iterator[str]:
    return (f"{count:,} {name}" for name, count in counts.items())
