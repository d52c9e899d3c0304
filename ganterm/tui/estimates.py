"""What configurations amount to, each asked for once and only when nobody types any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from ganterm.client.describe import Description
from ganterm.config import FIELDS, RunConfig
from ganterm.config.runfile import to_mapping

CALM_SECONDS = 0.4
"""Time without a change after which a configuration is described."""

_NO_MATTER = (
    *("recipe", "dataset", "split", "fit", "drop_last", "steps", "epochs", "seed", "init"),
    *("lr_g", "lr_d", "beta1", "beta2", "lr_schedule", "real_label", "fake_label"),
    *("log_every", "sample_every", "sample_grid", "checkpoint_every", "keep_checkpoints"),
    *("judge_every", "judge_images", "keep_best", "on_alert"),
)
"""Settings that neither the number of parameters nor the time of a step depends on."""
_DATA = ("dataset", "split")


class Answering(Protocol):
    """Who describes configurations, as `ganterm.client.describe.Describer` does."""

    @property
    def waiting(self) -> bool:
        """Whether a question is still being answered."""
        ...

    def ask(self, config: Mapping[str, Any]) -> None:
        """Ask about a configuration."""
        ...

    def poll(self) -> Description | None:
        """Return what has become known since the last call."""
        ...

    def cancel(self) -> None:
        """Forget the question."""
        ...

    def close(self) -> None:
        """End the process that answers."""
        ...


class Estimates:
    """Remembers descriptions by what they depend on, and asks for those it lacks."""

    def __init__(
        self, describer: Answering, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._describer = describer
        self._clock = clock
        self._known: dict[RunConfig, Description] = {}
        self._wanted: RunConfig | None = None
        self._due: float | None = None

    @property
    def pending(self) -> bool:
        """Whether more may become known of what was last wanted."""
        return self._due is not None or self._describer.waiting

    @property
    def current(self) -> Description | None:
        """What is known of the configuration last wanted; None if nothing is."""
        return self._known.get(self._wanted) if self._wanted is not None else None

    def want(self, config: RunConfig | None) -> None:
        """Find out about `config`, a legal one; None: about nothing, for now."""
        wanted = None if config is None else _essence(config)
        if wanted == self._wanted:
            return
        self._describer.cancel()
        self._wanted = wanted
        known = self.current
        missing = wanted is not None and not (known and known.final)
        self._due = self._clock() + CALM_SECONDS if missing else None

    def poll(self) -> bool:
        """Ask what is due, take what was answered; returns whether something became known."""
        if self._wanted is None:
            return False
        if self._due is not None and self._clock() >= self._due:
            self._due = None
            self._describer.ask(to_mapping(self._wanted))
        answer = self._describer.poll()
        if answer is None:
            return False
        self._known[self._wanted] = answer
        return True

    def rest(self) -> None:
        """Let go of the process that answers; what is known stays known."""
        self._wanted = self._due = None
        self._describer.close()


def _essence(config: RunConfig) -> RunConfig:
    # How many classes a label may have, its dataset says; and whether there are images at all.
    matters = _DATA if config.conditional != "none" or config.data_spec.is_points else ()
    leave = {name: FIELDS[name].default for name in _NO_MATTER if name not in matters}
    return msgspec.structs.replace(config, **leave)
