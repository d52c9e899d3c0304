"""The settings of a loop of one's own: as its script reads them, and as the app changes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ganterm.client.overview import settings_of
from ganterm.config.ownloop import LOOP, own_value, refuse_logs
from ganterm.core.errors import ConfigError
from ganterm.core.records import PendingChange, Record
from ganterm.runs.checkpoints import newest_valid, read_header
from ganterm.runs.layout import RunDir
from ganterm.runs.live import steering


class OwnSettings:
    """Settings that can be changed between two steps.

    Attributes:
        config: as files have them, with the script's name among them.
        values: as the script reads them; what the app changes shows up here.
        step: steps that are done.
        checkpoint: what it goes on from, if anything, and `skipped`: newer ones that are damaged.
        made: how many live changes its state has seen; `pending`: those to be made again.
    """

    def __init__(self, script: str, given: Mapping[str, Any] | object) -> None:
        """Take what a script has given; raises `ConfigError` where that is no settings."""
        if not isinstance(given, Mapping):
            given = vars(given) if hasattr(given, "__dict__") else {}
        if LOOP in given:
            raise ConfigError(f"{LOOP!r} is the setting that names the script; choose another.")
        self._values = {str(key): value for key, value in given.items()}
        self.values: Mapping[str, Any] = MappingProxyType(self._values)
        self.config = {LOOP: script, **{key: _plain(each) for key, each in self._values.items()}}
        self.step = self.made = 0
        self.checkpoint: Any = None
        self.skipped: list[str] = []
        self.pending: Sequence[PendingChange] = ()

    @property
    def file(self) -> dict[str, Any]:
        """What a run's file has: TOML knows no None."""
        return {key: value for key, value in self.config.items() if value is not None}

    def go_on(self, run: RunDir, records: Sequence[Record]) -> None:
        """Go on from the newest checkpoint of a run, with the changes that were made live.

        What the script says otherwise than it did is its word from now on.
        """
        before = settings_of(run)
        refuse_logs(before)
        if LOOP not in before:
            raise ConfigError(
                f"{run.name} is no run of a loop of its own; `ganterm resume {run.word}` trains it "
                "on."
            )
        self.checkpoint, damaged = newest_valid(run.checkpoints)
        self.skipped = [f"{path.name}: {reason}" for path, reason in damaged]
        seen = 0
        if self.checkpoint is not None:
            header = read_header(self.checkpoint)
            self.step, seen = header.step, int(header.metadata.get("controls", "0"))
        edited = {key for key, value in self.file.items() if before.get(key) != value}
        changes = steering(records)
        for change in changes.applied[:seen]:
            if change.args["key"] not in edited:
                self._make_again(change)
        self.made = seen
        self.pending = [each for each in changes.after(seen) if each.args["key"] not in edited]

    def _make_again(self, change: PendingChange) -> None:
        try:
            self.use(self.changed(change.args["key"], change.args["value"]))
        except ConfigError:
            return  # The script has no such setting any more.

    def changed(self, key: str, value: object) -> dict[str, Any]:
        """Return the settings with one of them changed; raises `ConfigError`."""
        return {**self.config, key: own_value(key, value, self.config)}

    def besides(self, key: str, value: object) -> dict[str, object]:
        """Return nothing: of what a setting means to others only the script knows."""
        return {}

    def use(self, config: dict[str, Any]) -> None:
        """Have the script read other settings."""
        self._values.update({k: v for k, v in config.items() if v != self.config[k]})
        self.config = config


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what it has no word for in a list, which nothing changes."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value if each is not None]
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    number = isinstance(value, float) and math.isfinite(value)
    if number or value is None or (isinstance(value, int) and abs(value) < 1 << 63):
        return value
    return [str(value)]
