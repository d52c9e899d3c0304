"""How foreign tensors are called: with which prefixes, under which key, at which step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from ganterm.core.records import MAX_STEP

PREFIXES: Final = ("module", "_orig_mod", "model")
"""What wrappers put before the names: of devices, of compilation."""

AVERAGES: Final = (
    *("gema", "generatorema", "genema", "emag", "emagenerator", "emagen", "ge", "grunning"),
    *("gavg", "generatoravg", "gs", "gsmooth", "ema"),
)
"""What a key says of the generator's averaged weights; see `GENERATORS`."""
GENERATORS: Final = ("generator", "gen", "g")
"""What a key says of the generator once `_FILLING` is taken out of it, the surest first."""
_FILLING = re.compile(r"(?:state[_ ]?dict|weights|params|model|state|net|dict)", re.IGNORECASE)
_OTHER_NETWORK = re.compile(
    r"(?:d|disc|discriminator|daug|critic)(?:ema)?$"
    r"|vgg|lpips|inception|percep|arcface|facenet|metric|criterion|loss|fid"
)
"""What a key says of a network beside the generator: its opponent, or one that only measures."""

_ENDINGS = frozenset({".pth", ".pt", ".tar", ".ckpt", ".bin", ".pkl", ".safetensors"})
_STEP = re.compile(
    r"(?:^|[^a-z])(?:global_?)?(?:steps?|iters?|iterations?)[_=-]?([0-9]{1,15})(?![0-9])",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"(?:^|[^a-z])ep(?:och)?s?[_=-]?([0-9]{1,15})(?![0-9])", re.IGNORECASE)
_LAST = re.compile(r"(?:^|[_.-])([0-9]{1,15})$")

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Own(Generic[_Value]):
    """The generator's own among the tensors of a file that names them all side by side."""

    tensors: dict[str, _Value]
    prefix: str
    """What their names were begun with and are here without."""
    aside: tuple[str, ...]
    """What the names of all others begin with."""
    raw: str | None
    """The one of these whose average they are."""
    is_completed: bool
    """Whether the average was completed from it; see `completed`."""


def unprefixed(tensors: Mapping[str, _Value]) -> Own[_Value]:
    """Take off what all names begin with, as far as it says no more than whose they are.

    Where a file holds several networks side by side, the generator's names alone are kept, those of
    its average before others.
    """
    names, taken, aside = dict(tensors), "", []
    raw, is_completed = None, False
    while True:
        groups = first_parts(names)
        # What measures or opposes is a network of its own; a layer of that name is the generator's.
        kept = [
            key
            for key, inside in groups.items()
            if not (_OTHER_NETWORK.match(_said(key)) and _is_network(inside))
        ]
        own = _generator_among(kept)
        if own is not None and all(_stands_alone(groups[key]) for key in kept if key != own):
            kept = [own]
        if kept and len(kept) < len(groups):
            aside += [key for key in groups if key not in kept]
        if len(kept) != 1 or not (own or kept[0] in PREFIXES) or kept[0] in names:
            left = {name: names[name] for key in kept or groups for name in groups[key]}
            return Own(left, taken, tuple(aside), raw, is_completed)
        inside = _without(names, groups[kept[0]])
        if beside := raw_beside(kept[0], list(groups)):
            raw = beside
            if whole := completed(inside, _without(names, groups[raw])):
                inside, is_completed = whole, True
        names = inside
        taken += f"{kept[0]}."


def completed(average: Mapping[str, _Value], raw: Mapping[str, _Value]) -> dict[str, _Value] | None:
    """Give averaged weights what they lack of the raw ones; None where they are of another kind.

    Averages are often of what is trained alone, without the statistics of normalisation.
    """
    return {**raw, **average} if set(average) < set(raw) else None


def _without(names: Mapping[str, _Value], group: Iterable[str]) -> dict[str, _Value]:
    """Return what is in a group of names by its names without what they begin with."""
    return {name.partition(".")[2]: names[name] for name in group}


def first_parts(names: Iterable[str]) -> dict[str, list[str]]:
    """Group dotted names by what stands before their first dot."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.partition(".")[0], []).append(name)
    return groups


def generators_key(keys: Sequence[str]) -> str | None:
    """Return the key under which a file keeps the generator, by what it is called; None if unsaid.

    `netG_state_dict`, `G`, `gen_model` and `generator` all say so, `g_ema` and `params_ema` that it
    is averaged, which is preferred; where none does, a key that says no more than that it holds
    weights will do, if there is but one, or the only one that is not another network's.
    """
    if (key := _generator_among(keys)) is not None:
        return key
    plain = [key for key in keys if not _said(key)]
    own = [key for key in keys if not _OTHER_NETWORK.match(_said(key))]
    return plain[0] if len(plain) == 1 else own[0] if len(own) == 1 else None


def raw_beside(average: str, keys: Sequence[str]) -> str | None:
    """Return which of `keys` is the generator whose average is under `average`; None if it is none.

    That may also be a key that says no more than that it holds weights.
    """
    if _said(average) not in AVERAGES:
        return None
    others = [key for key in keys if key != average and _said(key) not in AVERAGES]
    plain = [key for key in others if _said(key) in {*GENERATORS, ""}]
    return plain[0] if len(plain) == 1 else None


class Moment(NamedTuple):
    """How far a file's weights were trained, by its name."""

    step: int
    unit: str
    """What was counted: step or epoch."""


def moment_in(path: Path) -> Moment | None:
    """Return the step that a file name says, such as G_iter_5000.pth.tar, or else the epoch.

    A number that ends the name, set apart, is a step. None where there is none.
    """
    stem = path.name
    while (ending := Path(stem).suffix).lower() in _ENDINGS:
        stem = stem.removesuffix(ending)
    for pattern, unit in ((_STEP, "step"), (_EPOCH, "epoch"), (_LAST, "step")):
        found = pattern.search(stem)
        if found is not None and int(found[1]) < MAX_STEP:
            return Moment(int(found[1]), unit)
    return None


def _said(key: str) -> str:
    """Return what a key says beside that it holds the weights of a network."""
    return re.sub(r"[\W_]", "", _FILLING.sub("", key)).lower()


def _generator_among(keys: Sequence[str]) -> str | None:
    said = {key: _said(key) for key in keys}
    return next(
        (key for wanted in (*AVERAGES, *GENERATORS) for key in keys if said[key] == wanted), None
    )


def _is_network(names: Sequence[str]) -> bool:
    """Tell whether names that begin alike are of more than one layer: part, layer, tensor."""
    return any(name.count(".") > 1 for name in names)


def _stands_alone(names: Sequence[str]) -> bool:
    """Tell whether names that begin alike are of a network, or no layer's at all."""
    return _is_network(names) or all("." not in name for name in names)
