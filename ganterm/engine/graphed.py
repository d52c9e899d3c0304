"""Whole steps captured as graphs, which a GPU runs through without the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch

from ganterm.components.networks.growth import Stage, stage_of
from ganterm.components.optimizers import OPTIMIZERS
from ganterm.config import RunConfig
from ganterm.config.schedule import Schedule
from ganterm.engine.optimizers import keep_beta2, make_capturable, uncapturable
from ganterm.engine.step import GanStep, Record

_OUTSIDE = frozenset(
    {
        *("lr_g", "lr_d", "ema_kimg", "augment_p", "augment_target", "d_steps"),
        *("sample_every", "checkpoint_every", "judge_every"),
    }
)
"""Live settings that are in no graph: it reads some as tensors, others decide when it runs."""

Replay = Callable[[], None]


class Recorder(Protocol):
    """What captures work on a device, such as `CudaRecorder`."""

    def working(self) -> AbstractContextManager[None]:
        """Return the context in which to capture, to replay, and to warm up for both."""
        ...

    def capture(self, work: Callable[[], None]) -> Replay:
        """Return what runs, on the same tensors, the operations that `work` asks for.

        Random numbers are drawn anew each time, from the generators as they are then seeded. The
        state that the work changes is as before when this returns.
        """
        ...


@dataclass
class _Graph:
    """A captured step, the tensors it reads and those it measures into."""

    real_batches: list[torch.Tensor]
    labels: list[torch.Tensor | None]
    rows: list[tuple[tuple[str, ...], torch.Tensor]] = field(default_factory=list)
    replay: Replay = lambda: None


@dataclass(frozen=True)
class StepSignature:
    """What decides which operations a step runs."""

    sizes: tuple[int, ...]
    """Images in each real batch."""
    penalised: tuple[bool, ...]
    """For which of them the lazy penalty is due."""
    measure: bool
    adaptive: tuple[bool, bool]
    """Whether chance decides which images are augmented, and whether D's output is summed."""
    stage: Stage | None
    """Where the networks stand, if they grow."""


def signature_of(
    step: GanStep, real_batches: Sequence[torch.Tensor], *, first_batch: int, measure: bool
) -> StepSignature | None:
    """Return the kind of the step that comes, or None for one that is like no other.

    That is one whose networks are fading a resolution in: the share of the new one, a number in
    the midst of the operations, changes with every step.
    """
    stage = stage_of(step.networks.generator)
    if stage is not None and stage.alpha < 1:
        return None
    return StepSignature(
        sizes=tuple(batch.shape[0] for batch in real_batches),
        penalised=tuple(step.penalises(first_batch + at) for at in range(len(real_batches))),
        measure=measure,
        adaptive=(step.augments_some, step.adaptive.watches),
        stage=stage,
    )


