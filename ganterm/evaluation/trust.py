"""What a judge can tell: its distance of real images from others, and from such as were harmed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ganterm.components.scores.frechet import distance_from, frechet_distance, gaussian
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation.embedder import blurred, in_parts

IMAGES: Final = 5_000
"""Images of each kind at most; on more a judge tells finer things apart."""
DRAWS: Final = 8
CLEAR: Final = 3.0
"""Standard deviations above the floor from which on harm is seen."""
_GRID: Final = 8
"""Pixels a side by which images are alike."""
_KINDS: Final = 10
_MOST_FEATURES: Final = 512
_COLOURS: Final = 3

Harm = Callable[[Tensor, torch.Generator], Tensor]


def _blur(sigma: float) -> Harm:
    return lambda images, _: blurred(images, sigma)


def _noise(most: int) -> Harm:
    return lambda images, random: (
        images + most * (2 * torch.rand(images.shape, generator=random) - 1)
    )


def _unharmed(images: Tensor, _: torch.Generator) -> Tensor:
    return images


_HARM: Final[Mapping[str, Harm]] = {
    "blur 0.5": _blur(0.5),
    "blur 1": _blur(1.0),
    "blur 2": _blur(2.0),
    "noise 8": _noise(8),
    "noise 32": _noise(32),
    "noise 128": _noise(128),
    "red and blue swapped": lambda images, _: torch.cat(
        [images[:, :3].flip(1), images[:, 3:]], dim=1
    ),
    "upside down": lambda images, _: images.flip(2),
}
_MISSING: Final = {f"{count} of ten kinds missing": count for count in (1, 3, 5)}
_REPEATED: Final = {f"{share:.0%} one picture": share for share in (0.01, 0.1, 1.0)}
GROUPS: Final = (
    ("blur 0.5", "blur 1", "blur 2"),
    ("noise 8", "noise 32", "noise 128"),
    tuple(_MISSING),
    tuple(_REPEATED),
    ("red and blue swapped",),
    ("upside down",),
)
"""What is done to real images, the mildest of a kind first."""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How far a judge can be trusted, as an examination on real images found.

    Attributes:
        n: real images that were compared with as many others.
        floor, deviation: mean and standard deviation of their Fréchet distance over draws.
        above: by what was done to the others, how many such deviations above the floor they are.
    """

    n: int
    floor: float
    deviation: float
    above: Mapping[str, float]

    @property
    def words(self) -> str:
        """What it sees and what it cannot tell, the mildest of each kind that it sees."""
        sees, blind = [], []
        for group in GROUPS:
            known = [name for name in group if name in self.above]
            seen = next((at for at, name in enumerate(known) if self.above[name] >= CLEAR), None)
            sees += [] if seen is None else [known[seen]]
            blind += known[:seen]
        told = f"; it cannot tell {', '.join(blind)}" if blind else ""
        return (
            f"sees {', '.join(sees) or 'nothing that was tried'}{told} (real images beside real "
            f"ones: {self.floor:.3g} ± {self.deviation:.2g}, {self.n:,} of each)"
        )


