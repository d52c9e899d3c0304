"""Which classes a judged generator is asked for, and what the judge calls them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ganterm.evaluation.reference import ReferenceSet
from ganterm.inference.sample import labels_in_turn


def labels_asked(
    reference: ReferenceSet, classes: Sequence[str], count: int
) -> torch.Tensor | None:
    """Return labels (count,) to ask of a generator conditioned on `classes`; None without any.

    They are those of the real images that its own are compared with, so that both have the same
    share of every class. Where those have no labels that it knows, its classes come in turn.
    """
    if not classes:
        return None
    if reference.labels is None:
        return labels_in_turn(count, len(classes))
    found = translated(reference.labels[:count], reference.classes, classes)
    return labels_in_turn(count, len(classes)) if found is None else found


def translated(
    labels: torch.Tensor, names: Sequence[str], others: Sequence[str]
) -> torch.Tensor | None:
    """Return labels (N,) of classes called `names` as those of the same names among `others`.

    None where one of the names is not there.
    """
    if not set(names) <= set(others):
        return None
    return torch.tensor([others.index(name) for name in names])[labels.long().cpu()]