class GraphedStep:
    """Runs a `GanStep` as captured graphs, one for each kind of step.

    The first step of a kind runs as it is, which readies what a graph may not prepare; the second
    is captured. Noise is that of the step's seed all the same. While a resolution fades in, steps
    run as they are.

    A capture that fails costs nothing but time: that step and all that follow run as they are.
    """

    def __init__(
        self, step: GanStep, recorder: Recorder, *, fell_back: Callable[[str], None]
    ) -> None:
        """Capture with `recorder`; `fell_back` is told why nothing is captured any more."""
        self._step = step
        self._recorder = recorder
        self._fell_back = fell_back
        self._graphs: dict[StepSignature, _Graph | None] = {}
        self._captures = True
        self._optimizers = (step.networks.optimizer_g, step.networks.optimizer_d)
        self._tensors: dict[str, torch.Tensor] = {}
        """The numbers that have changed before, which graphs read from here since."""
        self._keep_beta2()
        for optimizer in self._optimizers if self._captures else ():
            make_capturable(optimizer, step.device)

    def _keep_beta2(self) -> None:
        """Have graphs read a second decay that has a schedule, as whoever resumes here does too."""
        config, changes = self._step.config, isinstance(self._step.config.beta2, Schedule)
        for optimizer in self._optimizers:
            if self._captures and (why := uncapturable(optimizer, beta2_changes=changes)):
                self._stop_capturing(why)
            elif self._captures and OPTIMIZERS.facts(config.optimizer).has_betas:
                keep_beta2(optimizer, float(config.beta2), self._step.device if changes else None)

    def _stop_capturing(self, why: str) -> None:
        self._captures = False
        self._graphs.clear()
        self._fell_back(why)

    def use(self, config: RunConfig) -> None:
        """Go on under `config`.

        What changes for the first time is part of the graphs, and has them captured anew; numbers
        are read from tensors from then on.
        """
        before = self._step.config
        changed = {
            name
            for name in config.__struct_fields__
            if getattr(config, name) != getattr(before, name)
        }
        self._step.use(config)
        if changed - _OUTSIDE - self._tensors.keys():
            self._graphs.clear()
        if "beta2" in changed:
            self._keep_beta2()
        for name in changed & self._step.numbers.keys():
            value = self._step.numbers[name]
            # Of 64 bits, as the host's own are.
            self._tensors.setdefault(
                name, torch.zeros((), dtype=torch.float64, device=self._step.device)
            ).fill_(value)
        self._step.numbers |= self._tensors

    def run(
        self,
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None] | None = None,
        *,
        first_batch: int,
        measure: bool,
    ) -> None:
        """Make one step, as `GanStep.run` does."""
        labels = labels or [None] * len(real_batches)

        def make(batches: Sequence[torch.Tensor], classes: Sequence[torch.Tensor | None]) -> None:
            self._step.run(batches, classes, first_batch=first_batch, measure=measure)

        kind = signature_of(self._step, real_batches, first_batch=first_batch, measure=measure)
        with self._recorder.working():
            if kind is None or kind not in self._graphs or not self._captures:
                make(real_batches, labels)
                if kind is not None:
                    self._note(kind)
                return
            graph = self._graphs[kind]
            if graph is None:
                graph = self._captured(make, real_batches, labels)
                if graph is None:
                    make(real_batches, labels)
                    return
                self._graphs[kind] = graph
            self._replay(graph, real_batches, labels)

    def _note(self, kind: StepSignature) -> None:
        """Remember that steps of this kind are ready to be captured."""
        # A stage of growth that is over never comes back.
        self._graphs = {known: g for known, g in self._graphs.items() if known.stage == kind.stage}
        self._graphs.setdefault(kind)

    def _captured(
        self,
        make: Callable[[Sequence[torch.Tensor], Sequence[torch.Tensor | None]], None],
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None],
    ) -> _Graph | None:
        """Return the step that `make` makes as a graph; None where it cannot be captured."""
        graph = _Graph(
            [batch.clone() for batch in real_batches],
            [None if each is None else each.clone() for each in labels],
        )
        try:
            with recording_into(self._step, lambda names, row: graph.rows.append((names, row))):
                graph.replay = self._recorder.capture(
                    lambda: make(graph.real_batches, graph.labels)
                )
        except RuntimeError as error:
            self._stop_capturing(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")
            return None
        return graph

    def _replay(
        self,
        graph: _Graph,
        real_batches: Sequence[torch.Tensor],
        labels: Sequence[torch.Tensor | None],
    ) -> None:
        for standing, batch in zip(graph.real_batches, real_batches, strict=True):
            standing.copy_(batch)
        for standing_labels, given in zip(graph.labels, labels, strict=True):
            if standing_labels is not None and given is not None:
                standing_labels.copy_(given)
        graph.replay()
        for names, row in graph.rows:
            # The next replay writes to the same memory.
            self._step.record(names, row.clone())


@contextmanager
def recording_into(step: GanStep, record: Record) -> Iterator[None]:
    """Have `step` hand what it measures to `record` in the meantime."""
    before, step.record = step.record, record
    try:
        yield
    finally:
        step.record = before


class CudaRecorder:
    """Captures work on one CUDA device, on a stream of its own.

    All graphs share one pool of memory, for they never run at the same time, and nothing that one
    of them leaves behind is read after another has run.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Put work on the stream on which graphs are captured and replayed.

        It comes after what is under way on the stream outside, and before what follows there.
        """
        outside = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(outside)
        try:
            with torch.cuda.stream(self._stream):
                yield
        finally:
            outside.wait_stream(self._stream)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """Return the replay of `work`, none of which is done yet."""
        graph = torch.cuda.CUDAGraph()
        random = torch.cuda.get_rng_state(self._device)
        try:
            with torch.cuda.graph(
                graph,
                pool=self._pool,
                stream=self._stream,
                # A thread of the worker may talk to the device in the meantime.
                capture_error_mode="thread_local",
            ):
                work()
        finally:
            torch.cuda.set_rng_state(random, self._device)
        return graph.replay
