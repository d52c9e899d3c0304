"""What the steps measure, summed on the device until somebody fetches the means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ganterm.core.quantities import AUGMENT_P, D_FAKE, D_REAL, OVERFITTING

MEASURED = (
    "d_loss_real",
    "d_loss_fake",
    "d_loss",
    D_REAL,
    D_FAKE,
    "acc_real",
    "acc_fake",
    "wasserstein",
    "penalty",
    "grad_norm_d",
    "g_loss",
    "grad_norm_g",
    "diversity",
    "modes",
    AUGMENT_P,
    OVERFITTING,
)
"""What a step measures, in the order in which it computes it; not every step has all of it."""

_NEVER = 2**62

Groups = dict[tuple[str, ...], tuple[torch.Tensor, int]]
"""The sum (len(names),) and the number of rows, by the names of each group of quantities."""


class Statistics:
    """The one way from what steps measure to the numbers that are told.

    `add` takes a row of a step; a window or an epoch that is over waits as sums and counts until
    `fetch` makes means of them.

    Attributes:
        window: sums since the last window was closed; `epoch`: since the last epoch was.
    """

    def __init__(self, device: torch.device, order: Sequence[str]) -> None:
        """Measure quantities that a step computes in this `order`."""
        self.window = RunningSums(device)
        self.epoch = RunningSums(device)
        self._broken = FirstNonFinite(order)
        self._closed: list[Groups] = []

    def add(self, names: tuple[str, ...], values: torch.Tensor, step: int) -> None:
        """Add a row of step `step`: `values` is (len(names),)."""
        row = values.to(self.window.dtype)  # once for both
        self.window.add(names, row)
        self.epoch.add(names, row)
        self._broken.watch(names, values, step)

    def close(self, sums: RunningSums) -> bool:
        """Begin `sums` anew; their means come with the next fetch, unless there is nothing."""
        if groups := sums.take():
            self._closed.append(groups)
        return bool(groups)

    def fetch(self) -> list[dict[str, float]]:
        """Return the means by name of each that was closed since the last fetch, in that order.

        Sums and counts of all of them are together here, and cross to the host in one transfer.
        """
        closed, self._closed = self._closed, []
        totals = [total for groups in closed for total, _ in groups.values()]
        values = iter(torch.cat(totals).tolist() if totals else [])
        return [
            {name: next(values) / count for names, (_, count) in groups.items() for name in names}
            for groups in closed
        ]

    def first_broken(self) -> tuple[int, str] | None:
        """Return the first step that measured NaN or infinity, and what; None where none did."""
        return self._broken.fetch()


class RunningSums:
    """Sums by name since the last `take`, without one synchronisation with the host.

    Rows with the same names form a group with a count of its own, because not every quantity is
    measured in every step: a lazy penalty, say.
    """

    def __init__(self, device: torch.device) -> None:
        # MPS has no float64; elsewhere sums over long windows keep their digits.
        self.dtype = torch.float32 if device.type == "mps" else torch.float64
        self.device = device
        self._groups: Groups = {}

    def add(self, names: tuple[str, ...], row: torch.Tensor) -> None:
        """Add one row (len(names),) of this `dtype`."""
        total, count = self._groups.get(names, (None, 0))
        self._groups[names] = (row if total is None else total + row, count + 1)

    def take(self) -> Groups:
        """Return the sums and counts, and start anew."""
        groups, self._groups = self._groups, {}
        return groups

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, int]]:
        """Return the exact sums and counts, by the group's names joined with commas."""
        keyed = {",".join(names): group for names, group in self._groups.items()}
        sums = {key: total for key, (total, _) in keyed.items()}
        return sums, {key: count for key, (_, count) in keyed.items()}

    def load_state(self, sums: Mapping[str, torch.Tensor], counts: Mapping[str, int]) -> None:
        """Restore what `state` returned."""
        self._groups = {
            # In the order of the counts: files of tensors sort theirs.
            tuple(key.split(",")): (sums[key].to(self.device, self.dtype), count)
            for key, count in counts.items()
        }


class FirstNonFinite:
    """Remembers, on the device, the first step at which each quantity was NaN or infinite.

    `order` has the names in the order in which a step computes them, so that of what broke in the
    same step the cause is found before its consequences.
    """

    def __init__(self, order: Sequence[str]) -> None:
        self.order = order
        self._first: dict[tuple[str, ...], torch.Tensor] = {}

    def watch(self, names: tuple[str, ...], values: torch.Tensor, step: int) -> None:
        """Look at one row of step `step`."""
        # In integers: float32 cannot count beyond 16,777,216.
        broken = torch.where(torch.isfinite(values), _NEVER, step)
        first = self._first.get(names)
        self._first[names] = broken if first is None else torch.minimum(first, broken)

    def fetch(self) -> tuple[int, str] | None:
        """Return the first broken step and the name of what broke first in it, or `None`."""
        if not self._first:
            return None
        names = [name for group in self._first for name in group]
        steps = torch.cat(list(self._first.values())).tolist()
        found = [(step, name) for step, name in zip(steps, names, strict=True) if step < _NEVER]
        return min(found, key=lambda entry: (entry[0], self._rank(entry[1])), default=None)

    def _rank(self, name: str) -> int:
        return self.order.index(name) if name in self.order else len(self.order)
