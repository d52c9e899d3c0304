"""How foreign tensors are called: with which prefixes, under which key, at which step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from ganterm.runs.layout import MAX_STEP

PREFIXES: Final = ("module.", "_orig_mod.", "generator.", "netG.", "net_g.", "gen.", "G.", "model.")
"""What wrappers put before the names: of devices, of compilation, of the part in the whole."""
_OTHER_PARTS: Final = ("discriminator.", "netD.", "net_d.", "disc.", "D.", "critic.", "ema.")

_GENERATORS: Final = ("generator", "gen", "g", "gema", "generatorema")
"""What a key says of the generator once `_FILLING` is taken out of it, the surest first."""
_FILLING = re.compile(r"(?:state[_ ]?dict|weights|params|model|state|net|dict)", re.IGNORECASE)

_STEP = re.compile(r"(?:^|[_.-])(?:step|iter|iteration)?[_-]?([0-9]{1,15})$")
_EPOCH = re.compile(r"(?:^|[^a-z])(?:ep|epoch)[a-z]*[_-]?[0-9]+$", re.IGNORECASE)

_Value = TypeVar("_Value")


def unprefixed(tensors: Mapping[str, _Value]) -> tuple[dict[str, _Value], str]:
    """Take off what all names begin with, as far as it is a known prefix; return it too.

    Where a file holds both networks of a GAN side by side, the generator's names alone are kept.
    """
    names, taken = dict(tensors), ""
    while True:
        prefix = next((each for each in PREFIXES if _belongs(names, each)), None)
        if prefix is None:
            return names, taken
        names = {
            name.removeprefix(prefix): value
            for name, value in names.items()
            if name.startswith(prefix)
        }
        taken += prefix


def generators_key(keys: Sequence[str]) -> str | None:
    """Return the key under which a file keeps the generator, by what it is called; None if unsaid.

    `netG_state_dict`, `G`, `gen_model` and `generator` all say so; where none does, a key that
    says no more than that it holds weights will do, if there is but one.
    """
    said = {key: re.sub(r"[\W_]", "", _FILLING.sub("", key)).lower() for key in keys}
    for wanted in _GENERATORS:
        for key, rest in said.items():
            if rest == wanted:
                return key
    plain = [key for key, rest in said.items() if not rest]
    return plain[0] if len(plain) == 1 else None


def step_in(path: Path) -> int | None:
    """Return the step that a file name ends with, such as generator_10000.pth; None without one.

    A number of epochs is none.
    """
    stem = path.stem
    found = _STEP.search(stem)
    if found is None or _EPOCH.search(stem):
        return None
    step = int(found[1])
    return step if step < MAX_STEP else None


def _belongs(names: Mapping[str, object], prefix: str) -> bool:
    """Tell whether every name begins so, but for those of the GAN's other parts."""
    mine = [name for name in names if name.startswith(prefix)]
    rest = (name for name in names if not name.startswith(prefix))
    return bool(mine) and all(name.startswith(_OTHER_PARTS) for name in rest)
