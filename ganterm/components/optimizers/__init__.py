"""Optimisers: those of PyTorch that are known by name, and any class or function of the user's."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from ganterm.components.optimizers.base import Optimizer, OptimizerFacts
from ganterm.core.registry import Registry
from ganterm.core.settings import OPTIMISER, about

__all__ = ["OPTIMIZERS", "Optimizer", "OptimizerFacts", "OptimizerSettings"]

_HERE: Final = "ganterm.components.optimizers"

OPTIMIZERS: Final = Registry(
    "optimizer",
    OptimizerFacts,
    Optimizer,
    {
        "adam": f"{_HERE}.base:ADAM",
        "adamw": f"{_HERE}.base:ADAMW",
        "rmsprop": f"{_HERE}.base:RMSPROP",
        "sgd": f"{_HERE}.base:SGD",
    },
    plain=f"{_HERE}.plain:optimizer",
)
"""Every optimiser by the name that configurations use."""


class OptimizerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which optimiser; both networks have one of the kind, each at its own learning rate."""

    optimizer: Annotated[
        str,
        about(
            OPTIMISER,
            "Optimiser of both networks.",
            "adam; rmsprop and sgd take no beta1 and beta2",
            registry=OPTIMIZERS,
        ),
    ] = "adam"
