"""Adversarial losses: one file each, one line here, and the settings that all of them share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

from ganterm.components.losses.base import Loss, LossFacts, PairedLoss
from ganterm.core.registry import Registry
from ganterm.core.settings import OBJECTIVE, Problem, about

__all__ = ["LOSSES", "Loss", "LossFacts", "LossSettings", "PairedLoss", "problems"]

_HERE: Final = "ganterm.components.losses"

LOSSES: Final = Registry(
    "loss",
    LossFacts,
    Loss,
    {
        "minimax": f"{_HERE}.minimax:MINIMAX",
        "non-saturating": f"{_HERE}.non_saturating:NON_SATURATING",
        "least-squares": f"{_HERE}.least_squares:LEAST_SQUARES",
        "hinge": f"{_HERE}.hinge:HINGE",
        "wasserstein": f"{_HERE}.wasserstein:WASSERSTEIN",
        "relativistic": f"{_HERE}.relativistic:RELATIVISTIC",
    },
    plain=f"{_HERE}.plain:loss",
)
"""Every loss by the name that configurations use."""


class LossSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which loss, and what it is told that real and generated images are."""

    loss: Annotated[
        str,
        about(
            OBJECTIVE,
            "Loss of both networks.",
            "wasserstein needs a penalty or spectral_norm",
            registry=LOSSES,
        ),
    ] = "non-saturating"
    real_label: Annotated[
        float,
        about(
            OBJECTIVE,
            "Discriminator's target for real images.",
            "0.9 smooths labels and slows a discriminator that is too strong",
            live=True,
            ge=0,
            le=1.2,
        ),
    ] = 1.0
    fake_label: Annotated[
        float,
        about(
            OBJECTIVE,
            "Discriminator's target for generated images.",
            "0 for one-sided smoothing, 0.1 for two-sided",
            live=True,
            ge=-1,
            le=0.5,
        ),
    ] = 0.0


def problems(config: Any) -> Iterator[Problem]:
    """Yield what does not go with the loss of a whole configuration."""
    if not LOSSES.knows(config.loss):
        return
    yield from LOSSES.problems(config.loss, config)
    facts = LOSSES.facts(config.loss)
    if facts.labels == "none":
        for field, neutral in (("real_label", 1.0), ("fake_label", 0.0)):
            if getattr(config, field) != neutral:
                yield Problem(
                    field,
                    f"loss {config.loss} has no labels to smooth; leave {field} at {neutral:g} "
                    "or choose the non-saturating loss.",
                )
    elif config.fake_label >= config.real_label:
        yield Problem(
            "real_label",
            f"is {config.real_label:g}, which is not above fake_label {config.fake_label:g}; use "
            "for example 0.9 and 0.1.",
        )
    elif facts.labels == "probability":
        for field in ("real_label", "fake_label"):
            label = getattr(config, field)
            if not 0 <= label <= 1:
                yield Problem(
                    field,
                    f"loss {config.loss} takes labels as probabilities, and {label:g} is none; "
                    f"set {field} from 0 to 1, or loss = least-squares.",
                )
    if facts.pairs_real and config.d_update == "separate":
        yield Problem(
            "d_update",
            f"loss {config.loss} compares real and fake in one step; set d_update = joint.",
        )
    if facts.pairs_real and config.g_batch != 1:
        yield Problem(
            "g_batch", f"loss {config.loss} pairs each fake with one real image; set g_batch = 1."
        )
