"""What can be done about each trouble: settings computed from those in force, the gentlest first.

A remedy is offered only where its settings go with the others, so that whoever takes it is not
refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from ganterm.components.augmentations import ADVISED_HOLDOUT, ADVISED_TARGET, EVERY
from ganterm.components.losses import LOSSES
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config import FIELDS, Field, RunConfig
from ganterm.config.rules import problems
from ganterm.core.records import Remedy

_Proposal = tuple[str, str, dict[str, Any]]
"""A remedy's id, its label and its settings, yet to be held against the rules."""

_SMOOTH = 0.9
"""Label of real images that keeps D from being certain (Salimans et al. 2016, 1606.03498)."""
_MOST_D_STEPS = 10
_USUAL_RATE = 2e-4
"""Learning rate of most GANs of small images."""


def remedies(code: str, config: RunConfig, fields: Mapping[str, Field] = FIELDS) -> list[Remedy]:
    """Return what can be applied to the trouble called `code` in a run under `config`.

    `fields` are the settings that the run has. Remedies that it can take itself come first. Each
    changes something, and is legal.
    """
    offers = _OFFERS.get(code)
    found: list[Remedy] = []
    for identity, label, settings in offers(config) if offers else ():
        if not settings.keys() <= fields.keys():
            continue
        changed = msgspec.structs.replace(config, **settings)
        if changed != config and _in_bounds(settings) and not any(problems(changed)):
            live = code not in _FATAL and all(fields[key].live for key in settings)
            found.append(Remedy(identity, label + _tried(code, identity), settings, live))
    return sorted(found, key=lambda remedy: not remedy.live)


def proven(code: str, identity: str) -> bool | None:
    """Return whether a remedy cured any run with the trouble in trials; None if not tried."""
    rows = [row[identity] for row in trials().get(code, {}).values() if identity in row]
    return any(cured for cured, _ in rows) if rows else None


@cache
def trials() -> dict[str, dict[str, dict[str, list[int]]]]:
    """Return how many runs a remedy cured, and of how many, by trouble, recipe and remedy.

    `tests/doctor/make_trials.py` tries them.
    """
    found: dict[str, dict[str, dict[str, list[int]]]] = json.loads(
        Path(__file__).with_name("trials.json").read_text(encoding="utf-8")
    )
    return found


def _tried(code: str, identity: str) -> str:
    """Return what trials say of a remedy, to follow its label; empty where it was not tried."""
    rows = [
        f"{cured} of {count} of {recipe}"
        for recipe, row in trials().get(code, {}).items()
        if identity in row
        for cured, count in [row[identity]]
    ]
    return f" (cured {', '.join(rows)} in trials)" if rows else ""


def in_words(offered: list[Remedy]) -> str:
    """Return remedies as one phrase, as an alert's `remedy` has it; empty where there are none."""
    return ", or ".join(remedy.label for remedy in offered)


def _in_bounds(settings: dict[str, Any]) -> bool:
    try:
        for key, value in settings.items():
            msgspec.convert(value, type=FIELDS[key].type)
    except msgspec.ValidationError:
        return False
    return True


def _d_too_strong(config: RunConfig) -> Iterator[_Proposal]:
    if config.d_steps > 1:
        yield _d_steps("fewer-d-steps", config.d_steps - 1)
    yield _rates("slower-d", "halve lr_d", config, d=1 / 2)
    yield from _gentler_loss(config)
    yield from _bounded_slope(config)


def _g_too_strong(config: RunConfig) -> Iterator[_Proposal]:
    if config.d_steps < _MOST_D_STEPS:
        yield _d_steps("more-d-steps", config.d_steps + 1)
    yield _rates("slower-g", "halve lr_g", config, g=1 / 2)
    if config.lr_d < config.lr_g:
        settings = {"lr_d": config.lr_g}
        yield "equal-rates", f"raise lr_d to G's {config.lr_g:g}", settings


def _mode_collapse(config: RunConfig) -> Iterator[_Proposal]:
    if config.lr_g > config.lr_d > 0:
        # Two time scales (Heusel et al. 2017, arXiv:1706.08500): D twice as quick as G.
        quicker = math.sqrt(2 * config.lr_g * config.lr_d)
        g, d = quicker / 2 / config.lr_g, quicker / config.lr_d
        yield _rates("two-rates", "set lr_d to twice lr_g", config, g=g, d=d)
    yield _rates("slower-g", "halve lr_g", config, g=1 / 2)
    if config.d_steps < _MOST_D_STEPS:
        yield _d_steps("more-d-steps", config.d_steps + 1)
    yield from _bounded_slope(config, weight=1.0, times=5, beta1=0.5)
    if not config.minibatch_discrimination:
        settings: dict[str, Any] = {"minibatch_discrimination": True}
        yield "minibatch", "begin anew with minibatch_discrimination", settings


def _vanishing(config: RunConfig) -> Iterator[_Proposal]:
    yield _rates("slower-d", "halve lr_d", config, d=1 / 2)
    yield from _gentler_loss(config)
    yield _rates("slower-g", "halve lr_g", config, g=1 / 2)
    yield from _bounded_slope(config)


