"""What a configuration amounts to, asked of a process of its own so that nobody imports PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganterm.runs.child import Child

MODULE = "ganterm.worker.describe"
_COUNTS = (
    *("generator_parameters", "discriminator_parameters", "checkpoint_bytes"),
    *("memory_bytes", "memory_least", "memory_free", "memory_total"),
)


@dataclass(frozen=True)
class Description:
    """What is known of a configuration so far.

    Attributes:
        generator_parameters: number of the generator's parameters.
        discriminator_parameters: number of the discriminator's parameters.
        seconds_per_1000_steps: time that 1,000 of the generator's steps take here, steps of the
            discriminator included; `None` where it is not known.
        device: what the steps were tried on; empty until they have been.
        note: why there is no time, in one sentence; empty if there is one, or will be.
        error: what is wrong with the configuration, in one sentence; empty if it can train.
        checkpoint_bytes: what a checkpoint takes; 0 where that is not known, as all that follows.
        memory_bytes: what training takes, on the device or, on a CPU, in all; an estimate.
        memory_least: what of it is certain: weights, gradients and the optimisers' state.
        memory_free: what the device has left.
        memory_total: what the device has.
    """

    generator_parameters: int = 0
    discriminator_parameters: int = 0
    seconds_per_1000_steps: float | None = None
    device: str = ""
    note: str = ""
    error: str = ""
    checkpoint_bytes: int = 0
    memory_bytes: int = 0
    memory_least: int = 0
    memory_free: int = 0
    memory_total: int = 0

    @property
    def parameters(self) -> int:
        """The number of parameters of both networks."""
        return self.generator_parameters + self.discriminator_parameters

    @property
    def final(self) -> bool:
        """Whether nothing more will become known."""
        return bool(self.device or self.error)


class Describer:
    """Describes configurations, one at a time; the newest question is the one that counts.

    The process that answers is started at the first question and ends by itself when it has long
    had none, and with this process at the latest.
    """

    def __init__(self) -> None:
        self._child: Child | None = None
        self._sent = 0
        self._waiting = False

    @property
    def waiting(self) -> bool:
        """Whether a question is still being answered."""
        return self._waiting

    def ask(self, config: Mapping[str, Any]) -> None:
        """Ask about a configuration, as plain values by field; an earlier question lapses."""
        if self._child is not None and not self._child.send(dict(config)):
            self.close()
        if self._child is None:
            self._sent = 0
            try:
                self._child = Child(MODULE)
            except OSError:
                # `poll` says so.
                self._waiting = True
                return
            self._child.send(dict(config))
        self._sent += 1
        self._waiting = True

    def poll(self) -> Description | None:
        """Return what has become known of the newest question since the last call, if anything."""
        if not self._waiting:
            return None
        if self._child is None:
            return self._broken("No process could be started to describe this configuration.")
        ended = self._child.exit_code is not None
        newest = None
        for answer in self._child.poll():
            # Answers to earlier questions may still be on their way.
            if answer.get("n") == self._sent:
                newest = _description(answer)
        if newest is not None and newest.final:
            self._waiting = False
        elif ended:
            words = self._child.last_words() or f"exit code {self._child.exit_code}"
            return self._broken(f"Describing this configuration broke off: {words}")
        return newest

    def cancel(self) -> None:
        """Forget the question; whatever is answered to it is dropped."""
        self._sent = -1 if self._child is None else self._sent
        self._waiting = False

    def close(self) -> None:
        """End the process that answers; a later question starts another."""
        self._waiting = False
        if self._child is not None:
            self._child.close()
            self._child = None

    def _broken(self, sentence: str) -> Description:
        self.close()
        return Description(error=sentence)


def _description(answer: Mapping[str, Any]) -> Description:
    seconds = answer.get("seconds_per_1000_steps")
    return Description(
        **{name: _count(answer.get(name)) for name in _COUNTS},
        seconds_per_1000_steps=(
            float(seconds)
            if isinstance(seconds, int | float) and math.isfinite(seconds) and seconds > 0
            else None
        ),
        device=str(answer.get("device") or ""),
        note=str(answer.get("note") or ""),
        error=str(answer.get("error") or ""),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
