"""What a configuration amounts to, asked of a process of its own so that nobody imports PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ganterm.client.rpc import Failure, Helper, Partial, Progress, Result
from ganterm.core.registry import learn

MODULE: Final = "ganterm.worker.describe"
PATIENCE: Final = 120.0


class Description(msgspec.Struct, frozen=True):
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
        self._helper = Helper(MODULE, name="The process that describes configurations")
        self._call: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether a question is still being answered."""
        return self._call is not None

    def ask(self, config: Mapping[str, Any]) -> None:
        """Ask about a configuration, as plain values by field; an earlier question lapses."""
        self.cancel()
        self._call = self._helper.call("describe", config, patience=PATIENCE)

    def poll(self) -> Description | None:
        """Return what has become known of the newest question since the last call, if anything."""
        newest = None
        for reply in self._helper.poll():
            # Replies to earlier questions may still be on their way.
            if self._call is None or reply.id != self._call:
                continue
            if isinstance(reply, Partial | Result):
                learn(reply.value.get("components"))
                newest = _description(reply.value)
            elif isinstance(reply, Failure):
                newest = Description(error=reply.message)
            if not isinstance(reply, Partial | Progress):
                self._call = None
        return newest

    def cancel(self) -> None:
        """Forget the question; whatever is answered to it is dropped."""
        if self._call is not None:
            self._helper.cancel(self._call)
        self._call = None

    def close(self) -> None:
        """End the process that answers; a later question starts another."""
        self._call = None
        self._helper.close()


def _description(value: dict[str, Any]) -> Description:
    try:
        return msgspec.convert(value, Description)
    except msgspec.ValidationError as error:
        return Description(error=f"The description of this configuration makes no sense: {error}.")