def _exploding(config: RunConfig) -> Iterator[_Proposal]:
    yield _rates("slower", "quarter lr_g and lr_d", config, g=1 / 4, d=1 / 4)
    yield from _bounded_slope(config)


def _not_finite(config: RunConfig) -> Iterator[_Proposal]:
    yield _rates("slower", "branch with a tenth of lr_g and lr_d", config, g=0.1, d=0.1)
    yield from _bounded_slope(config)


def _oscillation(config: RunConfig) -> Iterator[_Proposal]:
    yield _rates("slower", "halve lr_g and lr_d", config, g=1 / 2, d=1 / 2)
    # Two time scales (Heusel et al. 2017, arXiv:1706.08500): D the quicker of the two.
    yield _rates("two-rates", "quarter lr_g alone", config, g=1 / 4)
    yield from _bounded_slope(config)


def _memorising(config: RunConfig) -> Iterator[_Proposal]:
    settings: dict[str, Any] = {"augment_target": ADVISED_TARGET}
    held = f"augment_target {ADVISED_TARGET:g}"
    if config.augment != "none" and config.augment_p < 1:
        yield "adapt", f"set {held}", settings
    if config.augment != EVERY:
        branch = f"branch with augment {EVERY}"
        adapts = LOSSES.facts(config.loss).has_zero or config.holdout > 0
        if adapts:
            yield "augment", f"{branch} and {held}", {"augment": EVERY, **settings}
        else:
            yield "augment", branch, {"augment": EVERY, "augment_p": 1.0}
            settings = {"augment": EVERY, "holdout": ADVISED_HOLDOUT, **settings}
            yield "hold-out", f"begin anew with holdout, augment {EVERY} and {held}", settings
    yield from _bounded_slope(config)


def _spectral_norm(config: RunConfig) -> Iterator[_Proposal]:
    yield _rates("slower-d", "halve lr_d", config, d=1 / 2)


def _stall(config: RunConfig) -> Iterator[_Proposal]:
    settings = {key: _USUAL_RATE for key in ("lr_g", "lr_d") if getattr(config, key) < _USUAL_RATE}
    yield "usual-rates", f"raise {' and '.join(settings)} to {_USUAL_RATE:g}", settings


def _plateau(config: RunConfig) -> Iterator[_Proposal]:
    yield _rates("slower", "halve lr_g and lr_d", config, g=1 / 2, d=1 / 2)
    if config.ema_kimg == 0:
        yield "average", "branch with ema_kimg 10", {"ema_kimg": 10.0}


def _bounded_slope(
    config: RunConfig, weight: float = 2.0, times: float = 2.0, beta1: float = 1.0
) -> Iterator[_Proposal]:
    """Yield what bounds D's slope: it weighs on D for good."""
    if config.penalty == "none":
        settings: dict[str, Any] = {"penalty": "r1", "penalty_weight": weight}
        label = "branch with penalty r1"
        if config.beta1 > beta1 and OPTIMIZERS.facts(config.optimizer).has_betas:
            settings["beta1"], label = beta1, f"{label} and beta1 {beta1:g}"
        yield "r1", label, settings
    elif config.penalty_strength > 0:
        weight = _round(times * config.penalty_strength)
        yield "penalty", f"raise penalty_weight to {weight:g}", {"penalty_weight": weight}
    if not config.spectral_norm:
        settings = {"spectral_norm": True, "d_norm": "none"}
        yield "spectral", "begin anew with spectral_norm", settings


def _rates(
    identity: str, label: str, config: RunConfig, *, g: float = 1.0, d: float = 1.0
) -> _Proposal:
    rates = {"lr_g": config.lr_g * g, "lr_d": config.lr_d * d}
    settings = {k: _round(v) for k, v in rates.items() if v != getattr(config, k)}
    figures = ", ".join(f"{key} {value:g}" for key, value in settings.items())
    return identity, f"{label} ({figures})", settings


def _d_steps(identity: str, count: int) -> _Proposal:
    return identity, f"set d_steps to {count}", {"d_steps": count}


def _gentler_loss(config: RunConfig) -> Iterator[_Proposal]:
    """Yield what keeps a D that wins from starving G, by the loss's own means."""
    facts = LOSSES.facts(config.loss)
    if facts.labels != "none" and config.real_label > _SMOOTH:
        yield "smooth-labels", f"smooth real_label to {_SMOOTH}", {"real_label": _SMOOTH}
    if other := facts.unsaturated:
        yield other, f"branch with loss {other}", {"loss": other}


def _round(value: float) -> float:
    return float(f"{value:.3g}")


_FATAL: Final = frozenset({"not-finite"})
"""Troubles that end a run: it can change nothing any more."""

_OFFERS: Final[dict[str, Callable[[RunConfig], Iterator[_Proposal]]]] = {
    "d-too-strong": _d_too_strong,
    "g-too-strong": _g_too_strong,
    "mode-collapse": _mode_collapse,
    "lost-classes": _mode_collapse,
    "vanishing-gradient": _vanishing,
    "exploding-gradient": _exploding,
    "runaway": _exploding,
    "oscillation": _oscillation,
    "not-finite": _not_finite,
    "memorising": _memorising,
    "spectral-norm": _spectral_norm,
    "stall": _stall,
    "plateau": _plateau,
}
