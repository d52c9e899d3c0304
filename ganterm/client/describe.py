"""What a configuration amounts to, asked of a process of its own so that nobody imports PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ganterm.client.rpc import Failure, Helper, Partial, Progress, Result, ask
from ganterm.config import FIELDS, RunConfig
from ganterm.config.runfile import to_mapping
from ganterm.core.registry import file_of, is_reference, learn
from ganterm.data.progress import ProgressCallback, silent
from ganterm.runs.parts import PARTS_OF, asked_of

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


_TAKEN: Final[dict[tuple[str, str], object]] = {}
"""When the file of a dataset was changed last that was taken in, by the run whose code counts."""


def take_in(config: RunConfig, progress: ProgressCallback = silent) -> None:
    """Have a process of its own take in a dataset of the user's code, and learn what it is.

    Of other datasets, and of one that is known as it stands, nothing. What `progress` raises ends
    it. Raises GantermError where it cannot be had.
    """
    if not is_reference(config.dataset):
        return
    run, file = asked_of(), file_of(config.dataset)
    place = "" if run is None else str(run.path.absolute())
    # A run's code stays as it is; what is no file any more is told by who tries to run it.
    stamp = file.stat().st_mtime_ns if file is not None and not run and file.is_file() else None
    if _TAKEN.get((config.dataset, place), 0) == stamp:
        return
    asked = {"dataset": config.dataset, **({PARTS_OF: place} if place else {})}
    answer = ask(
        MODULE,
        "take_in",
        asked,
        progress=lambda each: progress(each.what, each.done, each.total, each.unit),
        name="The process that takes in datasets",
    )
    learn(answer["components"])
    _TAKEN[config.dataset, place] = stamp


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


CALM_SECONDS = 0.4
"""Time without a change after which a configuration is described."""

_NO_MATTER = (
    *("recipe", "dataset", "split", "holdout", "fit", "background", "flip"),
    *("drop_last", "steps", "epochs", "seed"),
    *("init", "lr_g", "lr_d", "beta1", "beta2", "lr_schedule", "real_label", "fake_label"),
    *("log_every", "sample_every", "sample_grid", "checkpoint_every", "keep_checkpoints"),
    *("judge_every", "judge_images", "keep_best", "on_alert"),
)
"""Settings that neither the number of parameters nor the time of a step depends on."""
_DATA = ("dataset", "split")


class Estimates:
    """Remembers descriptions by what they depend on, and asks for those it lacks."""

    def __init__(
        self, describer: Describer, *, clock: Callable[[], float] = time.monotonic
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
