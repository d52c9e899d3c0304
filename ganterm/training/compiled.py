"""Steps whose networks run forward and backward as compiled by `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from ganterm.config import RunConfig
from ganterm.training.kinds import Kind, kind_of
from ganterm.training.recording import recording_into
from ganterm.training.snapshot import Snapshot
from ganterm.training.step import Forward, GanStep

_MOST_VERSIONS = 128
"""Versions of a network that may be compiled: by what needs gradients, and by stage of growth."""


def inductor(network: nn.Module) -> Forward:
    """Return `network` as PyTorch compiles it, each shape for itself, with the noise of eager."""
    import torch._dynamo  # noqa: PLC0415 - takes seconds, and most runs compile nothing

    torch._dynamo.config.cache_size_limit = _MOST_VERSIONS
    compiled: Forward = torch.compile(network, dynamic=False, options={"fallback_random": True})
    return compiled


class CompiledStep:
    """Runs a `GanStep` with its networks compiled.

    Steps on full batches are compiled, one version for each stage of growth. Others, of an epoch's
    last few images or while a resolution fades in, come too seldom to compile for and run as they
    are, as penalties do: PyTorch compiles no second derivative (its issue 91469).

    A compiler that fails costs nothing but time. The first step of each kind is taken back where
    anything goes wrong, and made again uncompiled, as are all that follow.
    """

    def __init__(
        self,
        step: GanStep,
        batch_size: int,
        *,
        fell_back: Callable[[str], None],
    ) -> None:
        """Compile for batches of `batch_size`; `fell_back` is told why no more is compiled."""
        networks = step.networks
        self._step = step
        self._batch_size = batch_size
        self._fell_back = fell_back
        self._plain = step.generator, step.discriminator
        self._compiled: tuple[Forward, Forward] | None = (
            inductor(networks.generator),
            _without_unwanted_gradients(inductor(networks.discriminator), step.d_parameters),
        )
        self._proven: set[Kind] = set()

    def use(self, config: RunConfig) -> None:
        """Go on under `config`; what can change while training is no part of the networks."""
        self._step.use(config)

    def run(
        self,
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None] | None = None,
        *,
        first_batch: int,
        measure: bool,
    ) -> None:
        """Make one step, as `GanStep.run` does."""

        def make() -> None:
            self._step.run(real_batches, labels, first_batch=first_batch, measure=measure)

        kind = kind_of(self._step, real_batches, first_batch=first_batch, measure=measure)
        if (
            self._compiled is None
            or kind is None
            or any(size != self._batch_size for size in kind.sizes)
        ):
            make()
            return
        with self._running(self._compiled):
            if kind in self._proven:
                make()
                return
            trouble = self._tried(make)
        if trouble is None:
            self._proven.add(kind)
            return
        self._compiled = None
        make()
        # After the step: what breaks uncompiled too is no trouble of the compiler's.
        self._fell_back(_in_a_line(trouble))

    def _tried(self, make: Callable[[], None]) -> Exception | None:
        """Make the step; where that fails take it back, and return what went wrong."""
        before = Snapshot(self._step.networks, self._step.device)
        rows: list[tuple[tuple[str, ...], torch.Tensor]] = []
        try:
            with recording_into(self._step, lambda names, values: rows.append((names, values))):
                make()
        except Exception as error:  # noqa: BLE001 - compilers raise whatever they like
            before.restore()
            return error
        for names, values in rows:
            self._step.record(names, values)
        return None

    @contextmanager
    def _running(self, forwards: tuple[Forward, Forward]) -> Iterator[None]:
        self._step.generator, self._step.discriminator = forwards
        try:
            yield
        finally:
            self._step.generator, self._step.discriminator = self._plain


def _without_unwanted_gradients(compiled: Forward, parameters: list[nn.Parameter]) -> Forward:
    """Return `compiled` without gradients for `parameters` where those of the images are wanted.

    That is in the generator's step. A compiled backward computes every gradient it may have to,
    whichever are asked for in the end.
    """

    def forward(images: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        if not images.requires_grad:
            return compiled(images, labels)
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            return compiled(images, labels)
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)

    return forward


def _in_a_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
