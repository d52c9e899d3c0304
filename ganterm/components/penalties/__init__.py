"""Penalties on the discriminator's slope: one file each, one line here, and their settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ganterm.components.penalties.base import Penalty, PenaltyFacts
from ganterm.core.registry import Registry
from ganterm.core.settings import OBJECTIVE, Problem, about

__all__ = ["PENALTIES", "Penalty", "PenaltyFacts", "PenaltySettings", "problems"]

_HERE: Final = "ganterm.components.penalties"

PENALTIES: Final = Registry(
    "penalty",
    PenaltyFacts,
    Penalty,
    {
        "none": f"{_HERE}.base:NONE",
        "wgan-gp": f"{_HERE}.wgan_gp:WGAN_GP",
        "r1": f"{_HERE}.zero_centred:R1",
        "r2": f"{_HERE}.zero_centred:R2",
        "r1+r2": f"{_HERE}.zero_centred:R1_R2",
    },
)
"""Every penalty by the name that configurations use."""


class PenaltySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which penalty, how much it weighs, and how often it is applied."""

    penalty: Annotated[
        str, about(OBJECTIVE, "Gradient penalty on the discriminator.", registry=PENALTIES)
    ] = "none"
    penalty_weight: Annotated[
        Annotated[float, Meta(ge=0, le=10**6)] | None,
        about(
            OBJECTIVE,
            "Weight of the penalty: lambda of WGAN-GP, gamma of R1 and R2.",
            "unset means 10 for wgan-gp and 1 for r1 and r2",
            live=True,
            part_of="penalty",
        ),
    ] = None
    penalty_against: Annotated[
        Literal["sum", "loss"],
        about(
            OBJECTIVE,
            "What the penalty is weighed against: the sum of real and fake term, as papers do, or "
            "the loss after d_reduction, where a mean makes it weigh twice as much.",
            "sum; loss is how version 0.1.0 trained",
            part_of="penalty",
        ),
    ] = "sum"
    penalty_every: Annotated[
        int,
        about(
            OBJECTIVE,
            "Apply the penalty every so many discriminator steps, at that many times its weight.",
            "4-16 makes R1 and R2 nearly free",
            part_of="penalty",
            ge=1,
            le=1024,
        ),
    ] = 1

    @property
    def penalty_strength(self) -> float:
        """Weight of the penalty with the default for its kind filled in."""
        if self.penalty_weight is not None:
            return self.penalty_weight
        return PENALTIES.facts(self.penalty).weight


def problems(config: Any) -> Iterator[Problem]:
    """Yield what does not go with the penalty of a whole configuration."""
    facts = PENALTIES.facts(config.penalty)
    if facts.weight == 0 and config.penalty_weight is not None:
        yield Problem(
            "penalty_weight", "has no penalty to weigh; set penalty, or penalty_weight = auto."
        )
    if facts.weight == 0 and config.penalty_every != 1:
        yield Problem(
            "penalty_every", "has no penalty to space out; set penalty, or penalty_every = 1."
        )
    if facts.needs_both and config.d_update == "separate":
        yield Problem(
            "penalty",
            f"{config.penalty} lies between real and fake images and needs them in one step; "
            "set d_update = joint.",
        )
    yield from PENALTIES.problems(config.penalty, config)
