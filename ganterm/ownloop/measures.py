"""What a loop logs, gathered cheaply and made records of when it is time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import torch

from ganterm.core.quantities import called
from ganterm.core.records import MetricsRecord

RECORDS: Final = 10
"""Most records that are made at a time; of more calls their means are taken."""


class Measures:
    """Gathers what was logged since it was last taken; tensors on a GPU stay there until then.

    Attributes:
        strange: what could not be taken as a number, by name: why not. Each is told once.
    """

    def __init__(self) -> None:
        self.strange: dict[str, str] = {}
        self._rows: list[tuple[int, dict[str, Any]]] = []
        self._names: dict[str, str] = {}

    def add(self, step: int, values: Mapping[str, Any]) -> None:
        """Take in what was measured at a step; nothing is fetched from a GPU."""
        row: dict[str, Any] = {}
        for name, value in values.items():
            if type(value) is float:
                row[name] = value
            elif isinstance(value, torch.Tensor):
                row[name] = self._held(name, value)
            else:
                row[name] = self._number(name, value)
        self._rows.append((step, row))

    def take(self) -> list[MetricsRecord]:
        """Return what was gathered as records, in order, and begin anew.

        Of steps at which nothing was measured only the last is told, and only by itself.
        """
        gathered, self._rows = self._rows, []
        rows = [row for row in gathered if row[1]] or gathered[-1:]
        self._fetch(rows)
        size = max(-(-len(rows) // RECORDS), 1)
        parts = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
        return [MetricsRecord(step=part[-1][0], values=self._means(part)) for part in parts]

    def _means(self, rows: list[tuple[int, dict[str, Any]]]) -> dict[str, float | None]:
        found: dict[str, list[float]] = {}
        for _, row in rows:
            for name, value in row.items():
                if value is not None:
                    found.setdefault(self._name(name), []).append(value)
        return {name: sum(values) / len(values) for name, values in found.items()}

    def _name(self, name: Any) -> str:
        known = self._names.get(name)
        if known is None:
            known = self._names[name] = called(str(name))
        return known

    def _number(self, name: str, value: Any) -> float | None:
        """Return a number as a float; None for what is none, which is told."""
        try:
            return float(value)
        except OverflowError:
            return math.inf
        except (TypeError, ValueError):
            self.strange.setdefault(name, f"{type(value).__name__} is no number")
            return None

    def _held(self, name: str, value: torch.Tensor) -> Any:
        if value.numel() != 1:
            shape = tuple(value.shape)
            self.strange.setdefault(name, f"a tensor of shape {shape} is not one number")
            return None
        if value.is_complex() or value.is_meta:
            kind = str(value.dtype).removeprefix("torch.")
            self.strange.setdefault(name, f"a {value.device.type} tensor of {kind} is no number")
            return None
        if value.device.type == "cpu":
            return value.item()
        value = value.detach()
        return value, -1 if value.is_inference() else value._version

    def _fetch(self, rows: list[tuple[int, dict[str, Any]]]) -> None:
        """Put numbers in the place of tensors, those of a device in one copy."""
        held: dict[tuple[torch.device, torch.dtype], list[tuple[dict[str, Any], str]]] = {}
        for _, row in rows:
            for name, value in row.items():
                if type(value) is tuple:
                    tensor, version = value
                    if version not in {-1, tensor._version if version >= 0 else -1}:
                        row[name] = None
                        why = "it was changed in place after it was logged; log a clone of it"
                        self.strange.setdefault(name, why)
                    else:
                        held.setdefault((tensor.device, tensor.dtype), []).append((row, name))
        for places in held.values():
            together = torch.stack([row[name][0].reshape(()) for row, name in places])
            for (row, name), number in zip(places, together.tolist(), strict=True):
                row[name] = float(number)