def examine(
    look: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    kinds: Tensor | None = None,
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> Trust:
    """Find out what a judge tells apart, on uint8 images (N, C, H, W) that it has not learnt from.

    `look` returns features (M, F) of images. The ten kinds are classes `kinds` (N,), or tenths of
    the images that are most alike. Raises ValueError for fewer than four.
    """
    random = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(images), generator=random)[: 2 * IMAGES]
    images, half = images[chosen], len(chosen) // 2
    if half < 2:
        raise ValueError("a judge is examined on at least four images")
    small = torch.cat([_small(part) for part in in_parts(images)])
    kinds = None if kinds is None else kinds[chosen]
    harms = {name: harm for name, harm in _HARM.items() if _shows(name, images)}
    looks: dict[str, Tensor] = {}
    for at, (name, harm) in enumerate([("", _unharmed), *harms.items()]):
        progress("Examining the judge", at * len(images), (len(harms) + 1) * len(images), "images")
        looks[name] = torch.cat([look(part) for part in _harmed(images, harm, random)])
    real = looks.pop("")
    floors: dict[str, list[float]] = defaultdict(list)
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(DRAWS):
        order = torch.randperm(len(images), generator=random)
        first, rest = real[order[:half]], order[half:]
        second = rest[:half]
        distance = distance_from(*gaussian(first))
        floor = distance(*gaussian(real[second]))
        sets = {name: seen[second] for name, seen in looks.items()}
        sets |= {name: _repeated(real[second], share) for name, share in _REPEATED.items()}
        for name, features in sets.items():
            floors[name].append(floor)
            found[name].append(distance(*gaussian(features)))
        for name, count in _MISSING.items():
            if kinds is None:
                others = _unlike(small[rest], count, random)
            else:
                others = _of_other_kinds(kinds[rest], count, random)
            left = rest[others][:half]
            # Fewer images are further from others by chance alone.
            floors[name].append(distance(*gaussian(real[rest[: len(left)]])))
            found[name].append(distance(*gaussian(real[left])))
    plain = floors[next(iter(_REPEATED))]
    above = {
        name: (fmean(values) - fmean(floors[name])) / max(stdev(floors[name]), 1e-9)
        for name, values in found.items()
    }
    return Trust(
        n=half,
        floor=fmean(plain),
        deviation=stdev(plain),
        above={name: float(f"{value:.3g}") for name, value in above.items()},
    )


def deviation_over_draws(features: Tensor, count: int, *, seed: int = 0) -> dict[str, float]:
    """Return the standard deviation of the Fréchet distance of `count` real images from others.

    Over draws from the features (N, F) of all, as `floor_deviation`; empty where there are too few
    images, or so many features that it would take minutes.
    """
    if features.shape[1] > _MOST_FEATURES or not 2 <= count <= len(features) // 2:
        return {}
    random = torch.Generator().manual_seed(seed)
    distances = []
    for _ in range(DRAWS):
        order = torch.randperm(len(features), generator=random)
        one, other = order[:count], order[count : 2 * count]
        distances.append(frechet_distance(features[one], features[other]))
    return {"floor_deviation": stdev(distances)}


def _shows(name: str, images: Tensor) -> bool:
    return "red" not in name or images.shape[1] >= _COLOURS


def _harmed(images: Tensor, harm: Harm, random: torch.Generator) -> Iterator[Tensor]:
    """Yield parts of uint8 images as they are after `harm`."""
    for part in in_parts(images):
        yield harm(part.float(), random).round().clamp(0, 255).to(torch.uint8)


def _repeated(features: Tensor, share: float) -> Tensor:
    """Return features (N, F) of images of which a share, at least one, is the last of them."""
    changed = features.clone()
    changed[: max(1, round(share * len(changed)))] = features[-1]
    return changed


def _small(images: Tensor) -> Tensor:
    """Return rows (N, F) of images by which they are alike."""
    return adaptive_avg_pool2d(images.float(), _GRID).flatten(1)


def _of_other_kinds(kinds: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Return which (N,) of images are left where `count` of ten kinds, drawn at random, are gone.

    `kinds` (N,) are those of the images.
    """
    names = torch.tensor(sorted(set(kinds.tolist())))
    gone = names[torch.randperm(len(names), generator=random)]
    return ~torch.isin(kinds, gone[: max(1, round(count * len(names) / _KINDS))])


def _unlike(small: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Return which (N,) of images are left without `count` tenths of them that are each alike.

    They are alike by rows `small` (N, F).
    """
    left = torch.ones(len(small), dtype=torch.bool)
    for _ in range(count):
        among = left.nonzero()[:, 0]
        middle = small[among[torch.randint(len(among), (1,), generator=random)]]
        nearest = (small[among] - middle).square().sum(dim=1).argsort()
        left[among[nearest[: len(small) // _KINDS]]] = False
    return left
